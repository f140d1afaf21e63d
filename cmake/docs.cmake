# SPDX-License-Identifier: MIT
# The target docs: HTML from the READMEs, which are its pages, and from the /// comments, the reference of all names;
# in html/ of the build folder. A link that leads nowhere is an error; that every name has a comment is a test,
# tests/lint/comments.cmake.
find_package(Doxygen)
if(NOT DOXYGEN_FOUND)
  message(FATAL_ERROR "The documentation needs Doxygen: install it (Debian: doxygen), "
    "or configure with -DGRADUS_BUILD_DOCS=OFF.")
endif()

set(DOXYGEN_USE_MDFILE_AS_MAINPAGE ${PROJECT_SOURCE_DIR}/README.md)
set(DOXYGEN_STRIP_FROM_INC_PATH ${PROJECT_SOURCE_DIR}/include)
set(DOXYGEN_GENERATE_TREEVIEW YES)
set(DOXYGEN_HAVE_DOT NO)
set(DOXYGEN_SHOW_USED_FILES NO)
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
set(DOXYGEN_QUIET YES)
set(DOXYGEN_WARN_IF_UNDOCUMENTED NO)
set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)

# How it looks: light or dark as the reader has it, by Debian's doxygen-awesome-css where that is installed; with a search,
# which needs no server.
find_file(doxygen_awesome doxygen-awesome.css PATHS /usr/share/doxygen-awesome-css NO_DEFAULT_PATH)
if(doxygen_awesome)
  set(DOXYGEN_HTML_EXTRA_STYLESHEET ${doxygen_awesome})
elseif(DOXYGEN_VERSION VERSION_GREATER_EQUAL 1.9.5)
  set(DOXYGEN_HTML_COLORSTYLE AUTO_LIGHT)
endif()
list(APPEND DOXYGEN_HTML_EXTRA_STYLESHEET ${PROJECT_SOURCE_DIR}/cmake/docs.css)
set(DOXYGEN_SEARCHENGINE YES)
set(DOXYGEN_SERVER_BASED_SEARCH NO)
set(DOXYGEN_TREEVIEW_WIDTH 300)

# The playground is a part of it, if Emscripten is there to build it.
find_program(EMXX em++)
if(EMXX AND NOT TARGET playground)
  include(cmake/programs.cmake)
  add_subdirectory(examples/playground)
endif()
set(playground OFF)
set(playground_tab "")
if(TARGET playground)
  set(playground ON)
  set(playground_tab [[<tab type="user" url="playground.html" title="Playground"/>]])
endif()
configure_file(cmake/docs_layout.xml docs_layout.xml @ONLY)
set(DOXYGEN_LAYOUT_FILE ${CMAKE_CURRENT_BINARY_DIR}/docs_layout.xml)

# What pages show, and what they need before Doxygen reads them.
set(DOXYGEN_IMAGE_PATH ${PROJECT_SOURCE_DIR}/examples/tour ${PROJECT_SOURCE_DIR}/examples/gpt
  ${PROJECT_SOURCE_DIR}/bench/comparison)
set(page_filter ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -DPLAYGROUND=${playground}
  -P ${PROJECT_SOURCE_DIR}/cmake/docs_page.cmake)
list(JOIN page_filter " " page_filter)
set(DOXYGEN_FILTER_PATTERNS "*.md=\"${page_filter}\"")

# Not public, and what Doxygen does not understand.
set(DOXYGEN_EXCLUDE_SYMBOLS gradus::detail* gradus::mpi::detail* Eigen*)
set(DOXYGEN_MACRO_EXPANSION YES)
set(DOXYGEN_EXPAND_ONLY_PREDEF YES)
set(DOXYGEN_PREDEFINED [[GRADUS_NAMESPACE=gradus "GRADUS_STATE(...)=" "GRADUS_SCRATCH(...)=" "GRADUS_FIELDS(...)=" GRADUS_RUN_STAGES= \
  GRADUS_PACKETS_BEGIN= GRADUS_PACKETS_END= EIGEN_ALWAYS_INLINE=inline EIGEN_DONT_INLINE=]])
set(DOXYGEN_VERBATIM_VARS DOXYGEN_PREDEFINED DOXYGEN_FILTER_PATTERNS)

file(GLOB_RECURSE pages CONFIGURE_DEPENDS tests/README.md bench/README.md examples/README.md)
doxygen_add_docs(docs README.md include/gradus ${pages} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
if(TARGET playground)
  add_dependencies(docs playground)
  add_custom_command(TARGET docs POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E copy
      ${CMAKE_CURRENT_BINARY_DIR}/examples/playground/playground.html ${CMAKE_CURRENT_BINARY_DIR}/html
    VERBATIM)
endif()
add_custom_command(TARGET docs POST_BUILD
  COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -DHTML=${CMAKE_CURRENT_BINARY_DIR}/html
    -P ${PROJECT_SOURCE_DIR}/cmake/docs_links.cmake
  COMMENT "Following the links of the documentation"
  VERBATIM)
