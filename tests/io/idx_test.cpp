// SPDX-License-Identifier: Apache-2.0
#include "core/io/idx.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/io/files.hpp"
#include "tests/io/temporary_folder.hpp"

namespace spikeloop::io {
namespace {

using test::complaint;
using test::contains;
using test::TemporaryFolder;

/// The header of an array of unsigned bytes and its values.
std::string idx(const std::vector<std::uint32_t>& shape, const std::string& values) {
  std::string bytes = {0, 0, 8, static_cast<char>(shape.size())};
  for (const std::uint32_t n : shape)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(n >> shift & 0xFF);
  return bytes + values;
}

/// Three training and one test image of 2 x 2.
struct Small {
  TemporaryFolder folder;
  ImagesSource source;
  Small() {
    source.train_images = folder.write("a", idx({3, 2, 2}, std::string("\0\xff\x80\1\2\3\4\5\6\7\10\11", 12)));
    source.train_labels = folder.write("b", idx({3}, std::string("\0\1\4", 3)));
    source.test_images = folder.write("c", idx({1, 2, 2}, "abcd"));
    source.test_labels = folder.write("d", idx({1}, "\2"));
    source.origin = "get them there";
  }
};

TEST(Idx, images_become_samples_and_parts) {
  const Small small;
  const Dataset data = read_images(small.source, 0.34);
  EXPECT_EQ(data.shape, (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(data.features, 4u);
  EXPECT_EQ(data.classes, 5u);
  EXPECT_EQ(data.labels, (std::vector<std::uint32_t>{0, 1, 4, 2}));
  EXPECT_EQ(data.train, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(data.validation, (std::vector<std::size_t>{2}));
  EXPECT_EQ(data.test, (std::vector<std::size_t>{3}));
  EXPECT_EQ(data.samples[1], 1.0f);
  EXPECT_FLOAT_EQ(data.samples[12], 'a' / 255.0f);
}

TEST(Idx, the_digest_is_of_what_was_unpacked) {
  Small small;
  const Dataset data = read_images(small.source, 0);
  small.source.sha256 = data.sha256;
  EXPECT_NO_THROW(read_images(small.source, 0));
  small.source.sha256[0] = small.source.sha256[0] == '0' ? '1' : '0';
  contains(complaint([&] { read_images(small.source, 0); }), "unpacked");
}

TEST(Idx, what_is_wrong_is_said) {
  Small small;
  const ImagesSource good = small.source;
  small.source.train_images = small.folder / "missing";
  contains(complaint([&] { read_images(small.source, 0); }), "get them there");
  small.source = good, small.source.train_images = good.train_labels;
  contains(complaint([&] { read_images(small.source, 0); }), "not the 3 of images");
  small.source = good, small.source.train_labels = good.test_labels;
  contains(complaint([&] { read_images(small.source, 0); }), "same set");
  small.source = good, small.source.test_images = small.folder.write("e", idx({1, 4, 1}, "abcd"));
  contains(complaint([&] { read_images(small.source, 0); }), "another size");
  EXPECT_EQ(complaint([&] { read_images(good, 1); }).find("validation_from_train"), 0u);
  contains(complaint([] { parse_idx("abcd", "f"); }), "no IDX file");
  contains(complaint([] { parse_idx(std::string("\0\0\x0d\1\0\0\0\0", 8), "f"); }), "0x0d");
  contains(complaint([] { parse_idx(std::string("\0\0\x08\2\0\0\0\0", 8), "f"); }), "header");
  contains(complaint([] { parse_idx(idx({3}, "ab"), "f"); }), "2 bytes of values");
  contains(complaint([] { parse_idx(idx({0xFFFFFFFF, 0xFFFFFFFF}, "ab"), "f"); }), "larger");
}

TEST(Idx, mnist_is_read_if_it_is_here) {
  const char* folder = std::getenv("SPIKELOOP_DATA_DIR");
  const std::filesystem::path mnist = std::filesystem::path(folder ? folder : "") / "mnist";
  if (!folder || !std::filesystem::exists(mnist)) GTEST_SKIP() << "SKIPPED: MNIST is not in SPIKELOOP_DATA_DIR";
  const ImagesSource source = {mnist / "train-images-idx3-ubyte.gz",
                               mnist / "train-labels-idx1-ubyte.gz",
                               mnist / "t10k-images-idx3-ubyte.gz",
                               mnist / "t10k-labels-idx1-ubyte.gz",
                               "b2d8f5bf39174ee5ffeefa97e42d673c35432b411bb5d1f74fbbeddae7f1690a",
                               ""};
  const Dataset data = read_images(source, 1.0 / 12);
  EXPECT_EQ(data.train.size(), 55'000u);
  EXPECT_EQ(data.validation.size(), 5'000u);
  EXPECT_EQ(data.test.size(), 10'000u);
  EXPECT_EQ(std::vector<std::uint32_t>(data.labels.begin(), data.labels.begin() + 5), (std::vector<std::uint32_t>{5, 0, 4, 1, 9}));
  EXPECT_EQ(std::vector<std::uint32_t>(data.labels.begin() + 60'000, data.labels.begin() + 60'005),
            (std::vector<std::uint32_t>{7, 2, 1, 0, 4}));
}

}  // namespace
}  // namespace spikeloop::io
