// SPDX-License-Identifier: Apache-2.0
#include "cli/diff_cause.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "backends/simulator/simulator.hpp"
#include "cli/diff_nir.hpp"

namespace spikeloop::cli {
namespace {

/// The fields of a model but for its reset.
std::vector<std::pair<const char*, std::optional<double>>> fields_of(const NeuronModel& model) {
  const Membrane& m = membrane_of(model);
  std::vector<std::pair<const char*, std::optional<double>>> fields = {{"model", static_cast<double>(model.index())},
                                                                       {"tau_m_ms", m.tau_m_ms},
                                                                       {"v_rest_mv", m.v_rest_mv},
                                                                       {"bias_mv", m.bias_mv},
                                                                       {"tau_apical_ms", m.tau_apical_ms}};
  if (const Spiking* s = spiking_of(model))
    fields.insert(fields.end(),
                  {{"v_threshold_mv", s->v_threshold_mv}, {"refractory_ms", s->refractory_ms}, {"v_floor_mv", s->v_floor_mv}});
  if (const auto* alif = std::get_if<Alif>(&model))
    fields.insert(fields.end(), {{"tau_adaptation_ms", alif->tau_adaptation_ms}, {"adaptation_mv", alif->adaptation_mv}});
  if (const auto* exp = std::get_if<LifExp>(&model))
    fields.insert(fields.end(), {{"tau_syn_ms", exp->tau_syn_ms}, {"tau_syn_inhibitory_ms", exp->tau_syn_inhibitory_ms}});
  return fields;
}

std::vector<std::string> changed_fields(const NeuronModel& a, const NeuronModel& b) {
  if (a.index() != b.index()) return {"another model"};
  const auto in_a = fields_of(a), in_b = fields_of(b);
  const auto text = [](const std::optional<double>& x) { return x ? fmt::format("{:.6g}", *x) : std::string("none"); };
  std::vector<std::string> changed;
  for (std::size_t i = 0; i < in_a.size(); ++i)
    if (in_a[i].second != in_b[i].second)
      changed.push_back(fmt::format("{} {} in A, {} in B", in_a[i].first, text(in_a[i].second), text(in_b[i].second)));
  return changed;
}

Spiking* spiking(Population& p) { return p.is_source() ? nullptr : const_cast<Spiking*>(spiking_of(std::get<NeuronModel>(p.kind))); }

bool resets_alike(const Spiking& a, const Spiking& b) { return a.reset == b.reset && a.v_reset_mv == b.v_reset_mv; }

/// Populations of one name in both descriptions.
void for_each_population(DiffPair& pair, auto&& action) {
  for (Population& a : pair.a.description.populations)
    for (Population& b : pair.b.description.populations)
      if (a.name == b.name) action(a, b);
}

bool alike(const ExternalSource&, const ExternalSource&) { return true; }
bool alike(const PoissonSource& a, const PoissonSource& b) { return a.rate_hz == b.rate_hz; }
bool alike(const RegularSource& a, const RegularSource& b) {
  return a.rate_hz == b.rate_hz && a.phase == b.phase && a.random_phase == b.random_phase;
}
bool alike(const SpikeListSource& a, const SpikeListSource& b) {
  return std::equal(a.events.begin(), a.events.end(), b.events.begin(), b.events.end(),
                    [](const auto& x, const auto& y) { return x.time == y.time && x.neuron == y.neuron; });
}
bool alike(const CurrentSource& a, const CurrentSource& b) {
  return std::equal(a.steps.begin(), a.steps.end(), b.steps.begin(), b.steps.end(),
                    [](const auto& x, const auto& y) { return x.time == y.time && x.value_mv == y.value_mv; });
}

bool sources_alike(const SourceModel& a, const SourceModel& b) {
  return std::visit(
      [](const auto& x, const auto& y) {
        if constexpr (std::is_same_v<decltype(x), decltype(y)>)
          return alike(x, y);
        else
          return false;
      },
      a, b);
}

bool is_drawn(const SourceModel& source) {
  const auto* regular = std::get_if<RegularSource>(&source);
  return std::holds_alternative<PoissonSource>(source) || (regular && regular->random_phase);
}

void set_reset(Spiking& to, const Spiking& from) { to.reset = from.reset, to.v_reset_mv = from.v_reset_mv; }

void add_populations(std::vector<Difference>& all, DiffPair pair) {
  std::vector<std::string> resets, parameters, sources;
  const bool other_seed = pair.a.description.seed != pair.b.description.seed;
  for_each_population(pair, [&](Population& a, Population& b) {
    if (a.is_source() && b.is_source() && (!sources_alike(a.source(), b.source()) || (other_seed && is_drawn(a.source()))))
      sources.push_back(a.name);
    if (a.is_source() || b.is_source()) return;
    const Spiking *in_a = spiking(a), *in_b = spiking(b);
    if (in_a && in_b && !resets_alike(*in_a, *in_b))
      resets.push_back(fmt::format("\"{}\": {} to {:.6g} mV in A, {} to {:.6g} mV in B", a.name, name_of(in_a->reset), in_a->v_reset_mv,
                                   name_of(in_b->reset), in_b->v_reset_mv));
    for (const std::string& text : changed_fields(a.neuron(), b.neuron())) parameters.push_back(fmt::format("\"{}\": {}", a.name, text));
  });
  if (pair.a.own.size() != pair.b.own.size()) parameters.emplace_back("neurons with parameters of their own");
  if (!resets.empty())
    all.push_back({"reset", fmt::format("{}", fmt::join(resets, "; ")), [](DiffPair& p) {
                     for_each_population(p, [](Population& a, Population& b) {
                       if (spiking(a) && spiking(b)) set_reset(*spiking(a), *spiking(b));
                     });
                   }});
  if (!parameters.empty())
    all.push_back({"parameters", fmt::format("{}", fmt::join(parameters, "; ")), [](DiffPair& p) {
                     for_each_population(p, [](Population& a, Population& b) {
                       if (a.is_source() || b.is_source()) return;
                       const bool spikes = spiking(a) != nullptr;
                       const Spiking kept = spikes ? *spiking(a) : Spiking{};
                       a.kind = b.kind;
                       if (spikes && spiking(a)) set_reset(*spiking(a), kept);
                     });
                     p.a.own = p.b.own;
                   }});
  if (!sources.empty())
    all.push_back({"input", fmt::format("sources: {}", fmt::join(sources, ", ")), [](DiffPair& p) {
                     for_each_population(p, [](Population& a, Population& b) {
                       if (a.is_source() && b.is_source()) a.kind = b.kind;
                     });
                     p.a.description.seed = p.b.description.seed;
                   }});
}

/// Both as a session has them.
struct Synapses {
  Connectivity connectivity;
  std::vector<float> weights;
};

class ProjectionDifferences {
 public:
  explicit ProjectionDifferences(const DiffPair& pair)
      : network_a_(pair.a.description),
        network_b_(pair.b.description),
        a_(make_simulator()->compile(network_a_)->start()),
        b_(make_simulator()->compile(network_b_)->start()) {
    for (std::size_t i = 0; i < network_a_.projections().size(); ++i) compare(i);
    for (const Projection& p : network_b_.projections())
      if (index_of(network_a_, p.name) == kNone) missing_.push_back(fmt::format("\"{}\" is in B alone", p.name));
  }

  void add(std::vector<Difference>& all) const {
    if (!delays_.empty())
      all.push_back({"delay", fmt::format("{}", fmt::join(delays_, "; ")),
                     undo([](Projection& a, const Projection& b) { a.delay_ms = b.delay_ms, a.random_key = b.random_key; })});
    if (!rounded_.empty()) all.push_back({"quantisation", fmt::format("{}", fmt::join(rounded_, "; ")), undo(take_weights)});
    if (!weights_.empty()) all.push_back({"weights", fmt::format("{}", fmt::join(weights_, "; ")), undo(take_weights)});
    if (!missing_.empty())
      all.push_back({"connectivity", fmt::format("{}", fmt::join(missing_, "; ")), [](DiffPair& p) {
                       p.a.description.projections = p.b.description.projections;
                       p.a.description.rules = p.b.description.rules;
                       p.a.description.seed = p.b.description.seed;
                     }});
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  static std::size_t index_of(const Network& network, const std::string& name) {
    const auto& all = network.projections();
    const auto at = std::find_if(all.begin(), all.end(), [&](const Projection& p) { return p.name == name; });
    return at == all.end() ? kNone : static_cast<std::size_t>(at - all.begin());
  }

  static void take_weights(Projection& a, const Projection& b) {
    a.weight = b.weight, a.weight_scale = b.weight_scale, a.random_key = b.random_key, a.connect = b.connect;
  }

  static std::function<void(DiffPair&)> undo(void (*take)(Projection&, const Projection&)) {
    return [take](DiffPair& p) {
      NetworkDescription a = with_names(p.a.description);
      const NetworkDescription b = with_names(p.b.description);
      for (Projection& here : a.projections)
        for (const Projection& there : b.projections)
          if (here.name == there.name) take(here, there);
      a.seed = b.seed;
      p.a.description = std::move(a);
    };
  }

  void compare(std::size_t i) {
    const std::string& name = network_a_.projections()[i].name;
    const std::size_t k = index_of(network_b_, name);
    if (k == kNone) return missing_.push_back(fmt::format("\"{}\" is in A alone", name));
    const Connectivity in_a = a_->connectivity(i), in_b = b_->connectivity(k);
    if (in_a.sources != in_b.sources || in_a.targets != in_b.targets)
      return missing_.push_back(fmt::format("\"{}\" connects other neurons", name));
    Time longest = 0;
    for (std::size_t s = 0; s < in_a.delays.size(); ++s)
      longest = std::max(longest, std::abs(in_a.delays[s] * network_a_.resolution() - in_b.delays[s] * network_b_.resolution()));
    if (longest > 0) delays_.push_back(fmt::format("\"{}\": up to {:.6g} ms apart", name, to_ms(longest)));
    const std::vector<float> weights_a = a_->weights(i), weights_b = b_->weights(k);
    if (weights_a == weights_b) return;
    if (const auto how = rounding(weights_a, weights_b)) return rounded_.push_back(fmt::format("\"{}\": {}", name, *how));
    float largest = 0;
    std::size_t n = 0;
    for (std::size_t s = 0; s < weights_a.size(); ++s)
      if (weights_a[s] != weights_b[s]) ++n, largest = std::max(largest, std::abs(weights_a[s] - weights_b[s]));
    weights_.push_back(fmt::format("\"{}\": {} of {}, by up to {:.3g} mV", name, n, weights_a.size(), largest));
  }

  Network network_a_, network_b_;
  std::unique_ptr<Session> a_, b_;
  std::vector<std::string> delays_, rounded_, weights_, missing_;
};

/// Undoes several. Throws DescriptionError where that makes no network.
void undo_together(DiffPair& pair, const std::vector<Difference>& all, const std::vector<std::size_t>& undone) {
  std::set<std::string> datasets;
  for (const std::size_t i : undone)
    if (!all[i].datasets.empty()) datasets.insert(all[i].datasets);
  for (const std::size_t i : undone) {
    if (all[i].datasets.empty())
      all[i].undo(pair);
    else if (!datasets.empty())
      take_datasets(pair, std::exchange(datasets, {}));
  }
}

std::vector<std::size_t> each_of(const std::vector<Difference>& differences) {
  std::vector<std::size_t> all(differences.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

}  // namespace

std::vector<Difference> differences_of(const DiffPair& pair) {
  std::vector<Difference> all = differences_of_files(pair);
  if (pair.a.tool || pair.b.tool) return all;  // ports alone are no network
  // What conventions and nodes make of a file is compared where they are alike: their own effect on it is not told twice.
  DiffPair settled = pair;
  try {
    undo_together(settled, all, each_of(all));
  } catch (const DescriptionError&) {
    settled = pair;
    for (const Difference& d : all) try {
        d.undo(settled);
      } catch (const DescriptionError&) {
      }
  }
  if (settled.a.description.resolution != settled.b.description.resolution)
    all.push_back({"dt",
                   fmt::format("ticks of {:.6g} ms in A, {:.6g} ms in B", to_ms(settled.a.description.resolution),
                               to_ms(settled.b.description.resolution)),
                   [](DiffPair& p) { p.a.description.resolution = p.b.description.resolution; }});
  add_populations(all, settled);
  ProjectionDifferences(settled).add(all);
  return all;
}

Explanation explain(const DiffPair& pair, const std::vector<Difference>& differences, Time until, Time tolerance) {
  Explanation out;
  /// When the runs part with these undone; throws DescriptionError where that makes no network.
  const auto parts = [&](const std::vector<std::size_t>& undone) -> std::optional<Time> {
    DiffPair changed = pair;
    undo_together(changed, differences, undone);
    const auto first =
        compare_spikes(run_side(changed.a, changed.input, until), run_side(changed.b, changed.input, until), tolerance).first;
    return first ? std::optional(first->time) : std::nullopt;
  };
  for (std::size_t i = 0; i < differences.size(); ++i) {
    out.trials.push_back({i, true, {}});
    try {
      out.trials.back().parts = parts({i});
      if (!out.trials.back().parts) out.causes.push_back(i);
    } catch (const DescriptionError&) {
      out.trials.back().possible = false;
    }
  }
  if (differences.size() == 1) out.remains = out.trials.front().parts;
  if (!out.causes.empty() || differences.size() < 2) return out;
  std::vector<std::size_t> all = each_of(differences);
  try {
    out.remains = parts(all);
    if (out.remains) return out;
    for (std::size_t i = 0; i < all.size();) {
      std::vector<std::size_t> fewer = all;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      bool enough = false;
      try {
        enough = !parts(fewer);
      } catch (const DescriptionError&) {
      }
      enough ? void(all = fewer) : void(++i);
    }
    out.causes = all;
  } catch (const DescriptionError&) {
  }
  return out;
}

}  // namespace spikeloop::cli
