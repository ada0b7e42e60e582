# MC_BUILD_ID: which sources a program was built from, 12 hex digits, in the generated header base/build.h. It is in the
# socket's name, so that a client never talks to the daemon of another build. Included, this file declares how the header
# is made; run as a script (cmake -D… -P) it makes it, and leaves it alone where nothing changed.
if(CMAKE_SCRIPT_MODE_FILE)
  cmake_minimum_required(VERSION 3.25)
  set(listing "")
  file(STRINGS "${MC_SOURCES_FILE}" sources)
  foreach(source IN LISTS sources)
    file(SHA256 "${MC_ROOT}/${source}" digest)
    string(APPEND listing "${source} ${digest}\n")
  endforeach()
  string(SHA256 digest "${MC_VERSION}\n${listing}")
  string(SUBSTRING "${digest}" 0 12 id)
  file(CONFIGURE OUTPUT "${MC_OUTPUT}" @ONLY CONTENT
"/* Made by cmake/build_id.cmake. */
#pragma once

#define MC_BUILD_ID \"@id@\"
")
  return()
endif()

file(GLOB_RECURSE mc_sources CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  ${PROJECT_SOURCE_DIR}/runtime/*.[ch] ${PROJECT_SOURCE_DIR}/runtime/*.def ${PROJECT_SOURCE_DIR}/runtime/*.schema.json
  ${PROJECT_SOURCE_DIR}/runtime/package/*.mojo
  ${PROJECT_SOURCE_DIR}/runtime/protocol/maker/*.py
  ${PROJECT_SOURCE_DIR}/kernel_bridge/*.[ch])
list(SORT mc_sources)
list(JOIN mc_sources "\n" mc_listing)
set(mc_build_sources ${PROJECT_BINARY_DIR}/build-id-sources.txt)
set(mc_build_header ${PROJECT_BINARY_DIR}/generated/base/build.h)
file(CONFIGURE OUTPUT ${mc_build_sources} CONTENT "${mc_listing}\n" @ONLY)
list(TRANSFORM mc_sources PREPEND ${PROJECT_SOURCE_DIR}/)
set(mc_build_stamp ${PROJECT_BINARY_DIR}/build-id.stamp)
# The stamp is always made anew, the header only where it differs: an edited comment in one file does not rebuild all.
add_custom_command(OUTPUT ${mc_build_stamp} BYPRODUCTS ${mc_build_header}
  COMMAND ${CMAKE_COMMAND} -DMC_ROOT=${PROJECT_SOURCE_DIR} -DMC_SOURCES_FILE=${mc_build_sources}
          -DMC_VERSION=${PROJECT_VERSION} -DMC_OUTPUT=${mc_build_header} -P ${CMAKE_CURRENT_LIST_FILE}
  COMMAND ${CMAKE_COMMAND} -E touch ${mc_build_stamp}
  DEPENDS ${mc_sources} ${mc_build_sources} ${CMAKE_CURRENT_LIST_FILE}
  VERBATIM)
add_custom_target(mc_build_id DEPENDS ${mc_build_stamp})
# Whoever links mc_options finds the header, made before anything is compiled.
target_include_directories(mc_options INTERFACE ${PROJECT_BINARY_DIR}/generated)
add_dependencies(mc_options mc_build_id)
