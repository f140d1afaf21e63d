# SPDX-License-Identifier: MIT
# Doxygen's filter of pages: `cmake -DROOT=FOLDER -P docs_page.cmake PAGE` prints the page as Doxygen needs it. Folded
# answers become plain HTML, since Doxygen would close them at the end of their first paragraph; and a link to a file
# that is no page leads to its copy, source/PATH.html, which docs_links.cmake makes. With -DPLAYGROUND=ON the first page
# leads to the playground.
cmake_minimum_required(VERSION 3.25)
math(EXPR last "${CMAKE_ARGC} - 1")
set(page "${CMAKE_ARGV${last}}")
file(READ "${page}" text)

set(tag "</?details>|<summary>[^\n]*</summary>")
string(REGEX REPLACE "(^|\n)(${tag})" "\\1@htmlonly[block]\\2@endhtmlonly" text "${text}")

cmake_path(ABSOLUTE_PATH page BASE_DIRECTORY "${ROOT}" NORMALIZE)
cmake_path(GET page PARENT_PATH folder)
cmake_path(RELATIVE_PATH folder BASE_DIRECTORY "${ROOT}")
string(REGEX REPLACE "([^!]\\[[^]\n]*\\]\\()([^():# \n]+[.](hpp|cpp|py|gp|csv|txt|cmake|json))\\)"
  "\\1source/${folder}/\\2.html)" text "${text}")
if(PLAYGROUND)
  string(REGEX REPLACE "(!\\[[^]]*\\]\\(examples/[^)]*\\))" "\\1\n@htmlonly[block]<p style=\"text-align:center\">
<a href=\"playground.html\">Try them yourself in the playground</a></p>@endhtmlonly" text "${text}")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -E echo_append "${text}")
