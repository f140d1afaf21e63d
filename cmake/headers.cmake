# SPDX-License-Identifier: MIT
# The target gradus_headers compiles every header by itself, but for Eigen, which would be most of the work.
add_library(gradus_headers OBJECT EXCLUDE_FROM_ALL)
target_link_libraries(gradus_headers PRIVATE gradus)
target_precompile_headers(gradus_headers PRIVATE <Eigen/Core>)
foreach(header IN LISTS headers)
  cmake_path(RELATIVE_PATH header BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/include)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/headers/${header}.cpp CONTENT "#include <${header}>\n")
  target_sources(gradus_headers PRIVATE ${PROJECT_BINARY_DIR}/headers/${header}.cpp)
endforeach()
