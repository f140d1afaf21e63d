# SPDX-License-Identifier: MIT
# The target docs: HTML from the READMEs, which are its pages, and from the /// comments, the reference of all names;
# in html/ of the build folder. A link from page to page that leads nowhere is an error; that every name has a comment
# is a test, tests/lint/comments.cmake.
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

# What pages show, and the headers to which pages of their folders lead. Those of stages bear names of others.
set(DOXYGEN_IMAGE_PATH ${PROJECT_SOURCE_DIR}/examples ${PROJECT_SOURCE_DIR}/examples/gpt
  ${PROJECT_SOURCE_DIR}/bench/comparison)
file(GLOB linked_headers CONFIGURE_DEPENDS include/gradus/*/*.hpp)
list(FILTER linked_headers EXCLUDE REGEX "/stages/(average|orthogonalize).hpp$")
set(DOXYGEN_HTML_EXTRA_FILES ${linked_headers})

# Not public, and what Doxygen does not understand.
set(DOXYGEN_EXCLUDE_SYMBOLS gradus::detail* Eigen*)
set(DOXYGEN_MACRO_EXPANSION YES)
set(DOXYGEN_EXPAND_ONLY_PREDEF YES)
set(DOXYGEN_PREDEFINED [[GRADUS_NAMESPACE=gradus "GRADUS_STATE(...)=" "GRADUS_SCRATCH(...)=" "GRADUS_FIELDS(...)=" GRADUS_RUN_STAGES= \
  GRADUS_PACKETS_BEGIN= GRADUS_PACKETS_END= EIGEN_ALWAYS_INLINE=inline EIGEN_DONT_INLINE=]])
set(DOXYGEN_VERBATIM_VARS DOXYGEN_PREDEFINED)

doxygen_add_docs(docs README.md include/gradus tests/README.md bench/README.md bench/comparison/README.md examples/README.md
  examples/gpt/README.md examples/playground/README.md
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
