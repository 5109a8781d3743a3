// SPDX-License-Identifier: Apache-2.0
#include "core/io/npy.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "core/io/files.hpp"
#include "tests/io/temporary_folder.hpp"

namespace spikeloop::io {
namespace {

using test::complaint;
using test::contains;
using test::TemporaryFolder;

/// A file of format `version` with this dictionary and these value bytes.
std::string npy(const std::string& dictionary, const std::string& values, int version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += {static_cast<char>(version), 0, static_cast<char>(dictionary.size()), 0};
  if (version == 2) bytes += {0, 0};
  return bytes + dictionary + values;
}

const std::string kFour(4, '\0');

TEST(Npy, bytes_are_those_of_numpy) {  // numpy.save of numpy.array([[1, 2, 3]], '<f4'), NumPy 1.24
  const std::string bytes = npy_bytes({{1, 3}, std::vector<float>{1, 2, 3}});
  ASSERT_EQ(bytes.size(), 128u + 12u);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(bytes.substr(10, 60), "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), } ");
  EXPECT_EQ(bytes[127], '\n');
  EXPECT_EQ(bytes.substr(128), std::string("\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40", 12));
}

TEST(Npy, all_types_and_shapes_come_back) {
  const std::vector<NpyArray> arrays = {{{2, 2}, std::vector<float>{1, -2, 3.5f, 0}},
                                        {{3}, std::vector<double>{1e300, -0.0, 1e-300}},
                                        {{}, std::vector<std::int32_t>{-7}},
                                        {{1, 2, 1}, std::vector<std::int64_t>{INT64_MIN, INT64_MAX}},
                                        {{0, 5}, std::vector<float>{}}};
  for (const NpyArray& array : arrays) {
    const NpyArray back = parse_npy(npy_bytes(array), "x");
    EXPECT_EQ(back.shape, array.shape);
    EXPECT_EQ(back.values, array.values);
  }
}

TEST(Npy, version_two_and_other_ways_of_writing_the_header_are_read) {
  EXPECT_EQ(parse_npy(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n", kFour, 2), "x").size(), 1u);
  EXPECT_EQ(parse_npy(npy("{\"shape\":(1,1),\"descr\":\"<i4\",\"fortran_order\":False}", kFour), "x").size(), 1u);
  EXPECT_EQ(parse_npy(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", kFour), "x").size(), 1u);
}

TEST(Npy, what_cannot_be_read_is_said) {
  const auto says = [](const std::string& bytes, const char* part) {
    EXPECT_TRUE(contains(complaint([&] { parse_npy(bytes, "w.npy"); }), std::string("w.npy: ") + part));
  };
  says("", "this is not a .npy file");
  says("\x93NUMPY", "the file ends inside its header");
  says(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", kFour, 3), "the .npy format version is 3.0");
  says(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", kFour), "the values are of type \">f4\"");
  says(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1)}", kFour), "the array is in Fortran order");
  says(npy("{'descr': '<f4', 'fortran_order': False}", kFour), "the header lacks");
  says(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 'y'}", kFour), "the header has an unknown key \"x\"");
  says(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", kFour), "the array is structured");
  says(npy("{'descr': [('a', '<f4', (2,))], 'fortran_order': False, 'shape': (1,)}", kFour), "the header has");
  says(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", kFour), "the shape in the header");
}

TEST(Npy, a_shape_that_the_bytes_do_not_pay_for_is_refused_before_allocating) {
  const auto says = [](const std::string& shape, std::size_t bytes) {
    const std::string file = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (" + shape + ")}", std::string(bytes, 'x'));
    EXPECT_TRUE(contains(complaint([&] { parse_npy(file, "w.npy"); }), "does not go with"));
  };
  says("1000000000000,", 8);
  says("18446744073709551615, 2", 8);
  says("4294967296, 4294967296, 4294967296", 8);
  says("2305843009213693952, 8", 0);
  says("2,", 15);
  says("2,", 17);
}

TEST(Npy, a_matrix_is_written_and_read) {
  const TemporaryFolder folder;
  write_npy_matrix(folder / "w.npy", 2, 3, std::vector<float>{1, 2, 3, 4, 5, 6});
  const Matrix matrix = read_npy_matrix(folder / "w.npy");
  EXPECT_EQ(matrix.rows, 2u);
  EXPECT_EQ(matrix.columns, 3u);
  EXPECT_EQ(matrix.values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  write_npy(folder / "i.npy", {{1, 2}, std::vector<std::int64_t>{3, -4}});
  EXPECT_EQ(read_npy_matrix(folder / "i.npy").values, (std::vector<float>{3, -4}));
}

TEST(Npy, a_matrix_has_two_dimensions_and_finite_values) {
  const TemporaryFolder folder;
  write_npy(folder / "v.npy", {{2}, std::vector<float>{1, 2}});
  EXPECT_TRUE(contains(complaint([&] { read_npy_matrix(folder / "v.npy"); }), "1 dimensions"));
  write_npy(folder / "n.npy", {{2, 2}, std::vector<double>{1, 2, 1e99, 4}});
  EXPECT_TRUE(contains(complaint([&] { read_npy_matrix(folder / "n.npy"); }), "row 1, column 0"));
  EXPECT_THROW(npy_bytes({{2, 2}, std::vector<float>{1}}), BugError);
}

}  // namespace
}  // namespace spikeloop::io
