// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "proto/convert.hpp"

namespace spikeloop::proto {
namespace {

static_assert(v1::OPERATION_SPIKE == static_cast<int>(Operation::kSpike) + 1);
static_assert(v1::OPERATION_NEURON_UPDATE == static_cast<int>(Operation::kNeuronUpdate) + 1);
static_assert(v1::OPERATION_SYNAPTIC_EVENT == static_cast<int>(Operation::kSynapticEvent) + 1);
static_assert(v1::OPERATION_CORE_BROADCAST == static_cast<int>(Operation::kCoreBroadcast) + 1);
static_assert(v1::OPERATION_PLASTIC_UPDATE == static_cast<int>(Operation::kPlasticUpdate) + 1);
static_assert(v1::OPERATION_SECOND == static_cast<int>(Operation::kStaticSecond) + 1);
static_assert(v1::OPERATION_ROUTE == static_cast<int>(Operation::kRoute) + 1);
static_assert(v1::OPERATION_HOP == static_cast<int>(Operation::kHop) + 1);
static_assert(v1::OPERATION_CAM_MATCH == static_cast<int>(Operation::kCamMatch) + 1);

template <class Access>
void price_fields(const Access& a, auto& p) {
  a("part", p.part), a("operation", p.operation), a("joules", p.joules), a("source", p.source), a("verified", p.verified);
}

template <class Access>
void list_fields(const Access& a, auto& l) {
  a("machine", l.machine), a("note", l.note), a("neurons_per_core", l.neurons_per_core);
}

Price read_price(const Reader& reader, const v1::Price& message) {
  Price price;
  price_fields(reader, price);
  if (price.part.empty()) reader.fault("part", "is missing: it names the line of the account", "e.g. part: \"synapse\"");
  if (message.operation() == v1::OPERATION_UNSPECIFIED)
    reader.fault("operation", "is missing: it says what the price is paid for", "e.g. operation: OPERATION_SYNAPTIC_EVENT");
  if (!message.has_joules()) reader.fault("joules", "is missing");
  if (!std::isfinite(price.joules) || price.joules < 0)
    reader.fault("joules", fmt::format("is {}, but must be a number >= 0", price.joules));
  if (price.source.empty()) reader.fault("source", "is missing: every number says where it comes from");
  return price;
}

}  // namespace

PriceList read_prices(const Reader& reader, const v1::PriceList& message) {
  PriceList prices;
  list_fields(reader, prices);
  if (prices.machine.empty()) reader.fault("machine", "is missing: it names what is priced");
  if (prices.neurons_per_core == 0) reader.fault("neurons_per_core", "is 0, but must be at least 1");
  if (message.prices_size() == 0) reader.fault("prices", "is empty: a price list needs at least one price");
  for (int i = 0; i < message.prices_size(); ++i)
    prices.prices.push_back(read_price(reader.at("prices", i, message.prices(i)), message.prices(i)));
  return prices;
}

void write_prices(const PriceList& prices, v1::PriceList& message) {
  list_fields(Writer(message), prices);
  for (const Price& price : prices.prices) price_fields(Writer(*message.add_prices()), price);
}

}  // namespace spikeloop::proto
