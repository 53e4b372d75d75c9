# The library for other programs: libddp_train.so, libddp_train.a, and what finds them (pkg-config, CMake).
#
# Both hold one object: src/api and what it needs of the layers, linked in advance, where every symbol but ddp_* is local. So
# neither can clash with a name of the host program, and MPI is not among what they need.
set(object ${CMAKE_CURRENT_BINARY_DIR}/libddp_train.o)
set(layers api app train data comm optim nn math io core)
list(TRANSFORM layers REPLACE "(.+)" "$<TARGET_FILE:ddp_\\1>" OUTPUT_VARIABLE archives)
list(TRANSFORM layers PREPEND ddp_ OUTPUT_VARIABLE layer_targets)
add_custom_command(
  OUTPUT ${object}
  COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o ${object}.all -Wl,--whole-archive $<TARGET_FILE:ddp_api>
          -Wl,--no-whole-archive -Wl,--start-group ${archives} -Wl,--end-group
  COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=ddp_* ${object}.all ${object}
  DEPENDS ${layer_targets}
  VERBATIM)
add_custom_target(ddp_library_object DEPENDS ${object}) # made once, also in a parallel build

set(needed PkgConfig::HDF5 blas_door PkgConfig::YAML PkgConfig::XXHASH PkgConfig::ZIP PkgConfig::JANSSON ZLIB::ZLIB Threads::Threads m)
add_library(ddp_library SHARED ${object})
add_library(ddp_train::ddp_train ALIAS ddp_library)
target_link_libraries(ddp_library PRIVATE ${needed})
target_link_options(ddp_library PRIVATE -Wl,--as-needed)
target_include_directories(ddp_library INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                                 $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
add_library(ddp_library_static STATIC ${object})
add_dependencies(ddp_library ddp_library_object)
add_dependencies(ddp_library_static ddp_library_object)
set_target_properties(
  ddp_library ddp_library_static
  PROPERTIES OUTPUT_NAME ddp_train LINKER_LANGUAGE C ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/lib
             LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/lib)
set_target_properties(ddp_library PROPERTIES EXPORT_NAME ddp_train VERSION ${PROJECT_VERSION}
                                             SOVERSION ${PROJECT_VERSION_MAJOR})

# What a program that links the static library has to link besides.
string(REPLACE ";" " " DDP_PRIVATE_LIBS
               "${HDF5_LDFLAGS};${blas_flags};${YAML_LDFLAGS};${XXHASH_LDFLAGS};${ZIP_LDFLAGS};${JANSSON_LDFLAGS};-lz;-lpthread;-lm")
file(RELATIVE_PATH DDP_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(src/api/ddp_train.pc.in ddp_train.pc @ONLY)
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/ddp_train)
write_basic_package_version_file(ddp_trainConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES include/ddp_train.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS ddp_library EXPORT ddp_train LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS ddp_library_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT ddp_train FILE ddp_trainConfig.cmake NAMESPACE ddp_train:: DESTINATION ${package_folder})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ddp_trainConfigVersion.cmake DESTINATION ${package_folder})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ddp_train.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
