// SPDX-License-Identifier: Apache-2.0
#include "backends/compose/host_learning.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "backends/compose/host_network.hpp"
#include "core/bytes.hpp"

namespace spikeloop::compose {
namespace {

constexpr std::uint64_t kStateMagic = 0x31'74'73'6f'68'6c'73;  // "slhost1"

/// What both parts were made of; shared by sessions.
struct Parts {
  std::shared_ptr<const Network> network;
  std::vector<Home> homes;
  std::optional<HostNetwork> host_network;
  std::shared_ptr<const Program> chip, host, sources;  ///< host, sources: may be missing
  HostLearningOptions options;
  bool loop = false;                ///< some population of the host projects to the chip
  std::vector<std::size_t> taught;  ///< projections of the chip that learn
};

/// Everything of a stretch, to be handed on in order.
struct Gathered final : Sink {
  std::vector<Spike> spikes;
  std::vector<Sample> samples;
  void spike(const Spike& s) override { spikes.push_back(s); }
  void sample(Time time, std::uint32_t probe, std::span<const double> values) override {
    samples.push_back({time, probe, {values.begin(), values.end()}});
  }
  void clear() { spikes.clear(), samples.clear(); }
  void hand_on(Sink& sink) {
    std::sort(spikes.begin(), spikes.end(), [](const Spike& a, const Spike& b) {
      return std::tuple(a.time, a.population, a.neuron) < std::tuple(b.time, b.population, b.neuron);
    });
    auto sample = samples.begin();
    const auto samples_before = [&](Time time) {
      for (; sample != samples.end() && sample->time < time; ++sample) sink.sample(sample->time, sample->probe, sample->values);
    };
    for (const Spike& s : spikes) samples_before(s.time), sink.spike(s);
    samples_before(kForever);
  }
  static constexpr Time kForever = std::numeric_limits<Time>::max();
};

class BesideSession final : public ComposedSession {
 public:
  BesideSession(std::shared_ptr<const Parts> parts, std::span<const InitialWeights> initial) : parts_(std::move(parts)) {
    chip_ = parts_->chip->start(initial);
    if (parts_->sources) sources_ = parts_->sources->start();
    if (!parts_->host) return;
    std::vector<InitialWeights> weights = parts_->host_network->weights;
    for (const InitialWeights& given : initial)
      if (const auto here = parts_->host_network->projection_of.at(given.projection)) {
        std::erase_if(weights, [&](const InitialWeights& w) { return w.projection == *here; });
        weights.push_back({*here, given.weights});
      }
    host_ = parts_->host->start(weights);
  }

  Session& chip() override { return *chip_; }
  Time now() const override { return now_; }

  void advance(Time until, std::span<const Spike> spikes_in, Sink& sink) override {
    if (until <= now_) return;
    input_.assign(spikes_in.begin(), spikes_in.end());
    if (sources_) {
      gathered_.clear();
      sources_->advance(until, {}, gathered_);
      input_.insert(input_.end(), gathered_.spikes.begin(), gathered_.spikes.end());
    }
    std::stable_sort(input_.begin(), input_.end(), [](const Spike& a, const Spike& b) { return a.time < b.time; });
    all_.clear();
    if (!parts_->loop) {
      run_chip(until, input_);
      follow(until, input_, seen_, 0);
      now_ = until;
    } else {
      while (now_ < until) exchange(std::min(until, now_ + parts_->options.exchange));
    }
    all_.hand_on(sink);
  }

  void reset(std::uint64_t trial) override {
    if (dirty_ && (!learning_ || ++waited_ >= parts_->options.commit_interval)) give_weights();
    chip_->reset(trial);
    if (sources_) sources_->reset(trial);
    if (host_) host_->reset(trial);
    seen_.clear();
    now_ = 0;
  }

  std::vector<float> weights(std::size_t k) const override {
    const auto here = on_host(k);
    return here ? host_->weights(*here) : chip_->weights(k);
  }
  void set_weights(std::size_t k, std::span<const float> weights) override {
    const auto here = on_host(k);
    if (here) host_->set_weights(*here, weights);
    if (!here || ends_on_chip(k)) chip_->set_weights(k, weights);
  }
  Connectivity connectivity(std::size_t k) const override {
    const auto here = on_host(k);
    return here ? host_->connectivity(*here) : chip_->connectivity(k);
  }
  std::vector<double> thresholds(std::size_t population) const override {
    return lives_on_host(population) ? host_->thresholds(population) : chip_->thresholds(population);
  }
  void set_thresholds(std::size_t population, std::span<const double> thresholds) override {
    lives_on_host(population) ? host_->set_thresholds(population, thresholds) : chip_->set_thresholds(population, thresholds);
  }
  void set_learning(double rules, double homeostasis) override {
    learning_ = rules != 0;
    if (host_) host_->set_learning(rules, homeostasis);
  }
  void commit() override {
    if (!host_) return;
    host_->commit();
    dirty_ = true;
  }

  State save() const override {
    StateWriter w;
    w.put(kStateMagic);
    w.put(parts_->network->fingerprint());
    w.put(now_), w.put(waited_), w.put_flag(dirty_), w.put_flag(learning_);
    w.put_all(chip_->save());
    w.put_all(host_ ? host_->save() : State{});
    w.put_all(sources_ ? sources_->save() : State{});
    w.put(hash_bytes(kHashStart, w.bytes.data(), w.bytes.size()));
    return std::move(w.bytes);
  }
  void restore(const State& state) override {
    StateReader r(state);
    r.check_sum();
    if (r.get<std::uint64_t>() != kStateMagic || r.get<std::uint64_t>() != parts_->network->fingerprint())
      throw DescriptionError("the saved state belongs to another network, or to a run without a chip");
    now_ = r.get<Time>(), waited_ = r.get<unsigned>(), dirty_ = r.get_flag(), learning_ = r.get_flag();
    chip_->restore(r.get_all<std::byte>());
    const State host = r.get_all<std::byte>(), sources = r.get_all<std::byte>();
    if (host_) host_->restore(host);
    if (sources_) sources_->restore(sources);
    seen_.clear();
  }

  OperationCounts counts() const override {
    OperationCounts counts = chip_->counts();
    if (!host_) return counts;
    const OperationCounts host = host_->counts();
    for (std::size_t p = 0; p < parts_->homes.size(); ++p)
      if (lives_on_host(p)) counts.populations[p] = host.populations[p];
    for (std::size_t k = 0; k < counts.projections.size(); ++k)
      if (const auto here = on_host(k)) {
        counts.projections[k].plastic_updates = host.projections[*here].plastic_updates;
        if (!ends_on_chip(k)) counts.projections[k].synaptic_events = host.projections[*here].synaptic_events;
      }
    return counts;
  }

 private:
  std::optional<std::size_t> on_host(std::size_t k) const {
    return parts_->host_network ? parts_->host_network->projection_of.at(k) : std::nullopt;
  }
  bool lives_on_host(std::size_t population) const { return parts_->homes[population] == Home::kHost; }
  bool ends_on_chip(std::size_t k) const {
    return parts_->homes[parts_->network->population_index(parts_->network->projections()[k].target)] == Home::kChip;
  }

  void give_weights() {
    for (const std::size_t k : parts_->taught) {
      std::vector<float> learned = host_->weights(*on_host(k));
      if (learned != chip_->weights(k)) chip_->set_weights(k, learned);
    }
    dirty_ = false;
    waited_ = 0;
  }

  /// Runs the chip; what is seen of its own neurons is in `seen_`, all of it in `all_`.
  void run_chip(Time until, std::span<const Spike> input) {
    gathered_.clear();
    chip_->advance(until, input, gathered_);
    seen_.clear();
    for (const Spike& s : gathered_.spikes) {
      if (parts_->homes[s.population] == Home::kChip) seen_.push_back(s);
      if (!lives_on_host(s.population)) all_.spikes.push_back(s);  // those of the host are its own to show
    }
  }

  /// Runs the host with the chip's spikes, each `later` than it was seen.
  void follow(Time until, std::span<const Spike> input, std::span<const Spike> of_chip, Time later) {
    if (!host_) return;
    const HostNetwork& net = *parts_->host_network;
    host_input_.clear();
    for (const Spike& s : input)
      if (s.time >= now_) host_input_.push_back(s);
    for (const Spike& s : of_chip) {
      const Time time = s.time + later;
      const auto drive = net.drive[s.population];  // an echo fires a tick after its drive
      const Time at = std::max(now_, drive ? time - net.network.resolution() : time);
      if (at < until) host_input_.push_back({at, drive.value_or(s.population), s.neuron});
    }
    gathered_.clear();
    host_->advance(until, host_input_, gathered_);
    for (const Spike& s : gathered_.spikes)
      if (lives_on_host(s.population)) all_.spikes.push_back(s);
    for (Sample& s : gathered_.samples) {
      s.probe = net.probe_of[s.probe];
      if (s.probe != HostNetwork::kNone) all_.samples.push_back(std::move(s));
    }
  }

  void exchange(Time end) {
    const auto from = std::lower_bound(input_.begin(), input_.end(), now_, [](const Spike& s, Time t) { return s.time < t; });
    const auto to = std::lower_bound(from, input_.end(), end, [](const Spike& s, Time t) { return s.time < t; });
    const std::size_t before = all_.spikes.size();
    follow(end, {from, to}, seen_, end - now_);
    to_chip_.assign(from, to);
    to_chip_.insert(to_chip_.end(), all_.spikes.begin() + static_cast<std::ptrdiff_t>(before), all_.spikes.end());
    run_chip(end, to_chip_);
    now_ = end;
  }

  std::shared_ptr<const Parts> parts_;
  std::unique_ptr<Session> chip_, host_, sources_;
  Time now_ = 0;
  bool dirty_ = false;  ///< the chip has not the weights of the host
  bool learning_ = true;
  unsigned waited_ = 0;  ///< trials since weights that the chip does not have
  std::vector<Spike> input_, host_input_, to_chip_;
  std::vector<Spike> seen_;  ///< of the chip's neurons, in the last stretch
  Gathered gathered_, all_;
};

class BesideProgram final : public Program {
 public:
  explicit BesideProgram(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::string describe() const override {
    return parts_->chip->describe() + (parts_->host ? "; beside it: " + parts_->host->describe() : std::string());
  }
  std::unique_ptr<Session> start(std::span<const InitialWeights> initial) const override {
    return std::make_unique<BesideSession>(parts_, initial);
  }

 private:
  std::shared_ptr<const Parts> parts_;
};

class HostLearning final : public Backend {
 public:
  HostLearning(std::shared_ptr<const Backend> chip, std::shared_ptr<const Backend> host, HostLearningOptions options)
      : chip_(std::move(chip)), host_(std::move(host)), options_(std::move(options)) {}
  std::string name() const override { return chip_->name(); }

  std::vector<Diagnostic> check(const Network& network) const override {
    const std::vector<Home> homes = options_.homes(network);
    std::vector<Diagnostic> faults = chip_->check(network);
    if (!faults.empty()) return faults;  // the host's part may make no sense
    if (const auto beside = host_network(network, homes)) return host_->check(beside->network);
    return faults;
  }

  std::shared_ptr<const Program> compile(const Network& network) const override {
    auto parts = std::make_shared<Parts>();
    parts->network = std::make_shared<const Network>(network);
    parts->homes = options_.homes(network);
    parts->options = options_;
    parts->chip = chip_->compile(network);
    parts->host_network = host_network(network, parts->homes);
    if (parts->host_network) parts->host = host_->compile(parts->host_network->network);
    if (const auto sources = source_network(network)) parts->sources = host_->compile(*sources);
    for (std::size_t k = 0; k < network.projections().size(); ++k) {
      const Projection& p = network.projections()[k];
      const Home from = parts->homes[network.population_index(p.source)], to = parts->homes[network.population_index(p.target)];
      if (to != Home::kChip) continue;
      parts->loop = parts->loop || (from == Home::kHost && p.port != Port::kModulator);
      if (!p.rule.empty()) parts->taught.push_back(k);
    }
    return std::make_shared<BesideProgram>(std::move(parts));
  }

 private:
  std::shared_ptr<const Backend> chip_, host_;
  HostLearningOptions options_;
};

}  // namespace

std::unique_ptr<Backend> make_host_learning(std::shared_ptr<const Backend> chip, std::shared_ptr<const Backend> host,
                                            HostLearningOptions options) {
  return std::make_unique<HostLearning>(std::move(chip), std::move(host), std::move(options));
}

}  // namespace spikeloop::compose
