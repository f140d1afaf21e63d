# SPDX-License-Identifier: MIT
# gradus_programs: what our own tests, benchmarks and examples are built with. Users never see it.
add_library(gradus_programs INTERFACE)
target_link_libraries(gradus_programs INTERFACE gradus::gradus)
if(MSVC)
  target_compile_options(gradus_programs INTERFACE /W4 /bigobj)
else()
  target_compile_options(gradus_programs INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
endif()
# GCC's optimizer is wrong about packets that are longer than a fixed-size vector, and about its own AVX-512
# header (GCC bug 105593). Sanitizers look for the real thing.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(gradus_programs INTERFACE -Wno-maybe-uninitialized -Wno-uninitialized -Wno-array-bounds)
endif()

find_package(OpenMP COMPONENTS CXX)
if(OpenMP_CXX_FOUND)
  target_link_libraries(gradus_programs INTERFACE OpenMP::OpenMP_CXX)
endif()
