# The Debian package: `cpack --config build/CPackConfig.cmake -B FOLDER` after a build.
set(CPACK_GENERATOR DEB)
set(CPACK_INSTALL_CMAKE_PROJECTS ${CMAKE_BINARY_DIR} ${PROJECT_NAME} program /) # without the library
set(CPACK_PACKAGE_NAME ddp-train)
set(CPACK_PACKAGE_VENDOR "the ddp_train authors")
set(CPACK_PACKAGE_CONTACT "the ddp_train authors <ddp-train@users.noreply.invalid>"
    CACHE STRING "Maintainer of packages: NAME <ADDRESS>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "data-parallel training of neural networks with MPI")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Trains small and medium neural networks on HDF5 data across MPI ranks, on CPUs,
with the same bits at any number of ranks, and resumes after any failure.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS openmpi-bin) # mpirun, of the MPI that is linked
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
                                                WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian_files.cmake)
include(CPack)
