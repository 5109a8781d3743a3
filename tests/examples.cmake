# SPDX-License-Identifier: Apache-2.0
# Every file in examples/ is checked, and every experiment trained at its smoke size, by the program itself. The second line of
# a file says what it is.
file(GLOB examples CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/examples/*.txtpb")
foreach(example IN LISTS examples)
  get_filename_component(name ${example} NAME_WE)
  file(STRINGS ${example} message REGEX "^# proto-message: spikeloop\\.v1\\.(Network|Experiment)$" LIMIT_COUNT 1)
  if(NOT message)
    continue()  # a price or a chip: read by the verbs that use it
  endif()
  add_test(NAME examples.${name}.check COMMAND spikeloop check ${example})
  set_tests_properties(examples.${name}.check PROPERTIES LABELS fast TIMEOUT 60)
  if(message MATCHES "Experiment")
    # An existing run directory would be refused.
    set(out "${CMAKE_CURRENT_BINARY_DIR}/smoke/${name}")
    add_test(NAME examples.${name}.clean COMMAND ${CMAKE_COMMAND} -E rm -rf ${out})
    add_test(NAME examples.${name}.train_smoke COMMAND spikeloop train ${example} --smoke --out ${out})
    set_tests_properties(examples.${name}.clean PROPERTIES LABELS fast FIXTURES_SETUP smoke.${name})
    set_tests_properties(examples.${name}.train_smoke PROPERTIES LABELS fast TIMEOUT 300 FIXTURES_REQUIRED smoke.${name})
  endif()
endforeach()
