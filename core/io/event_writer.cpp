// SPDX-License-Identifier: Apache-2.0
#include "core/io/event_writer.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "core/io/csv.hpp"
#include "core/io/lines.hpp"
#include "core/io/nwb.hpp"
#include "core/io/sonata.hpp"

namespace spikeloop::io {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 16;

[[noreturn]] void refuse(const std::string& path, const std::string& what, const std::string& suggestion) {
  throw DescriptionError({Diagnostic{"", what, suggestion, path, 0, 0}});
}

template <std::size_t Bytes>
void append_little_endian(std::string& out, std::uint64_t value) {
  for (std::size_t i = 0; i < Bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

/// A file that is written from front to end.
class PlainWriter : public EventWriter {
 public:
  explicit PlainWriter(const std::filesystem::path& path) : path_(path.string()), file_(std::fopen(path.c_str(), "wb")) {
    if (file_ == nullptr) throw DeviceError(fmt::format("{}: cannot be written: {} (check the folder)", path_, std::strerror(errno)));
  }
  ~PlainWriter() override {
    if (file_ != nullptr) std::fclose(file_);
  }

  void write(const AddressEvent& event) override {
    append(buffer_, event);
    if (buffer_.size() >= kBufferBytes) flush();
  }
  void close() override {
    flush();
    if (std::fclose(std::exchange(file_, nullptr)) != 0) throw_full();
  }

 protected:
  virtual void append(std::string& out, const AddressEvent& event) = 0;
  /// A time as whole microseconds from 0 to below `most`; others are rounded and counted, or refused.
  std::uint64_t microseconds(Time time, std::uint64_t most) {
    const Time us = (time + (time < 0 ? -500 : 500)) / kMicrosecond;
    if (us * kMicrosecond != time) ++changed_["times rounded to a microsecond"];
    if (us < 0 || static_cast<std::uint64_t>(us) >= most)
      refuse(path_, fmt::format("an event is at {} us; the format holds times from 0 to below {} us", us, most), "write .csv, .npy or .h5");
    return static_cast<std::uint64_t>(us);
  }
  void check_place(const AddressEvent& event, std::uint32_t width, std::uint32_t height) const {
    if (event.x >= width || event.y >= height)
      refuse(path_, fmt::format("an event is at ({}, {}); the format holds addresses below ({}, {})", event.x, event.y, width, height),
             "write .csv, .npy or .h5");
  }

  std::string path_, buffer_;

 private:
  [[noreturn]] void throw_full() const {
    throw DeviceError(fmt::format("{}: writing failed: {} (is the disk full?)", path_, std::strerror(errno)));
  }
  void flush() {
    if (std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) throw_full();
    buffer_.clear();
  }

  std::FILE* file_;
};

class CsvWriter final : public PlainWriter {
 public:
  CsvWriter(const std::filesystem::path& path, const EventFileInfo& info)
      : PlainWriter(path), addresses_(info.addresses), populations_(info.populations) {
    for (const std::string& name : populations_)
      if (name.find_first_of("\r\n") != std::string::npos)
        refuse(path_, fmt::format("the population {} has a line break in its name", in_quotes(name)), "write .h5");
    if (populations_.size() == 1 && populations_[0].empty()) populations_.clear();
    buffer_ = addresses_ == Addresses::kPixels ? "time_ms,x,y,polarity\n"
              : populations_.empty()           ? "time_ms,neuron\n"
                                               : "time_ms,population,neuron\n";
  }

 private:
  void append(std::string& out, const AddressEvent& e) override {
    append_ms(out, e.time);
    if (addresses_ == Addresses::kPixels)
      out += fmt::format(",{},{},{}\n", e.x, e.y, e.on ? 1 : 0);
    else if (populations_.empty())
      out += fmt::format(",{}\n", e.x);
    else
      out += fmt::format(",{},{}\n", csv_field(populations_.at(e.population)), e.x);
  }

  Addresses addresses_;
  std::vector<std::string> populations_;
};

class NpyWriter final : public PlainWriter {
 public:
  NpyWriter(const std::filesystem::path& path, const EventSummary& summary)
      : PlainWriter(path), pixels_(summary.info.addresses == Addresses::kPixels) {
    if (summary.populations.size() > 1)
      refuse(path_, "a .npy file of events has one population, the recording has several", "write .csv or .h5");
    std::string header = fmt::format("{{'descr': [('t_ns', '<i8'), {}], 'fortran_order': False, 'shape': ({},), }}",
                                     pixels_ ? "('x', '<u4'), ('y', '<u4'), ('p', '|u1')" : "('id', '<u4')", summary.events);
    header.append(63 - (10 + header.size()) % 64, ' ');
    header += '\n';
    buffer_ = "\x93NUMPY";
    buffer_ += {1, 0, static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
    buffer_ += header;
  }

 private:
  void append(std::string& out, const AddressEvent& e) override {
    append_little_endian<8>(out, static_cast<std::uint64_t>(e.time));
    append_little_endian<4>(out, e.x);
    if (!pixels_) return;
    append_little_endian<4>(out, e.y);
    out += e.on ? '\1' : '\0';
  }

  bool pixels_;
};

class FiveByteWriter final : public PlainWriter {
 public:
  FiveByteWriter(const std::filesystem::path& path, bool line) : PlainWriter(path), line_(line) {}

 private:
  void append(std::string& out, const AddressEvent& e) override {
    check_place(e, line_ ? 65536 : 256, line_ ? 1 : 240);  // row 240 is the mark of a time overflow
    const std::uint64_t us = microseconds(e.time, 1u << 23);
    out += static_cast<char>(line_ ? e.x >> 8 : e.x);
    out += static_cast<char>(line_ ? e.x : e.y);
    out += static_cast<char>((e.on ? 0x80 : 0) | us >> 16);
    out += static_cast<char>(us >> 8 & 0xFF);
    out += static_cast<char>(us & 0xFF);
  }

  bool line_;
};

class EventStreamWriter final : public PlainWriter {
 public:
  EventStreamWriter(const std::filesystem::path& path, const EventSummary& summary) : PlainWriter(path) {
    width_ = summary.width();
    height_ = summary.height();
    if (width_ > 65535 || height_ > 65535)
      refuse(path_, fmt::format("the sensor has {} x {} pixels, the format holds 65535 x 65535", width_, height_),
             "write .csv, .npy or .h5");
    if (summary.backwards > 0)
      refuse(path_, fmt::format("the events are not in the order of time ({} go back), which the format needs", summary.backwards),
             "write .csv, .npy or .h5");
    buffer_ = "Event Stream";
    buffer_ += {2, 0, 0, 1};
    append_little_endian<2>(buffer_, width_);
    append_little_endian<2>(buffer_, height_);
  }

 private:
  void append(std::string& out, const AddressEvent& e) override {
    check_place(e, width_, height_);
    const std::uint64_t us = microseconds(e.time, std::uint64_t{1} << 33);  // 2.4 h; a gap takes a byte for each 127 us
    std::uint64_t gap = us - before_;
    before_ = us;
    for (; gap >= 127; gap -= 127) out += '\xff';
    out += static_cast<char>(gap << 1 | (e.on ? 1 : 0));
    append_little_endian<2>(out, e.x);
    append_little_endian<2>(out, e.y);
  }

  std::uint32_t width_, height_;
  std::uint64_t before_ = 0;
};

class DatWriter final : public PlainWriter {
 public:
  DatWriter(const std::filesystem::path& path, const EventSummary& summary) : PlainWriter(path) {
    buffer_ = "% Data file containing CD events\n% Version 2\n";
    if (summary.info.width != 0) buffer_ += fmt::format("% Width {}\n% Height {}\n", summary.info.width, summary.info.height);
    buffer_ += {12, 8};
  }

 private:
  void append(std::string& out, const AddressEvent& e) override {
    check_place(e, 1u << 14, 1u << 14);
    append_little_endian<4>(out, microseconds(e.time, std::uint64_t{1} << 32));
    append_little_endian<4>(out, e.x | e.y << 14 | (e.on ? 1u << 28 : 0u));
  }
};

/// Hands pixels on as nodes, numbered with the last index fastest.
class FlatWriter final : public EventWriter {
 public:
  FlatWriter(std::unique_ptr<EventWriter> writer, std::uint32_t width, std::uint32_t height)
      : writer_(std::move(writer)), width_(width), height_(height) {}
  void write(const AddressEvent& e) override {
    writer_->write({e.time, static_cast<std::uint32_t>((std::uint64_t{e.on} * height_ + e.y) * width_ + e.x), 0, 0, true});
  }
  void close() override { writer_->close(); }

 private:
  std::unique_ptr<EventWriter> writer_;
  std::uint32_t width_, height_;
};

std::unique_ptr<EventWriter> make_hdf5_writer(const std::filesystem::path& path, EventFormat format, const EventSummary& summary) {
  const bool pixels = summary.info.addresses == Addresses::kPixels;
  if (pixels && std::uint64_t{2} * summary.width() * summary.height() >= UINT32_MAX)
    refuse(path.string(), fmt::format("the sensor has {} x {} pixels, too many to number", summary.width(), summary.height()),
           "write .csv or .npy");
  const std::vector<std::string> names = pixels ? std::vector<std::string>{"events"} : summary.info.populations;
  auto writer = format == EventFormat::kNwb
                    ? make_nwb_writer(path, names)
                    : make_sonata_writer(path, names, format == EventFormat::kSonataOld ? SonataLayout::kOld : SonataLayout::kPopulations);
  if (!pixels) return writer;
  return std::make_unique<FlatWriter>(std::move(writer), summary.width(), summary.height());
}

}  // namespace

EventFormat event_format(const std::filesystem::path& path) {
  constexpr std::pair<std::string_view, EventFormat> kFormats[] = {
      {".csv", EventFormat::kCsv},          {".npy", EventFormat::kNpy},        {".h5", EventFormat::kSonata},
      {".hdf5", EventFormat::kSonata},      {".nwb", EventFormat::kNwb},        {".bin", EventFormat::kFiveByte},
      {".bs1", EventFormat::kFiveByteLine}, {".es", EventFormat::kEventStream}, {".dat", EventFormat::kDat}};
  const std::string suffix = path.extension().string();
  for (const auto& [known, format] : kFormats)
    if (suffix == known) return format;
  refuse(path.string(), fmt::format("the suffix {} names no format that recordings are written in", in_quotes(suffix)),
         "name a file .csv, .npy, .h5 (SONATA), .nwb, .bin or .bs1 (five-byte events), .es (Event Stream) or .dat (Prophesee)");
}

std::unique_ptr<EventWriter> make_event_writer(const std::filesystem::path& path, EventFormat format, const EventSummary& summary) {
  const bool of_pixels = format == EventFormat::kFiveByte || format == EventFormat::kEventStream || format == EventFormat::kDat;
  if (of_pixels && summary.info.addresses != Addresses::kPixels)
    refuse(path.string(), "the format holds pixels, the recording has none", "write .csv, .npy, .bs1 or .h5");
  if (format == EventFormat::kFiveByteLine && (summary.info.addresses == Addresses::kPixels || summary.populations.size() > 1))
    refuse(path.string(), "the format holds the neurons of one population, the recording has others", "write .csv or .h5");
  switch (format) {
    case EventFormat::kCsv:
      return std::make_unique<CsvWriter>(path, summary.info);
    case EventFormat::kNpy:
      return std::make_unique<NpyWriter>(path, summary);
    case EventFormat::kFiveByte:
    case EventFormat::kFiveByteLine:
      return std::make_unique<FiveByteWriter>(path, format == EventFormat::kFiveByteLine);
    case EventFormat::kEventStream:
      return std::make_unique<EventStreamWriter>(path, summary);
    case EventFormat::kDat:
      return std::make_unique<DatWriter>(path, summary);
    case EventFormat::kSonata:
    case EventFormat::kSonataOld:
    case EventFormat::kNwb:
      return make_hdf5_writer(path, format, summary);
  }
  throw BugError("an event format that is not written");
}

}  // namespace spikeloop::io
