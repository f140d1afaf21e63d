# SPDX-License-Identifier: MIT
# Every header that defines an optimizer has a row in the README's table, which links to it.
cmake_minimum_required(VERSION 3.25)
file(STRINGS ${ROOT}/README.md rows REGEX "^\\| \\[`")
file(GLOB headers RELATIVE ${ROOT} ${ROOT}/include/gradus/optimizers/*.hpp)
foreach(header IN LISTS headers)
  file(STRINGS ${ROOT}/${header} steps REGEX "^  void step\\(")
  if(steps AND NOT rows MATCHES "\\]\\(${header}\\)")
    message(SEND_ERROR "README.md has no row '| [`Name`](${header}) | ...'")
  endif()
endforeach()
