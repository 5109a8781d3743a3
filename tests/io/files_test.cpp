// SPDX-License-Identifier: Apache-2.0
#include "core/io/files.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/io/temporary_folder.hpp"

namespace spikeloop::io {
namespace {

using test::complaint;
using test::contains;
using test::TemporaryFolder;

std::string gzip(const std::string& bytes) {
  z_stream z = {};
  deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, bytes.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

TEST(Files, what_is_written_is_read) {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\n", 4);
  write_file(folder / "x", bytes);
  EXPECT_EQ(read_file(folder / "x", 4), bytes);
  write_file(folder / "x", "");
  EXPECT_EQ(read_file(folder / "x", 0), "");
}

TEST(Files, a_large_file_is_read_whole) {
  const TemporaryFolder folder;
  std::string bytes(200'000, 'x');
  bytes[199'999] = 'y';
  EXPECT_EQ(read_file(folder.write("x", bytes), 200'000), bytes);
}

TEST(Files, a_missing_file_says_where_to_get_it) {
  const TemporaryFolder folder;
  const std::string text = complaint([&] { read_file(folder / "digits.csv", 10, "fetch it from the shop"); });
  EXPECT_TRUE(contains(text, "digits.csv"));
  EXPECT_TRUE(contains(text, "there is no such file"));
  EXPECT_TRUE(contains(text, "fetch it from the shop"));
}

TEST(Files, a_folder_and_a_large_file_are_refused) {
  const TemporaryFolder folder;
  EXPECT_TRUE(contains(complaint([&] { read_file(folder / ".", 10); }), "this is a folder"));
  EXPECT_TRUE(contains(complaint([&] { read_file(folder.write("x", "12345678901"), 10); }), "larger than 10 bytes"));
  EXPECT_TRUE(contains(complaint([&] { read_file("/dev/zero", 3 << 20); }), "larger than 3 MiB"));
}

TEST(Files, an_unreadable_file_is_a_device_error) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TemporaryFolder folder;
  const auto path = folder.write("x", "1");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  EXPECT_THROW(read_file(path, 10), DeviceError);
}

TEST(Files, a_file_in_a_missing_folder_cannot_be_written) {
  const TemporaryFolder folder;
  EXPECT_THROW(write_file(folder / "no" / "x", "1"), DeviceError);
}

TEST(Files, gzip_data_is_unpacked_all_members_of_it) {
  const std::string text(100'000, 'a');
  EXPECT_EQ(gunzip(gzip(text), 100'000, "x"), text);
  EXPECT_EQ(gunzip(gzip("one ") + gzip("two"), 7, "x"), "one two");
  EXPECT_EQ(gunzip(gzip("padded") + std::string(512, '\0'), 100, "x"), "padded");
  EXPECT_EQ(gunzip(gzip(""), 0, "x"), "");
}

TEST(Files, damaged_gzip_data_is_refused) {
  const std::string packed = gzip("some text, some text and some more");
  for (std::size_t n = 2; n < packed.size(); ++n) {
    EXPECT_TRUE(contains(complaint([&] { gunzip(packed.substr(0, n), 1000, "x.gz"); }), "x.gz: the gzip data ends too early")) << n;
  }
  std::string broken = packed;
  broken[broken.size() - 6] ^= 1;  // of the checksum
  EXPECT_TRUE(contains(complaint([&] { gunzip(broken, 1000, "x.gz"); }), "the gzip data is damaged"));
  EXPECT_TRUE(contains(complaint([&] { gunzip("text", 1000, "x.gz"); }), "not gzip data"));
  EXPECT_TRUE(contains(complaint([&] { gunzip(packed + "rest", 1000, "x.gz"); }), "4 stray bytes"));
}

TEST(Files, a_zip_bomb_stops_at_the_cap) {
  const std::string packed = gzip(std::string(10 << 20, '\0'));
  EXPECT_LT(packed.size(), 20'000u);
  EXPECT_TRUE(contains(complaint([&] { gunzip(packed, 1 << 20, "x.gz"); }), "unpacks to more than 1 MiB"));
}

TEST(Files, sha256_is_that_of_the_standard) {  // FIPS 180-4, examples
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Files, another_sha256_is_refused) {
  const std::string digest = sha256_hex("abc");
  EXPECT_EQ(check_sha256("abc", "", "x"), digest);
  EXPECT_EQ(check_sha256("abc", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", "x"), digest);
  EXPECT_TRUE(contains(complaint([&] { check_sha256("abd", digest, "x"); }), digest));
}

}  // namespace
}  // namespace spikeloop::io
