# SPDX-License-Identifier: MIT
# Every link of a page to another file of the repository leads to one.
cmake_minimum_required(VERSION 3.25)
file(GLOB_RECURSE pages RELATIVE ${ROOT} ${ROOT}/include/*.md ${ROOT}/tests/*.md ${ROOT}/bench/*.md ${ROOT}/examples/*.md)
list(APPEND pages README.md)
foreach(page IN LISTS pages)
  cmake_path(GET page PARENT_PATH folder)
  file(READ ${ROOT}/${page} text)
  string(REPLACE "](" "@(" text "${text}")
  string(REGEX REPLACE "[][;\\]" "" text "${text}")  # these mean something in a list of CMake's
  string(REGEX MATCHALL "@\\([^() ]*[./][^() ]*" links "${text}")
  list(TRANSFORM links REPLACE "^@." "")
  foreach(link IN LISTS links)
    if(NOT link MATCHES "^https?:" AND NOT EXISTS ${ROOT}/${folder}/${link})
      message(SEND_ERROR "${page} links to '${link}', which is not there")
    endif()
  endforeach()
endforeach()
