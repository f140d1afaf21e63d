# SPDX-License-Identifier: MIT
# Every header that defines an optimizer has a row in the table of its folder's page, which links to it.
cmake_minimum_required(VERSION 3.25)
set(folder include/gradus/optimizers)
file(STRINGS ${ROOT}/${folder}/README.md rows REGEX "^\\| \\[`")
file(GLOB headers RELATIVE ${ROOT}/${folder} ${ROOT}/${folder}/*.hpp)
foreach(header IN LISTS headers)
  file(STRINGS ${ROOT}/${folder}/${header} steps REGEX "^  void step\\(|^  GRADUS_RUN_STAGES")
  if(steps AND NOT rows MATCHES "\\]\\(${header}\\)")
    message(SEND_ERROR "${folder}/README.md has no row '| [`Name`](${header}) | ...'")
  endif()
endforeach()
