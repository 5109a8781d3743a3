// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "proto/convert.hpp"

namespace spikeloop::proto {
namespace {

template <class Access>
void fields(const Access& a, auto& connect) {
  using T = std::remove_cvref_t<decltype(connect)>;
  if constexpr (std::is_same_v<T, FixedProbability>) a("probability", connect.probability);
  if constexpr (requires { connect.count; }) a("count", connect.count);
  if constexpr (requires { connect.multapses; }) a("multapses", connect.multapses);
  a("autapses", connect.autapses);
}

template <class T>
Connect read(const Reader& reader) {
  T connect;
  fields(reader, connect);
  return connect;
}

using Numbers = google::protobuf::RepeatedField<std::uint32_t>;

/// [vertical, horizontal], or one number for both; no number leaves `pair` as it is.
void read_pair(const Reader& reader, const char* field, const Numbers& numbers, std::array<std::uint32_t, 2>& pair) {
  if (numbers.size() > 2) reader.fault(field, fmt::format("has {} numbers", numbers.size()), "give one or two");
  if (!numbers.empty()) pair = {numbers[0], numbers[numbers.size() > 1 ? 1 : 0]};
}

Connect read_pairs(const v1::Pairs& message) {
  return Pairs{std::make_shared<const std::vector<std::uint32_t>>(message.sources().begin(), message.sources().end()),
               std::make_shared<const std::vector<std::uint32_t>>(message.targets().begin(), message.targets().end())};
}

Connect read_convolution(const Reader& reader, const v1::Convolution& message) {
  Convolution convolution;
  read_pair(reader, "kernel", message.kernel(), convolution.kernel);
  read_pair(reader, "stride", message.stride(), convolution.stride);
  read_pair(reader, "padding", message.padding(), convolution.padding);
  read_pair(reader, "dilation", message.dilation(), convolution.dilation);
  if (message.has_groups()) convolution.groups = message.groups();
  return convolution;
}

Connect read_pooling(const Reader& reader, const v1::Pooling& message) {
  Pooling pooling;
  read_pair(reader, "kernel", message.kernel(), pooling.kernel);
  read_pair(reader, "stride", message.stride(), pooling.stride);
  return pooling;
}

const Population* find(const std::vector<Population>& populations, const std::string& name) {
  const auto found = std::find_if(populations.begin(), populations.end(), [&](const Population& p) { return p.name == name; });
  return found == populations.end() ? nullptr : &*found;
}

std::string shape_text(const std::vector<std::uint64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

/// A matrix that has the right number of values may still be the wrong way round.
void check_tensor_shape(const Reader& reader, const TensorData& data, const ProjectionContext& context, const Projection& projection) {
  const Population* source = find(context.populations, projection.source);
  const Population* target = find(context.populations, projection.target);
  if (!source || !target) return;  // `validate` says so
  const std::uint64_t rows = source->size(), columns = target->size();
  if (data.shape.size() == 2 && data.shape[0] == rows && data.shape[1] == columns) return;
  const bool transposed = data.shape.size() == 2 && data.shape[0] == columns && data.shape[1] == rows;
  reader.fault("file", fmt::format("has shape {}, but [{}, {}] is needed (rows = sources)", shape_text(data.shape), rows, columns),
               transposed ? "transpose the matrix" : "");
}

void read_tensor(const Reader& reader, const ProjectionContext& context, Projection& projection) {
  Tensor tensor;
  reader("file", tensor.file);
  if (tensor.file.empty()) return reader.fault("file", "is missing: it must name a .npy file");
  tensor.file = resolve_path(context.file, tensor.file);
  projection.connect = tensor;
  if (!context.options.read_tensor) return reader.fault("file", "cannot be read here: no reader of tensor files was given");
  try {
    TensorData data = context.options.read_tensor(tensor.file);
    check_tensor_shape(reader, data, context, projection);
    tensor.weights = std::make_shared<const std::vector<float>>(std::move(data.values));
    projection.connect = tensor;
  } catch (const Error& error) {
    reader.fault("file", error.what());
  }
}

std::string written_path(const std::string& file, const WriteOptions& options) {
  if (options.directory.empty()) return file;
  namespace fs = std::filesystem;
  const fs::path relative = fs::absolute(file).lexically_normal().lexically_relative(fs::absolute(options.directory).lexically_normal());
  return relative.empty() ? file : relative.generic_string();
}

void write_pair(const std::array<std::uint32_t, 2>& pair, Numbers& numbers) { numbers.Assign(pair.begin(), pair.end()); }

struct ConnectWriter {
  v1::Connect& message;
  const WriteOptions& options;
  void operator()(const OneToOne&) const { message.mutable_one_to_one(); }
  void operator()(const AllToAll& c) const { fields(Writer(*message.mutable_all_to_all()), c); }
  void operator()(const FixedProbability& c) const { fields(Writer(*message.mutable_fixed_probability()), c); }
  void operator()(const FixedInDegree& c) const { fields(Writer(*message.mutable_fixed_in_degree()), c); }
  void operator()(const FixedTotalNumber& c) const { fields(Writer(*message.mutable_fixed_total_number()), c); }
  void operator()(const Pairs& c) const {
    auto* pairs = message.mutable_pairs();
    if (c.sources) pairs->mutable_sources()->Assign(c.sources->begin(), c.sources->end());
    if (c.targets) pairs->mutable_targets()->Assign(c.targets->begin(), c.targets->end());
  }
  void operator()(const Tensor& c) const { message.mutable_tensor()->set_file(written_path(c.file, options)); }
  void operator()(const Convolution& c) const {
    auto* to = message.mutable_convolution();
    write_pair(c.kernel, *to->mutable_kernel()), write_pair(c.stride, *to->mutable_stride()), write_pair(c.padding, *to->mutable_padding());
    if (c.dilation != Convolution{}.dilation) write_pair(c.dilation, *to->mutable_dilation());
    if (c.groups != 1) to->set_groups(c.groups);
  }
  void operator()(const Pooling& c) const {
    auto* to = message.mutable_pooling();
    write_pair(c.kernel, *to->mutable_kernel()), write_pair(c.stride, *to->mutable_stride());
  }
};

}  // namespace

void read_connect(const Reader& reader, const v1::Connect& message, const ProjectionContext& context, Projection& projection) {
  switch (message.kind_case()) {
    case v1::Connect::kOneToOne:
      projection.connect = OneToOne{};
      break;
    case v1::Connect::kAllToAll:
      projection.connect = read<AllToAll>(reader.at("all_to_all", message.all_to_all()));
      break;
    case v1::Connect::kFixedProbability:
      projection.connect = read<FixedProbability>(reader.at("fixed_probability", message.fixed_probability()));
      break;
    case v1::Connect::kFixedInDegree:
      projection.connect = read<FixedInDegree>(reader.at("fixed_in_degree", message.fixed_in_degree()));
      break;
    case v1::Connect::kFixedTotalNumber:
      projection.connect = read<FixedTotalNumber>(reader.at("fixed_total_number", message.fixed_total_number()));
      break;
    case v1::Connect::kPairs:
      projection.connect = read_pairs(message.pairs());
      break;
    case v1::Connect::kTensor:
      read_tensor(reader.at("tensor", message.tensor()), context, projection);
      break;
    case v1::Connect::kConvolution:
      projection.connect = read_convolution(reader.at("convolution", message.convolution()), message.convolution());
      break;
    case v1::Connect::kPooling:
      projection.connect = read_pooling(reader.at("pooling", message.pooling()), message.pooling());
      break;
    case v1::Connect::KIND_NOT_SET:
      reader.fault("", "does not say how", "e.g. `all_to_all {}` or `one_to_one {}`");
      break;
  }
}

void write_connect(const Connect& connect, v1::Connect& message, const WriteOptions& options) {
  std::visit(ConnectWriter{message, options}, connect);
}

}  // namespace spikeloop::proto
