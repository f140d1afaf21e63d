# SPDX-License-Identifier: MIT
# cmake -DSOURCE=FILE -P check.cmake -- COMPILER ARGUMENTS...
# FILE begins with lines "// expect: TEXT": the compiler must refuse it and print every TEXT;
# or with "// expect-success": the compiler must accept it.
cmake_minimum_required(VERSION 3.25)
file(STRINGS ${SOURCE} expected REGEX "^// expect: ")
list(TRANSFORM expected REPLACE "^// expect: " "")
file(STRINGS ${SOURCE} must_compile REGEX "^// expect-success$")
if(NOT expected AND NOT must_compile)
  message(FATAL_ERROR "${SOURCE} says neither '// expect: TEXT' nor '// expect-success'.")
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
foreach(text IN LISTS expected)
  string(FIND "${output}" "${text}" position)
  if(position EQUAL -1)
    message(FATAL_ERROR "The compiler did not say '${text}', but:\n${output}")
  endif()
endforeach()
