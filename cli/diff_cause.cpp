// SPDX-License-Identifier: Apache-2.0
#include "cli/diff_cause.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "backends/simulator/simulator.hpp"

namespace spikeloop::cli {
namespace {

const char* reset_name(Reset reset) { return reset == Reset::kSubtract ? "subtract" : "value"; }

const char* pulse_name(nir::Pulse pulse) {
  return pulse == nir::Pulse::kRect ? "rect" : pulse == nir::Pulse::kDiracStep ? "dirac-dt" : "dirac-1";
}

nir::Pulse pulse_of(const nir::Tool& tool) { return tool.rule == nir::StepRule::kImpulse ? nir::Pulse::kDiracStep : nir::Pulse::kRect; }

std::string nanoseconds(Time time) { return fmt::format("{}ns", time); }

// ---- What a NIR file leaves open ----

void add_option(std::vector<Difference>& all, const char* cause, std::string what, std::string NirOptions::*option, std::string value) {
  all.push_back({cause, std::move(what), [option, value](DiffPair& pair) {
                   NirOptions options = pair.a.options;
                   options.*option = value;
                   pair.a = reloaded(pair.a, options);
                 }});
}

/// Both event by event.
void add_conventions_of(std::vector<Difference>& all, const DiffPair& pair) {
  const nir::Conventions &a = *pair.a.conventions, &b = *pair.b.conventions;
  if (a.unit != b.unit || a.unit_ms != b.unit_ms)
    add_option(all, "unit", fmt::format("one is {:.6g} ms in A, {:.6g} ms in B", a.unit_ms, b.unit_ms), &NirOptions::unit,
               b.unit == nir::Unit::kSecond        ? "s"
               : b.unit == nir::Unit::kMillisecond ? "ms"
                                                   : "step");
  if (a.reset != b.reset)
    add_option(all, "reset", fmt::format("{} in A, {} in B", reset_name(a.reset), reset_name(b.reset)), &NirOptions::reset,
               reset_name(b.reset));
  if (b.dt && a.dt_ns() != b.dt_ns())
    add_option(all, "dt", fmt::format("{:.6g} ms in A, {:.6g} ms in B", to_ms(a.dt_ns()), to_ms(b.dt_ns())), &NirOptions::dt,
               nanoseconds(b.dt_ns()));
  if (a.pulse != b.pulse)
    add_option(all, "pulse", fmt::format("{} in A, {} in B", pulse_name(a.pulse), pulse_name(b.pulse)), &NirOptions::pulse,
               pulse_name(b.pulse));
}

/// A tool's rule is data: a tool between two others can be had.
void add_tool_change(std::vector<Difference>& all, const char* cause, std::string what, DiffSide DiffPair::*side,
                     std::function<void(nir::Tool&)> change) {
  all.push_back({cause, std::move(what), [side, change = std::move(change)](DiffPair& pair) { change(*(pair.*side).tool); }});
}

void add_tools(std::vector<Difference>& all, const DiffPair& pair) {
  const nir::Tool &a = *pair.a.tool, &b = *pair.b.tool;
  if (a.reset != b.reset)
    add_tool_change(all, "reset", fmt::format("{} in A, {} in B", reset_name(a.reset), reset_name(b.reset)), &DiffPair::a,
                    [to = b.reset](nir::Tool& t) { t.reset = to; });
  if (a.rule != b.rule)
    add_tool_change(all, pulse_of(a) != pulse_of(b) ? "pulse" : "dt", fmt::format("the update of {}, that of {}", a.name, b.name),
                    &DiffPair::a, [to = b.rule](nir::Tool& t) { t.rule = to; });
  if (a.uses_r != b.uses_r)
    add_tool_change(all, "parameters", fmt::format("r is used by {} alone", a.uses_r ? a.name : b.name), &DiffPair::a,
                    [to = b.uses_r](nir::Tool& t) { t.uses_r = to; });
  if (pair.a.step() != pair.b.step())
    add_option(all, "dt", fmt::format("{:.6g} ms in A, {:.6g} ms in B", to_ms(pair.a.step()), to_ms(pair.b.step())), &NirOptions::dt,
               nanoseconds(pair.b.step()));
}

/// One event by event, the other in steps.
void add_stepped(std::vector<Difference>& all, const DiffPair& pair) {
  const auto stepped = pair.a.tool ? &DiffPair::a : &DiffPair::b, exact = pair.a.tool ? &DiffPair::b : &DiffPair::a;
  const nir::Tool& tool = *(pair.*stepped).tool;
  const nir::Conventions& c = *(pair.*exact).conventions;
  const auto add = [&](const char* cause, std::string what, std::string NirOptions::*option, std::string value) {
    all.push_back({cause, std::move(what), [exact, option, value](DiffPair& p) {
                     NirOptions options = (p.*exact).options;
                     options.*option = value;
                     p.*exact = reloaded(p.*exact, options);
                   }});
  };
  if (tool.reset != c.reset)
    add("reset", fmt::format("{} event by event, {} by {}", reset_name(c.reset), reset_name(tool.reset), tool.name), &NirOptions::reset,
        reset_name(tool.reset));
  if (c.dt && c.dt_ns() != (pair.*stepped).step())
    add("dt", fmt::format("{:.6g} ms event by event, {:.6g} ms by {}", to_ms(c.dt_ns()), to_ms((pair.*stepped).step()), tool.name),
        &NirOptions::dt, nanoseconds((pair.*stepped).step()));
  if (pulse_of(tool) != c.pulse)
    add("pulse", fmt::format("{} event by event, {} by {}", pulse_name(c.pulse), pulse_name(pulse_of(tool)), tool.name), &NirOptions::pulse,
        pulse_name(pulse_of(tool)));
  if (!tool.uses_r)
    add_tool_change(all, "parameters", fmt::format("{} does not use r", tool.name), stepped, [](nir::Tool& t) { t.uses_r = true; });
  const Time step = (pair.*stepped).step();
  const auto between = [step](const Spike& s) { return s.time % step != 0; };
  if (std::any_of(pair.input.spikes.begin(), pair.input.spikes.end(), between))
    all.push_back({"dt", fmt::format("{} counts input into steps of {:.6g} ms", tool.name, to_ms(step)), [step](DiffPair& p) {
                     for (Spike& s : p.input.spikes) s.time -= s.time % step;
                   }});
  if (tool.rule == nir::StepRule::kEuler)
    add_tool_change(all, "dt", fmt::format("{} goes by Euler steps of {:.6g} ms", tool.name, to_ms((pair.*stepped).step())), stepped,
                    [](nir::Tool& t) { t.rule = nir::StepRule::kHold; });
}

// ---- What a network is made of ----

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
      resets.push_back(fmt::format("\"{}\": {} to {:.6g} mV in A, {} to {:.6g} mV in B", a.name, reset_name(in_a->reset), in_a->v_reset_mv,
                                   reset_name(in_b->reset), in_b->v_reset_mv));
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
                       const auto kept = spiking(a) ? std::optional(*spiking(a)) : std::nullopt;
                       a.kind = b.kind;
                       if (kept && spiking(a)) set_reset(*spiking(a), *kept);
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

/// Whether the coarser of two sets of weights is the other, rounded: no change is larger than half of its smallest step.
std::optional<std::string> rounding(const std::vector<float>& a, const std::vector<float>& b) {
  const std::set<float> in_a(a.begin(), a.end()), in_b(b.begin(), b.end());
  const bool b_is_coarser = in_b.size() < in_a.size();
  const std::set<float>& coarse = b_is_coarser ? in_b : in_a;
  if (in_a.size() == in_b.size() || coarse.size() < 2) return {};
  float step = std::numeric_limits<float>::max(), largest = 0;
  for (auto it = std::next(coarse.begin()); it != coarse.end(); ++it) step = std::min(step, *it - *std::prev(it));
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  if (largest > 0.5001f * step) return {};
  return fmt::format("{} has {} different weights, {} has {}; none is changed by more than {:.3g} mV", b_is_coarser ? "B" : "A",
                     coarse.size(), b_is_coarser ? "A" : "B", std::max(in_a.size(), in_b.size()), largest);
}

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

}  // namespace

std::vector<Difference> differences_of(const DiffPair& pair) {
  std::vector<Difference> all;
  const bool stepped_a = pair.a.tool.has_value(), stepped_b = pair.b.tool.has_value();
  if (stepped_a && stepped_b)
    add_tools(all, pair);
  else if ((stepped_a || stepped_b) && pair.a.conventions && pair.b.conventions)
    add_stepped(all, pair);
  if (stepped_a || stepped_b) return all;  // ports alone are no network
  if (pair.a.conventions && pair.b.conventions) add_conventions_of(all, pair);
  // What conventions make of a file is compared where they are alike: their own effect on it is not told twice.
  DiffPair settled = pair;
  for (const Difference& d : all) try {
      d.undo(settled);
    } catch (const DescriptionError&) {
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
    for (const std::size_t i : undone) differences[i].undo(changed);
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
  if (!out.causes.empty() || differences.size() < 2) return out;
  std::vector<std::size_t> all(differences.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
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
