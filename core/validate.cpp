// SPDX-License-Identifier: Apache-2.0
// Every fault of a description at once. Paths are those of the schema, so that a loader can turn them into lines and columns.
#include <set>

#include "core/validation.hpp"

namespace spikeloop {
namespace validation {
namespace {

std::vector<std::string> names_of(const std::map<std::string, std::size_t>& index) {
  std::vector<std::string> names;
  for (const auto& [name, i] : index) names.push_back(name);
  return names;
}

void check_bounds(const Faults& f, const Bounds& b) {
  if (b.min) f.finite(b.redraw ? "truncate.min" : "clip.min", *b.min);
  if (b.max) f.finite(b.redraw ? "truncate.max" : "clip.max", *b.max);
  if (b.min && b.max && !(*b.min <= *b.max))
    f.at(b.redraw ? "truncate" : "clip").add(fmt::format("has min {} above max {}", *b.min, *b.max), "exchange them");
}

}  // namespace

bool refers(const Faults& f, const char* field, const std::string& name, const std::map<std::string, std::size_t>& index,
            const char* what) {
  if (index.contains(name)) return true;
  if (name.empty()) {
    f.at(field).add(fmt::format("is missing: it must name a {}", what));
    return false;
  }
  const std::string near = did_you_mean(name, names_of(index));
  f.at(field).add(fmt::format("names {} \"{}\", which does not exist", what, name),
                  near.empty() ? "" : fmt::format("did you mean \"{}\"?", near));
  return false;
}

double size_or_more(const std::vector<std::uint64_t>& shape) {
  double n = 1;
  for (const std::uint64_t s : shape) n *= static_cast<double>(s);
  return n;
}

std::optional<std::array<std::uint64_t, 3>> image_shape(const Population& p) {
  if (p.shape.size() == 2) return std::array<std::uint64_t, 3>{1, p.shape[0], p.shape[1]};
  if (p.shape.size() == 3) return std::array<std::uint64_t, 3>{p.shape[0], p.shape[1], p.shape[2]};
  return std::nullopt;
}

void check_value(const Faults& f, const Value& value, double expected, const char* of_what, bool feedback) {
  struct Visitor {
    const Faults& f;
    double expected;
    const char* of_what;
    bool feedback;
    void operator()(const Constant& v) const { f.finite("constant", v.value); }
    void operator()(const Normal& v) const { f.finite("normal.mean", v.mean), f.not_negative("normal.std", v.std); }
    void operator()(const Uniform& v) const {
      if (f.finite("uniform.low", v.low) && f.finite("uniform.high", v.high) && v.high < v.low)
        f.at("uniform").add(fmt::format("has low {} above high {}", v.low, v.high), "exchange them");
    }
    void operator()(const LogNormal& v) const {
      f.finite("log_normal.mean_log", v.mean_log), f.not_negative("log_normal.std_log", v.std_log);
    }
    void operator()(const Exponential& v) const { f.positive("exponential.mean", v.mean); }
    void operator()(const Listed& v) const {
      const double n = v.values ? static_cast<double>(v.values->size()) : 0;
      if (expected == 0) return f.at("listed").add("cannot be used here: the number of synapses is not known before they are drawn");
      if (n != expected) return f.at("listed").add(fmt::format("has {} values, but needs {}: {}", n, expected, of_what));
      for (const double x : *v.values)
        if (!std::isfinite(x)) return f.at("listed").add("holds a value that is not a finite number");
    }
    void operator()(const Identity&) const {
      if (!feedback) f.at("identity").add("is only for feedback weights", "use `connect { one_to_one {} }`");
    }
    void operator()(const ForwardProduct& v) const {
      if (!feedback) return f.at("forward_product").add("is only for feedback weights");
      f.at("forward_product").positive("rms", v.rms);
    }
  };
  std::visit(Visitor{f, expected, of_what, feedback}, value.kind);
  check_bounds(f, value.bounds);
}

}  // namespace validation

namespace {

using namespace validation;  // NOLINT(google-build-using-namespace)

void check_probe_target(const Faults& f, const Context& c, const Probe& p) {
  const bool of_projection =
      p.variable == Probe::Variable::kPreTrace || p.variable == Probe::Variable::kPostTrace || p.variable == Probe::Variable::kWeights;
  if (of_projection) {
    if (!refers(f, "projection", p.projection, c.projections, "projection") || p.variable == Probe::Variable::kWeights) return;
    if (c.d.projections[c.projections.at(p.projection)].rule.empty())
      f.at("projection").add(fmt::format("\"{}\" is not plastic, so it has no traces", p.projection));
    return;
  }
  if (p.population.starts_with("ctrl.")) return;  // names a part of a controller; checked when the names are resolved
  if (!refers(f, "population", p.population, c.populations, "population") || p.variable == Probe::Variable::kSpikes) return;
  const Population& population = c.d.populations[c.populations.at(p.population)];
  if (population.is_source())
    f.at("population").add(fmt::format("\"{}\" is a source and has no {}", p.population, variable_name(p.variable)));
  else if (p.variable == Probe::Variable::kThreshold && !spiking_of(population.neuron()))
    f.at("population").add("never spikes (li), so it has no threshold");
}

void check_probe(const Faults& f, const Context& c, const Probe& p) {
  check_probe_target(f, c, p);
  if (p.variable == Probe::Variable::kSpikes) return;
  f.between("start_ms", p.start_ms, 0, kMaxTimeMs);
  if (f.positive("every_ms", p.every_ms) && p.every_ms < to_ms(c.d.resolution) * (1 - 1e-9))
    f.at("every_ms").add(fmt::format("is {} ms, less than one tick of {} ms", p.every_ms, to_ms(c.d.resolution)));
}

/// ctrl.* probes against the names that the controllers will have.
void check_controller_probe(const Faults& f, const Context& c, const Probe& p) {
  if (!p.population.starts_with("ctrl.")) return;
  std::map<std::string, std::size_t> names;
  for (const Controller& k : c.d.controllers)
    for (const std::string& name : {controller_plus(k.population), controller_minus(k.population), controller_target(k.population)})
      names[name] = 0;
  if (!refers(f, "population", p.population, names, "controller population")) return;
  if (p.variable != Probe::Variable::kSpikes && p.population.ends_with(".target"))
    f.at("population").add(fmt::format("\"{}\" is a source and has no {}", p.population, variable_name(p.variable)), "probe its spikes");
}

template <class Named>
std::map<std::string, std::size_t> index_names(const Faults& f, const char* field, const std::vector<Named>& items, const char* what) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].name.empty()) continue;
    const auto [first, fresh] = index.emplace(items[i].name, i);
    if (!fresh)
      f.at(field, i).at("name").add(fmt::format("\"{}\" is already the name of {}[{}]", items[i].name, field, first->second),
                                    fmt::format("every {} needs its own name", what));
  }
  return index;
}

void check_totals(const Faults& f, const Context& c) {
  double neurons = 0, synapses = 0;
  for (const Population& p : c.d.populations) neurons += size_or_more(p.shape);
  if (neurons > static_cast<double>(kMaxNeurons))
    f.at("populations").add(fmt::format("ask for {:.3g} neurons together; at most {} can be described", neurons, kMaxNeurons));
  for (const Projection& p : c.d.projections)
    if (c.populations.contains(p.source) && c.populations.contains(p.target))
      synapses += expected_synapses(p.connect, c.d.populations[c.populations.at(p.source)], c.d.populations[c.populations.at(p.target)]);
  if (synapses > static_cast<double>(kMaxSynapses))
    f.at("projections")
        .add(fmt::format("ask for {:.3g} synapses together; at most {} can be described", synapses, kMaxSynapses),
             "use sparser connections");
}

/// Pairs of tap and output along one axis for which there is an input: o stride + k dilation - padding, within the image.
double pairs_along(const Convolution& c, std::size_t axis, std::int64_t in, std::int64_t out) {
  constexpr std::int64_t kMostTaps = 1 << 16;
  const std::int64_t stride = std::max(1u, c.stride[axis]);
  double pairs = 0;
  for (std::int64_t k = 0; k < std::min<std::int64_t>(c.kernel[axis], kMostTaps); ++k) {
    const std::int64_t offset = k * c.dilation[axis] - static_cast<std::int64_t>(c.padding[axis]);
    const std::int64_t first = offset >= 0 ? 0 : (stride - 1 - offset) / stride;
    const std::int64_t last = in - 1 - offset < 0 ? -1 : std::min(out - 1, (in - 1 - offset) / stride);
    pairs += static_cast<double>(std::max<std::int64_t>(0, last - first + 1));
  }
  return pairs;
}

/// Images are channels x rows x columns.
double synapses_of(const Convolution& c, const std::array<std::uint64_t, 3>& in, const std::array<std::uint64_t, 3>& out) {
  const auto size = [](std::uint64_t n) { return static_cast<std::int64_t>(std::min<std::uint64_t>(n, std::uint64_t{1} << 40)); };
  return static_cast<double>(out[0]) * static_cast<double>(in[0]) / std::max(1u, c.groups) * pairs_along(c, 0, size(in[1]), size(out[1])) *
         pairs_along(c, 1, size(in[2]), size(out[2]));
}

}  // namespace

double expected_synapses(const Connect& connect, const Population& source, const Population& target) {
  const double n = size_or_more(source.shape), m = size_or_more(target.shape);
  const double self = source.name == target.name ? n : 0;
  struct Visitor {
    double n, m, self;
    double operator()(const OneToOne&) const { return n; }
    double operator()(const AllToAll& c) const { return n * m - (c.autapses ? 0 : self); }
    double operator()(const FixedProbability& c) const { return c.probability * (n * m - (c.autapses ? 0 : self)); }
    double operator()(const FixedInDegree& c) const { return m * static_cast<double>(c.count); }
    double operator()(const FixedTotalNumber& c) const { return static_cast<double>(c.count); }
    double operator()(const Pairs& c) const { return c.sources ? static_cast<double>(c.sources->size()) : 0; }
    double operator()(const Tensor&) const { return n * m; }
    double operator()(const Convolution&) const { return 0; }  // below: it depends on shapes
    double operator()(const Pooling& c) const { return m * c.kernel[0] * c.kernel[1]; }
  };
  double count = std::visit(Visitor{n, m, self}, connect);
  if (const auto* convolution = std::get_if<Convolution>(&connect))
    if (const auto in = validation::image_shape(source), out = validation::image_shape(target); in && out)
      count = synapses_of(*convolution, *in, *out);
  return count;
}

std::vector<Diagnostic> validate(const NetworkDescription& written) {
  const NetworkDescription d = with_names(written);
  std::vector<Diagnostic> all;
  const Faults f(all);
  if (d.resolution < kNanosecond || d.resolution > kMillisecond)
    f.at("resolution_ms").add(fmt::format("is {} ms, but must lie between 1 ns (1e-6) and 1 ms", to_ms(d.resolution)));
  if (d.populations.empty()) f.at("populations").add("is empty: a network needs at least one population");
  Context c{d, index_names(f, "populations", d.populations, "population"), index_names(f, "rules", d.rules, "rule"),
            index_names(f, "projections", d.projections, "projection")};
  for (std::size_t i = 0; i < d.populations.size(); ++i) check_population(f.at("populations", i), d.populations[i], d.resolution);
  for (std::size_t i = 0; i < d.projections.size(); ++i) check_projection(f.at("projections", i), c, d.projections[i]);
  for (std::size_t i = 0; i < d.rules.size(); ++i) check_rule(f.at("rules", i), d.rules[i]);
  std::set<std::string> controlled;
  for (std::size_t i = 0; i < d.controllers.size(); ++i) {
    check_controller(f.at("controllers", i), c, d.controllers[i]);
    if (!controlled.insert(d.controllers[i].population).second) f.at("controllers", i).at("population").add("has a controller already");
  }
  for (std::size_t i = 0; i < d.probes.size(); ++i)
    check_probe(f.at("probes", i), c, d.probes[i]), check_controller_probe(f.at("probes", i), c, d.probes[i]);
  index_names(f, "probes", d.probes, "probe");
  check_totals(f, c);
  return all;
}

}  // namespace spikeloop
