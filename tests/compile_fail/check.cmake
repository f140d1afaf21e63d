# SPDX-License-Identifier: MIT
# cmake -DSOURCE=FILE -P check.cmake -- COMPILER ARGUMENTS...
# FILE begins with "// expect: TEXT": the compiler must refuse it, and its first error says TEXT;
# with "// expect-only: TEXT": no other follows, but for compilers that go on when an assertion has failed;
# or with "// expect-success": the compiler must accept it.
cmake_minimum_required(VERSION 3.25)
file(STRINGS ${SOURCE} expected REGEX "^// expect(-only)?: ")
string(REGEX MATCH "^// expect-only: " only "${expected}")
string(REGEX REPLACE "^// expect(-only)?: " "" expected "${expected}")
file(STRINGS ${SOURCE} must_compile REGEX "^// expect-success$")
if(NOT expected AND NOT must_compile)
  message(FATAL_ERROR "${SOURCE} says neither '// expect: TEXT', '// expect-only: TEXT' nor '// expect-success'.")
endif()

set(command)
foreach(i RANGE ${CMAKE_ARGC})
  if(separator_seen AND i LESS CMAKE_ARGC)
    list(APPEND command ${CMAKE_ARGV${i}})
  elseif("${CMAKE_ARGV${i}}" STREQUAL "--")
    set(separator_seen TRUE)
  endif()
endforeach()

set(ENV{LC_ALL} C)  # messages in English
execute_process(COMMAND ${command} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(must_compile)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "It should compile, but:\n${output}")
  endif()
  return()
endif()
if(result EQUAL 0)
  message(FATAL_ERROR "It should not compile, but it does.")
endif()
string(REPLACE ";" "," output "${output}")  # not a list
string(REGEX MATCHALL "[^\n]*error( [A-Z]+[0-9]+)?:[^\n]*" errors "${output}")
list(GET errors 0 first)
string(FIND "${first}" "${expected}" position)
if(position EQUAL -1)
  message(FATAL_ERROR "The first error is not '${expected}':\n${output}")
endif()
list(FILTER errors INCLUDE REGEX "error:")  # MSVC's have numbers
list(LENGTH errors count)
if(only AND count GREATER 1)
  message(FATAL_ERROR "${count} errors, instead of one:\n${output}")
endif()
