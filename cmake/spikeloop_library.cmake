# SPDX-License-Identifier: Apache-2.0

# spikeloop_precompile(TARGET header...)
function(spikeloop_precompile TARGET)
  target_precompile_headers(${TARGET} PRIVATE ${ARGN})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${TARGET} PRIVATE -fpch-preprocess)  # asked for by ccache
  endif()
endfunction()

# spikeloop_library(NAME [UNITY] SOURCES file... LINKS target... [PRECOMPILE header...])
# The static library spikeloop_NAME, alias spikeloop::NAME, of our own code: includes start at the root of the repository.
# Without any .cpp it is an interface library, so that a folder may begin with headers only.
# UNITY: with SPIKELOOP_UNITY eight files are compiled at a time, so names in anonymous namespaces have to differ between files.
# What nearly every file includes is compiled once; PRECOMPILE adds to it. The preset `release` does without, and so sees missing includes.
function(spikeloop_library NAME)
  cmake_parse_arguments(ARG "UNITY" "" "SOURCES;LINKS;PRECOMPILE" ${ARGN})
  set(compiled ${ARG_SOURCES})
  list(FILTER compiled INCLUDE REGEX "\\.cpp$")
  if(compiled)
    add_library(spikeloop_${NAME} STATIC ${ARG_SOURCES})
    target_link_libraries(spikeloop_${NAME} PUBLIC ${ARG_LINKS} PRIVATE spikeloop_warnings)
    spikeloop_precompile(spikeloop_${NAME} <algorithm> <array> <filesystem> <map> <memory> <optional> <string> <vector> <fmt/format.h> ${ARG_PRECOMPILE})
    if(ARG_UNITY AND SPIKELOOP_UNITY)
      set_target_properties(spikeloop_${NAME} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    endif()
    set(scope PUBLIC)
  else()
    add_library(spikeloop_${NAME} INTERFACE)
    target_link_libraries(spikeloop_${NAME} INTERFACE ${ARG_LINKS})
    set(scope INTERFACE)
  endif()
  target_include_directories(spikeloop_${NAME} ${scope} "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
  add_library(spikeloop::${NAME} ALIAS spikeloop_${NAME})
endfunction()
