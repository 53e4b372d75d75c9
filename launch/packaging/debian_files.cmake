# Run by cpack on the files of the package: what Debian's policy wants of them beside an ordinary installation.
set(usr ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
set(doc ${usr}/share/doc/${CPACK_PACKAGE_NAME})
file(COPY ${CMAKE_CURRENT_LIST_DIR}/copyright ${CMAKE_CURRENT_LIST_DIR}/changelog DESTINATION ${doc})
file(GLOB_RECURSE compressed ${usr}/share/man/*.[15] ${doc}/changelog)
execute_process(COMMAND gzip --best --no-name ${compressed} COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${usr}/share/zsh/site-functions ${usr}/share/zsh/vendor-completions) # where Debian's zsh looks
