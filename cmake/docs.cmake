# SPDX-License-Identifier: MIT
# The target docs: HTML from the /// comments, with README.md as its first page, in html/ of the build folder.
# A public name without a comment is an error, as is a link that leads nowhere.
find_package(Doxygen)
if(NOT DOXYGEN_FOUND)
  message(FATAL_ERROR "The documentation needs Doxygen: install it (Debian: doxygen), "
    "or configure with -DGRADUS_BUILD_DOCS=OFF.")
endif()

set(DOXYGEN_USE_MDFILE_AS_MAINPAGE README.md)
set(DOXYGEN_STRIP_FROM_INC_PATH ${PROJECT_SOURCE_DIR}/include)
set(DOXYGEN_GENERATE_TREEVIEW YES)
set(DOXYGEN_HAVE_DOT NO)
set(DOXYGEN_SHOW_USED_FILES NO)
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)

set(DOXYGEN_QUIET YES)
set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)

# Not public, and what would hide public names from Doxygen.
set(DOXYGEN_EXCLUDE_SYMBOLS gradus::detail*)
set(DOXYGEN_MACRO_EXPANSION YES)
set(DOXYGEN_EXPAND_ONLY_PREDEF YES)
set(DOXYGEN_PREDEFINED [[
  "GRADUS_STATE(...)=" GRADUS_PACKETS_BEGIN= GRADUS_PACKETS_END= EIGEN_ALWAYS_INLINE=inline EIGEN_DONT_INLINE=]])

# What is the same for all of a kind is documented once. A link to a header becomes one to its page.
set(DOXYGEN_FILTER_PATTERNS [["*.hpp=sed -E -f cmake/docs/contract.sed" \
  "*.md=sed -E 's#\[`?([^]`]*)`?\]\(include/(gradus/[a-z_/]+\.hpp)\)#[\1](@ref \2)#g'"]])
set(DOXYGEN_VERBATIM_VARS DOXYGEN_PREDEFINED DOXYGEN_FILTER_PATTERNS)

doxygen_add_docs(docs README.md include/gradus cmake/docs WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
