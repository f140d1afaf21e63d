# SPDX-License-Identifier: MIT
# Every public name at namespace scope has its comment: what begins in the first column of a header, in a namespace
# other than detail and Eigen's, stands below a line of ///.
cmake_minimum_required(VERSION 3.25)
file(GLOB_RECURSE headers RELATIVE ${ROOT} ${ROOT}/include/gradus/*.hpp)
foreach(header IN LISTS headers)
  file(READ ${ROOT}/${header} text)
  string(REGEX REPLACE "[][;\\]" "," text "${text}")  # these mean something in a list of CMake's
  string(REPLACE "\n" ";" lines "${text}")
  set(public NO)
  set(before "")
  foreach(line IN LISTS lines)
    if(line MATCHES "^namespace .*(detail|internal) {|^}.*// namespace GRADUS")
      set(public NO)
    elseif(line MATCHES "^namespace |^}.*// namespace")
      set(public YES)
    elseif(public AND line MATCHES "^[a-z,]" AND NOT line MATCHES "^using Eigen::" AND
        before MATCHES "^$|^// |^[^/]*[{},]$")
      message(SEND_ERROR "${header}: nothing with /// stands above '${line}'")
    endif()
    set(before "${line}")
  endforeach()
endforeach()
