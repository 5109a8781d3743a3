// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <gtest/gtest.h>

/// The main of every test program. Data that does not ship with the sources is looked for in SPIKELOOP_DATA_DIR; what the
/// environment says wins over the default, also when the program is run by hand.
int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  ::setenv("SPIKELOOP_DATA_DIR", SPIKELOOP_SOURCE_DIR "/../shared/data", /*overwrite=*/0);
  return RUN_ALL_TESTS();
}
