// SPDX-License-Identifier: Apache-2.0
#include "proto/convert.hpp"

namespace spikeloop::proto {
namespace {

template <class Access>
void fields(const Access& a, auto& value) {
  using T = std::remove_cvref_t<decltype(value)>;
  if constexpr (std::is_same_v<T, ForwardProduct>) a("rms", value.rms);
  if constexpr (std::is_same_v<T, Normal>) a("mean", value.mean), a("std", value.std);
  if constexpr (std::is_same_v<T, Uniform>) a("low", value.low), a("high", value.high);
  if constexpr (std::is_same_v<T, LogNormal>) a("mean_log", value.mean_log), a("std_log", value.std_log);
  if constexpr (std::is_same_v<T, Exponential>) a("mean", value.mean);
  if constexpr (std::is_same_v<T, Bounds>) a("min", value.min), a("max", value.max);
}

template <class T>
T read(const Reader& reader) {
  T value;
  fields(reader, value);
  return value;
}

struct ValueWriter {
  v1::Value& message;
  void operator()(const Constant& v) const { message.set_constant(v.value); }
  void operator()(const Normal& v) const { fields(Writer(*message.mutable_normal()), v); }
  void operator()(const Uniform& v) const { fields(Writer(*message.mutable_uniform()), v); }
  void operator()(const LogNormal& v) const { fields(Writer(*message.mutable_log_normal()), v); }
  void operator()(const Exponential& v) const { fields(Writer(*message.mutable_exponential()), v); }
  void operator()(const Listed& v) const {
    auto* list = message.mutable_listed();
    if (v.values) list->mutable_values()->Assign(v.values->begin(), v.values->end());
  }
  void operator()(const Identity&) const { message.mutable_identity(); }
  void operator()(const ForwardProduct& v) const { fields(Writer(*message.mutable_forward_product()), v); }
};

}  // namespace

Value read_value(const Reader& reader, const v1::Value& message) {
  Value value;
  switch (message.kind_case()) {
    case v1::Value::kConstant:
      value.kind = Constant{message.constant()};
      break;
    case v1::Value::kNormal:
      value.kind = read<Normal>(reader.at("normal", message.normal()));
      break;
    case v1::Value::kUniform:
      value.kind = read<Uniform>(reader.at("uniform", message.uniform()));
      break;
    case v1::Value::kLogNormal:
      value.kind = read<LogNormal>(reader.at("log_normal", message.log_normal()));
      break;
    case v1::Value::kExponential:
      value.kind = read<Exponential>(reader.at("exponential", message.exponential()));
      break;
    case v1::Value::kListed: {
      const auto& values = message.listed().values();
      value.kind = Listed{std::make_shared<const std::vector<double>>(values.begin(), values.end())};
      break;
    }
    case v1::Value::kIdentity:
      value.kind = Identity{};
      break;
    case v1::Value::kForwardProduct:
      value.kind = read<ForwardProduct>(reader.at("forward_product", message.forward_product()));
      break;
    case v1::Value::KIND_NOT_SET:
      reader.fault("", "does not say which value", "e.g. `constant: 0.1` or `normal { mean: 0 std: 0.1 }`");
      break;
  }
  if (message.has_clip()) value.bounds = read<Bounds>(reader.at("clip", message.clip()));
  if (message.has_truncate()) value.bounds = read<Bounds>(reader.at("truncate", message.truncate()));
  value.bounds.redraw = message.has_truncate();
  return value;
}

void write_value(const Value& value, v1::Value& message) {
  std::visit(ValueWriter{message}, value.kind);
  if (!value.bounds.min && !value.bounds.max) return;
  fields(Writer(value.bounds.redraw ? *message.mutable_truncate() : *message.mutable_clip()), value.bounds);
}

}  // namespace spikeloop::proto
