# SPDX-License-Identifier: MIT
# Joins the files of the page and the compiled library into one HTML file:
# cmake -DPAGE=FOLDER -DENGINE=FILE -DOUTPUT=FILE -P join.cmake
cmake_minimum_required(VERSION 3.25)

# In the order in which they need each other.
set(scripts "")
foreach(name calls tools setup scale map runs paths surface chart player fields cards rates basins choose point schulz main)
  file(READ ${PAGE}/scripts/${name}.js script)
  string(APPEND scripts "\n// ${name}.js\n${script}")
endforeach()
file(READ ${PAGE}/style.css style)
file(READ ${ENGINE} engine)
file(READ ${PAGE}/index.html html)
string(REPLACE "/*STYLE*/" "${style}" html "${html}")
string(REPLACE "/*ENGINE*/" "${engine}" html "${html}")
string(REPLACE "/*SCRIPTS*/" "${scripts}" html "${html}")
file(WRITE ${OUTPUT} "${html}")
