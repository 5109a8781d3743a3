// SPDX-License-Identifier: Apache-2.0
// Behind the header in core/, which must not know the engine: here are the weights drawn that the product is made of.
#include "core/forward_product.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <numeric>

#include "core/engine/synapses.hpp"

namespace spikeloop {
namespace {

/// Depth-first along basal projections towards `to`.
struct Search {
  const NetworkDescription& d;
  const std::string& to;
  enum class Found { kOpen, kNo, kYes };
  std::map<std::string, Found> found;
  std::vector<std::string> again;  ///< populations that a path comes back to

  bool reaches(const std::string& at) {
    if (at == to) return true;
    const auto [known, fresh] = found.try_emplace(at, Found::kOpen);
    if (!fresh) {
      if (known->second == Found::kOpen) again.push_back(at);
      return known->second == Found::kYes;
    }
    bool any = false;
    for (const Projection& p : d.projections)
      if (p.port == Port::kBasal && p.source == at) any |= reaches(p.target);
    found[at] = any ? Found::kYes : Found::kNo;
    return any;
  }
  /// A population on the way that reaches itself; empty if there is none. Loops of those that never get there do not matter.
  std::string cycle() const {
    for (const std::string& name : again)
      if (found.at(name) == Found::kYes) return name;
    return {};
  }
};

class Product {
 public:
  Product(const Network& network, const std::string& to)
      : network_(network), to_(to), outputs_(size(to)), search_{network.expanded(), to_, {}, {}} {}

  /// (outputs, size of `from`), row-major.
  const std::vector<double>& from(const std::string& name) {
    const auto [known, fresh] = products_.try_emplace(name);
    if (!fresh) return known->second;
    std::vector<double> sum(outputs_ * size(name), 0.0);
    if (name == to_)
      for (std::size_t k = 0; k < outputs_; ++k) sum[k * outputs_ + k] = 1;
    else
      for (const Projection& p : network_.projections())
        if (p.port == Port::kBasal && p.source == name && search_.reaches(p.target)) add(p, sum);
    return products_[name] = std::move(sum);
  }

 private:
  std::size_t size(const std::string& name) const { return network_.populations()[network_.population_index(name)].size(); }

  /// sum += (product from the target of p) x (weights of p), transposed to rows of outputs.
  void add(const Projection& p, std::vector<double>& sum) {
    const std::vector<double>& onwards = from(p.target);
    const std::size_t sources = size(p.source), targets = size(p.target);
    engine::for_each_initial_weight(network_, p, [&](std::uint32_t s, std::uint32_t t, float w) {
      for (std::size_t k = 0; k < outputs_; ++k) sum[k * sources + s] += onwards[k * targets + t] * static_cast<double>(w);
    });
  }

  const Network& network_;
  const std::string& to_;
  std::size_t outputs_;
  Search search_;
  std::map<std::string, std::vector<double>> products_;
};

}  // namespace

std::string no_forward_product(const NetworkDescription& description, const std::string& from, const std::string& to) {
  Search search{description, to, {}, {}};
  if (!search.reaches(from)) return fmt::format("needs a path of basal projections from \"{}\" to \"{}\", and there is none", from, to);
  if (const std::string cycle = search.cycle(); !cycle.empty())
    return fmt::format("needs forward paths that never come back, but \"{}\" reaches itself on its way to \"{}\"", cycle, to);
  return {};
}

std::vector<double> forward_product(const NetworkDescription& description, const std::string& from, const std::string& to, double rms) {
  NetworkDescription forward = description;
  forward.controllers.clear(), forward.probes.clear();
  std::vector<double> product = Product(Network(std::move(forward)), to).from(from);
  const double squares = std::inner_product(product.begin(), product.end(), product.begin(), 0.0);
  if (!(squares > 0))
    throw DescriptionError(
        fmt::format("the product of the initial weights from \"{}\" to \"{}\" is zero, so feedback cannot be aligned with "
                    "it; draw those weights instead of setting them to 0",
                    from, to));
  const double scale = rms / std::sqrt(squares / static_cast<double>(product.size()));
  for (double& x : product) x *= scale;
  return product;
}

}  // namespace spikeloop
