# SPDX-License-Identifier: MIT
# The umbrella brings every public header, itself or through another header, save those that say
# "// not in the umbrella: REASON" in their first ten lines.
cmake_minimum_required(VERSION 3.25)
set(reached gradus/gradus.hpp)
set(to_read ${reached})
while(to_read)
  list(POP_FRONT to_read header)
  file(STRINGS ${ROOT}/include/${header} includes REGEX "^#include <gradus/[^>]+>")
  list(TRANSFORM includes REPLACE "^#include <([^>]+)>.*" "\\1")
  list(REMOVE_ITEM includes ${reached})
  list(APPEND reached ${includes})
  list(APPEND to_read ${includes})
endwhile()

file(GLOB_RECURSE headers RELATIVE ${ROOT}/include ${ROOT}/include/gradus/*.hpp)
foreach(header IN LISTS headers)
  file(STRINGS ${ROOT}/include/${header} first_lines LIMIT_COUNT 10)
  if(NOT header IN_LIST reached AND NOT first_lines MATCHES "// not in the umbrella: [^;]")
    message(SEND_ERROR "gradus/gradus.hpp does not bring <${header}>")
  endif()
endforeach()
