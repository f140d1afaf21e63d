# SPDX-License-Identifier: MIT
# The umbrellas, gradus/gradus.hpp and that of the test functions, bring every public header, themselves or through
# another header, save those that say "// not in the umbrella: REASON" in their first ten lines. And a header that
# opens GRADUS_NAMESPACE brings what defines it.
cmake_minimum_required(VERSION 3.25)

# Sets `reached` to the headers that these bring, themselves included.
function(reach)
  set(reached ${ARGN})
  set(to_read ${ARGN})
  while(to_read)
    list(POP_FRONT to_read header)
    file(STRINGS ${ROOT}/include/${header} includes REGEX "^#include <gradus/[^>]+>")
    list(TRANSFORM includes REPLACE "^#include <([^>]+)>.*" "\\1")
    list(REMOVE_ITEM includes ${reached})
    list(APPEND reached ${includes})
    list(APPEND to_read ${includes})
  endwhile()
  set(reached ${reached} PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE headers RELATIVE ${ROOT}/include ${ROOT}/include/gradus/*.hpp)
reach(gradus/gradus.hpp gradus/objectives/objectives.hpp)
set(brought ${reached})
foreach(header IN LISTS headers)
  file(STRINGS ${ROOT}/include/${header} first_lines LIMIT_COUNT 10)
  if(NOT header IN_LIST brought AND NOT first_lines MATCHES "// not in the umbrella: [^;]")
    message(SEND_ERROR "neither umbrella brings <${header}>")
  endif()
  file(STRINGS ${ROOT}/include/${header} opens REGEX "^namespace ")
  reach(${header})
  if(opens MATCHES "GRADUS_NAMESPACE" AND NOT "gradus/core/namespace.hpp" IN_LIST reached)
    message(SEND_ERROR "<${header}> does not bring <gradus/core/namespace.hpp>")
  endif()
  if(opens MATCHES "namespace gradus[ :]")
    message(SEND_ERROR "<${header}> opens 'namespace gradus', not GRADUS_NAMESPACE")
  endif()
endforeach()
