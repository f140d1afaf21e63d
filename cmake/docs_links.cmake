# SPDX-License-Identifier: MIT
# What follows Doxygen: `cmake -DROOT=FOLDER -DHTML=FOLDER -P docs_links.cmake` makes the copies of files to which pages lead,
# and then follows every link: each file must be there. A page on which Doxygen stumbled is an error, too.
cmake_minimum_required(VERSION 3.25)

# The copies: UTF-8, light or dark as the reader likes it.
file(GLOB pages RELATIVE ${HTML} ${HTML}/*.html)
set(sources)
foreach(page IN LISTS pages)
  file(STRINGS ${HTML}/${page} lines REGEX "href=\"source/" ENCODING UTF-8)
  string(REGEX MATCHALL "href=\"source/[^\"]*[.]html\"" links "${lines}")
  list(APPEND sources ${links})
  file(STRINGS ${HTML}/${page} commands REGEX "@(htmlonly|endhtmlonly|endcode|ref) " ENCODING UTF-8)
  if(commands)
    message(SEND_ERROR "${page} shows commands of Doxygen: it did not understand a link or a fold")
  endif()
endforeach()
list(REMOVE_DUPLICATES sources)
foreach(link IN LISTS sources)
  string(REGEX REPLACE "^href=\"source/(.*)[.]html\"$" "\\1" path "${link}")
  cmake_path(NORMAL_PATH path)
  if(NOT EXISTS ${ROOT}/${path})
    continue()  # found below
  endif()
  file(READ ${ROOT}/${path} text)
  string(REPLACE "&" "&amp;" text "${text}")
  string(REPLACE "<" "&lt;" text "${text}")
  file(WRITE ${HTML}/source/${path}.html "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>${path}</title>"
    "<style>:root{color-scheme:light dark} pre{font:14px/1.45 monospace;max-width:120ch;margin:2em auto}</style>"
    "<pre>${text}</pre></html>\n")
endforeach()

# The check.
file(GLOB_RECURSE pages RELATIVE ${HTML} ${HTML}/*.html)
foreach(page IN LISTS pages)
  file(STRINGS ${HTML}/${page} lines REGEX "(href|src)=\"" ENCODING UTF-8)
  string(REGEX MATCHALL "(href|src)=\"[^\"]*\"" links "${lines}")
  list(REMOVE_DUPLICATES links)
  cmake_path(GET page PARENT_PATH folder)
  foreach(link IN LISTS links)
    string(REGEX REPLACE "^[a-z]+=\"([^\"#?]*)[^\"]*\"$" "\\1" target "${link}")
    if(target MATCHES "^([a-z]+:|$)")
      continue()
    endif()
    cmake_path(ABSOLUTE_PATH target BASE_DIRECTORY "${HTML}/${folder}" NORMALIZE)
    if(NOT EXISTS "${target}")
      message(SEND_ERROR "${page} links to '${target}', which is not there")
    endif()
  endforeach()
endforeach()
