# SPDX-License-Identifier: Apache-2.0
# Flags of every target. The warnings are a target of their own, because generated code is spared them.

# A fused multiply-add rounds once where two operations round twice: results would depend on the build.
add_compile_options(-ffp-contract=off)

if(SPIKELOOP_SANITIZE)
  add_compile_options(-fsanitize=${SPIKELOOP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(SPIKELOOP_SANITIZE MATCHES "address,undefined")
    # These four test every member access, which doubles the time to build, and find what the address sanitizer finds too.
    add_compile_options(-fno-sanitize=null,alignment,vptr,object-size)
  endif()
  add_link_options(-fsanitize=${SPIKELOOP_SANITIZE})
endif()

add_library(spikeloop_warnings INTERFACE)
target_compile_options(spikeloop_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(SPIKELOOP_WERROR)
  target_compile_options(spikeloop_warnings INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(spikeloop_warnings INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds)  # false alarms on std::string (GCC bug 105651), more of them at -O3
endif()

find_program(SPIKELOOP_CCACHE ccache)
if(SPIKELOOP_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness is what ccache asks for before it will cache a compilation that uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${SPIKELOOP_CCACHE})
endif()
