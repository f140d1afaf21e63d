# SPDX-License-Identifier: MIT
# What find_package(gradus) and pkg-config need, in the install tree and, for find_package, in the build tree.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/gradus)
set(pkgconfig_dir ${CMAKE_INSTALL_DATADIR}/pkgconfig)

configure_package_config_file(cmake/gradus-config.cmake.in ${PROJECT_BINARY_DIR}/gradus-config.cmake
  INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may break users, so 0.2 does not answer a request for 0.1.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/gradus-config-version.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
# Paths in gradus.pc start from the file's own folder: the install tree can be moved.
file(RELATIVE_PATH pkgconfig_to_include
  ${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(cmake/gradus.pc.in ${PROJECT_BINARY_DIR}/gradus.pc @ONLY)

install(TARGETS gradus EXPORT gradus-targets
  FILE_SET HEADERS COMPONENT gradus_Development
  FILE_SET backends COMPONENT gradus_Development
  FILE_SET io COMPONENT gradus_Development
  FILE_SET distributed COMPONENT gradus_Development)
install(EXPORT gradus-targets NAMESPACE gradus:: DESTINATION ${package_dir} COMPONENT gradus_Development)
install(FILES ${PROJECT_BINARY_DIR}/gradus-config.cmake ${PROJECT_BINARY_DIR}/gradus-config-version.cmake
  DESTINATION ${package_dir} COMPONENT gradus_Development)
install(FILES ${PROJECT_BINARY_DIR}/gradus.pc DESTINATION ${pkgconfig_dir} COMPONENT gradus_Development)
export(EXPORT gradus-targets NAMESPACE gradus:: FILE ${PROJECT_BINARY_DIR}/gradus-targets.cmake)
