# SPDX-License-Identifier: Apache-2.0

# spikeloop_library(NAME SOURCES file... LINKS target...)
# The static library spikeloop_NAME, alias spikeloop::NAME, of our own code: includes start at the root of the repository.
# Without any .cpp it is an interface library, so that a folder may begin with headers only.
function(spikeloop_library NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  set(compiled ${ARG_SOURCES})
  list(FILTER compiled INCLUDE REGEX "\\.cpp$")
  if(compiled)
    add_library(spikeloop_${NAME} STATIC ${ARG_SOURCES})
    target_link_libraries(spikeloop_${NAME} PUBLIC ${ARG_LINKS} PRIVATE spikeloop_warnings)
    set(scope PUBLIC)
  else()
    add_library(spikeloop_${NAME} INTERFACE)
    target_link_libraries(spikeloop_${NAME} INTERFACE ${ARG_LINKS})
    set(scope INTERFACE)
  endif()
  target_include_directories(spikeloop_${NAME} ${scope} "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
  add_library(spikeloop::${NAME} ALIAS spikeloop_${NAME})
endfunction()
