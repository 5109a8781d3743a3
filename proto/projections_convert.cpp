// SPDX-License-Identifier: Apache-2.0
#include "proto/convert.hpp"

namespace spikeloop::proto {
namespace {

static_assert(v1::PORT_BASAL == static_cast<int>(Port::kBasal) + 1);
static_assert(v1::PORT_APICAL == static_cast<int>(Port::kApical) + 1);
static_assert(v1::PORT_MODULATOR == static_cast<int>(Port::kModulator) + 1);

template <class Access>
void fields(const Access& a, auto& p) {
  a("name", p.name), a("source", p.source), a("target", p.target), a("port", p.port);
  a("weight_scale", p.weight_scale), a("rule", p.rule), a("random_key", p.random_key);
}

}  // namespace

Projection read_projection(const Reader& reader, const v1::Projection& message, const ProjectionContext& context) {
  Projection projection;
  fields(reader, projection);
  if (message.has_connect()) read_connect(reader.at("connect", message.connect()), message.connect(), context, projection);
  if (message.has_weight()) projection.weight = read_value(reader.at("weight", message.weight()), message.weight());
  if (message.has_delay_ms()) projection.delay_ms = {Constant{message.delay_ms()}, {}};
  if (message.has_delays_ms()) projection.delay_ms = read_value(reader.at("delays_ms", message.delays_ms()), message.delays_ms());
  return projection;
}

void write_projection(const Projection& projection, v1::Projection& message, const WriteOptions& options) {
  fields(Writer(message), projection);
  write_connect(projection.connect, *message.mutable_connect(), options);
  write_value(projection.weight, *message.mutable_weight());
  const auto* constant = std::get_if<Constant>(&projection.delay_ms.kind);
  const Bounds& bounds = projection.delay_ms.bounds;
  if (constant && !bounds.min && !bounds.max)
    message.set_delay_ms(constant->value);
  else
    write_value(projection.delay_ms, *message.mutable_delays_ms());
}

}  // namespace spikeloop::proto
