# Manual pages and completion of shells, which a program of the build writes from the tables of commands, flags and keys.
file(GLOB manual_sources CONFIGURE_DEPENDS src/app/manual/*.c)
add_executable(ddp_manual ${manual_sources})
target_link_libraries(ddp_manual PRIVATE ddp_app)
set(share ${CMAKE_CURRENT_BINARY_DIR}/share)
add_custom_command(
  OUTPUT ${share}/man/man1/ddp_train.1
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${share} # pages of commands that are gone
  COMMAND ddp_manual ${share}
  DEPENDS ddp_manual
  COMMENT "Writing manual pages and completion"
  VERBATIM)
add_custom_target(manual ALL DEPENDS ${share}/man/man1/ddp_train.1)
install(DIRECTORY ${share}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT program)
install(DIRECTORY ${share}/bash-completion ${share}/zsh ${share}/fish DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}
        COMPONENT program)
