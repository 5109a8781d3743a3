// SPDX-License-Identifier: Apache-2.0
#include "proto/parse.hpp"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>

#include "proto/parse_faults.hpp"
#include "proto/text.hpp"

namespace spikeloop::proto {
namespace {

using google::protobuf::TextFormat;

constexpr std::size_t kMaxFaults = 100;  // more faults than anybody reads; bounds the work on a hostile text
constexpr int kMaxPatches = 20;          // each one costs a parse
constexpr int kMaxDepth = 32;            // messages within messages; the schema needs 6

/// Keeps what the parser complains about.
class Collector final : public google::protobuf::io::ErrorCollector {
 public:
  explicit Collector(const TextLines& lines) : lines_(lines) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    add(errors, line, column, message);
  }
  void AddWarning(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    add(warnings, line, column, message);
  }

  std::vector<Complaint> errors;
  std::vector<Complaint> warnings;  ///< unknown fields

 private:
  void add(std::vector<Complaint>& to, int line, int column, const std::string& message) const {
    if (to.size() < kMaxFaults) to.push_back({lines_.offset_of(line, column), message});
  }
  const TextLines& lines_;
};

/// One parse after another, until there is nothing left that can be patched.
class PatientParser {
 public:
  PatientParser(std::string_view text, const std::string& file, google::protobuf::Message& message)
      : text_(text), file_(file), message_(message), lines_(text_), root_(*message.GetDescriptor()) {}

  ParsedText run() {
    for (int patches = 0;; ++patches) {
      Collector collector(lines_);
      const bool good = parse_once(collector);
      std::optional<ExplainedFault> last;
      for (const Complaint& complaint : collector.errors) last = note(complaint);
      const bool go_on = !good && collector.errors.size() == 1 && patches < kMaxPatches && help(*last);
      if (go_on) continue;
      for (const Complaint& complaint : collector.warnings) note(complaint);
      result_.complete = good;
      return std::move(result_);
    }
  }

 private:
  bool parse_once(Collector& collector) {
    result_.tree = std::make_unique<TextFormat::ParseInfoTree>();
    TextFormat::Parser parser;
    parser.RecordErrorsTo(&collector);
    parser.WriteLocationsTo(result_.tree.get());
    parser.SetRecursionLimit(kMaxDepth);
    parser.AllowUnknownField(true);  // they become warnings, so that all of them are found; we treat them as faults
    google::protobuf::io::ArrayInputStream input(text_.data(), static_cast<int>(text_.size()));
    message_.Clear();
    return take_last_ ? parser.Merge(&input, &message_) : parser.Parse(&input, &message_);
  }

  ExplainedFault note(const Complaint& complaint) {
    ExplainedFault fault = explain(complaint, text_, root_);
    if (!seen_.insert({fault.offset, complaint.message}).second || result_.faults.size() >= kMaxFaults) return fault;
    const Place place = lines_.place_of(fault.offset);
    const std::string& path = fault.diagnostic.path;
    fault.diagnostic.file = file_;
    fault.diagnostic.line = place.line;
    fault.diagnostic.column = place.column;
    result_.faults.push_back(fault.diagnostic);
    result_.spoiled.insert(path);
    // What an unknown field meant to say is missing in the message around it.
    const std::size_t dot = path.rfind('.');
    if (complaint.message.starts_with("Message type") && dot != std::string::npos) result_.spoiled.insert(path.substr(0, dot));
    return fault;
  }

  bool help(const ExplainedFault& fault) {
    if (fault.patch && fault.patch->length >= fault.patch->with.size()) {
      std::fill_n(text_.begin() + static_cast<std::ptrdiff_t>(fault.patch->offset), fault.patch->length, ' ');
      std::copy(fault.patch->with.begin(), fault.patch->with.end(), text_.begin() + static_cast<std::ptrdiff_t>(fault.patch->offset));
      return true;
    }
    const bool first_time = fault.repeated_field && !take_last_;
    take_last_ = take_last_ || fault.repeated_field;
    return first_time;
  }

  std::string text_;  // patched as we go; no byte ever moves
  const std::string& file_;
  google::protobuf::Message& message_;
  TextLines lines_;
  const google::protobuf::Descriptor& root_;
  bool take_last_ = false;
  std::set<std::pair<std::size_t, std::string>> seen_;
  ParsedText result_;
};

}  // namespace

ParsedText parse_text(std::string_view text, const std::string& file, google::protobuf::Message& message) {
  return PatientParser(text, file, message).run();
}

}  // namespace spikeloop::proto
