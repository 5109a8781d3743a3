// SPDX-License-Identifier: Apache-2.0
// Convolutional networks run event by event give the spikes that a plain program gives, every one of them.
#include "tests/nir/convolutional.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "backends/simulator/simulator.hpp"
#include "core/io/events.hpp"
#include "core/io/nir.hpp"
#include "core/nir/network_of.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/nir/support.hpp"

namespace spikeloop::nir::test {
namespace {

namespace fs = std::filesystem;

/// Every spike of the neurons, as the plain program numbers them: by way of a file, its network and a session.
struct EngineRun {
  std::vector<PlainSpike> spikes;
  NetworkDescription description;
  std::vector<std::size_t> by_layer;
};

EngineRun through_a_file(const Graph& graph, const std::vector<PlainEvent>& events, Time until, Reset reset, std::size_t threads = 1) {
  const io::test::TemporaryFolder folder;
  io::write_nir(folder / "net.nir", graph, {.gzip = true});
  const Graph read = io::read_nir(folder / "net.nir");
  const FlatGraph flat = flatten(read);
  const NirNetwork made = network_of(flat, settle(flat, {Unit::kSecond, {}, Pulse::kDiracUnit, reset}));
  const Network network(made.description);
  std::vector<std::optional<std::size_t>> layer(network.populations().size());
  EngineRun run{{}, made.description, {}};
  for (const Node& n : graph.nodes) {
    if (n.type != "IF") continue;
    layer[network.population_index(n.name)] = run.by_layer.size();
    run.by_layer.push_back(0);
  }
  const auto input = static_cast<std::uint32_t>(network.population_index("input"));
  std::vector<Spike> spikes;
  for (const PlainEvent& e : events)
    if (e.time < until) spikes.push_back({e.time, input, e.input});
  Recording recording;
  make_simulator(threads)->compile(network)->start()->advance(until, spikes, recording);
  for (const Spike& s : recording.spikes)
    if (layer[s.population]) run.spikes.push_back({s.time, *layer[s.population], s.neuron}), ++run.by_layer[*layer[s.population]];
  std::sort(run.spikes.begin(), run.spikes.end());
  return run;
}

/// The first spike that one of them has and the other has not; empty if there is none.
std::string difference(const std::vector<PlainSpike>& found, const std::vector<PlainSpike>& wanted) {
  std::size_t i = 0;
  while (i < found.size() && i < wanted.size() && found[i] == wanted[i]) ++i;
  if (i == found.size() && i == wanted.size()) return {};
  const auto text = [&](const std::vector<PlainSpike>& all) {
    if (i == all.size()) return std::string("no more");
    return std::to_string(all[i].time) + " ns, layer " + std::to_string(all[i].layer) + ", neuron " + std::to_string(all[i].neuron);
  };
  return "spike " + std::to_string(i) + " is " + text(found) + "; wanted: " + text(wanted);
}

/// Recordings of N-MNIST: the single one, and some of the packed ones.
std::vector<fs::path> nmnist_recordings(const fs::path& folder) {
  const char* data = std::getenv("SPIKELOOP_DATA_DIR");
  const fs::path events = fs::path(data ? data : SPIKELOOP_SOURCE_DIR "/../shared/data") / "events";
  std::vector<fs::path> files;
  if (fs::exists(events / "sample_nmnist.bin")) files.push_back(events / "sample_nmnist.bin");
  if (!fs::exists(events / "nmnist_train500.tar.gz")) return files;
  const std::string command = "tar xzf '" + (events / "nmnist_train500.tar.gz").string() + "' -C '" + folder.string() + "'";
  if (std::system(command.c_str()) != 0) return files;
  for (const io::EventClass& c : io::event_classes(folder / "nmnist/Train"))
    if (c.label == "1" || c.label == "8") files.push_back(c.files.front());
  return files;
}

std::vector<PlainEvent> events_of(const fs::path& file) {
  const auto reader = io::open_events(file);
  std::vector<io::AddressEvent> chunk(1024);
  std::vector<PlainEvent> events;
  while (const std::size_t n = reader->read(chunk))
    for (std::size_t i = 0; i < n; ++i) events.push_back({chunk[i].time, (std::uint32_t{chunk[i].on} * 34 + chunk[i].y) * 34 + chunk[i].x});
  return events;
}

TEST(Convolutional, recordings_run_through_the_nmnist_network_as_a_plain_program_does_it) {
  const io::test::TemporaryFolder folder;
  const std::vector<fs::path> files = nmnist_recordings(folder / "");
  if (files.size() < 3) GTEST_SKIP() << "SKIPPED: no recordings of N-MNIST in SPIKELOOP_DATA_DIR/events";
  const Graph graph = nmnist_network();
  for (const fs::path& file : files) {
    const std::vector<PlainEvent> events = events_of(file);
    const Time until = events.back().time + kMillisecond;
    ASSERT_GT(until, 200 * kMillisecond) << file;
    const EngineRun run = through_a_file(graph, events, until, Reset::kToValue);
    EXPECT_EQ(difference(run.spikes, plain_run(graph, events, until, false)), "") << file;
    for (std::size_t l = 0; l < run.by_layer.size(); ++l) {  // spikes of the whole layer for each event of the recording
      const double per_event = static_cast<double>(run.by_layer[l]) / static_cast<double>(events.size());
      EXPECT_GT(per_event, 0.4) << file << ", layer " << l;
      EXPECT_LT(per_event, 2.5) << file << ", layer " << l;
    }
    const auto& all = run.description.projections;
    EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const Projection& p) { return std::holds_alternative<Convolution>(p.connect); }), 3);
  }
}

/// A chain of convolutions, pools and matrices with neurons between them, drawn anew for every seed.
class RandomNetwork {
 public:
  explicit RandomNetwork(std::uint32_t seed) : random_(seed) {
    channels_ = 1 + pick(3), height_ = 5 + pick(9), width_ = 5 + pick(9);
    add(node("input", "Input", {{"shape", integers({3}, {channels_, height_, width_})}}));
    inputs_ = static_cast<std::uint32_t>(channels_ * height_ * width_);
    const int layers = 1 + static_cast<int>(pick(3));
    for (int l = 0; l < layers; ++l) {
      if (l > 0 && pick(2)) add_pool();
      add_convolution();
      if (pick(4) == 0) add_pool();  // after the convolution, before its neurons
      add_neurons();
    }
    if (pick(2)) add_pool();
    add(node("flat", "Flatten", {{"start_dim", integers({}, {0})}, {"end_dim", integers({}, {-1})}}));
    const auto n = static_cast<std::uint64_t>(channels_ * height_ * width_), out = static_cast<std::uint64_t>(1 + pick(7));
    add(node("fc", "Linear", {{"weight", reals({out, n}, dyadic(random_, out * n, -0.5, 1))}}));
    channels_ = 1, height_ = 1, width_ = static_cast<std::int64_t>(out);
    add_neurons();
    add(node("output", "Output", {{"shape", integers({1}, {width_})}}));
  }

  Graph graph() const { return chain(nodes_); }
  std::string text() const { return text_; }

  /// Some at the same time, some at the same place.
  std::vector<PlainEvent> events(std::size_t n) {
    std::vector<PlainEvent> all;
    Time now = 0;
    for (std::size_t i = 0; i < n; ++i) {
      now += pick(3) == 0 ? 0 : pick(3) == 0 ? 1 + pick(3) : kMicrosecond * (1 + pick(50));
      all.push_back({now, static_cast<std::uint32_t>(pick(inputs_))});
    }
    return all;
  }

 private:
  std::int64_t pick(std::int64_t n) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n)); }
  void add(Node n) {
    text_ += " " + n.type;
    nodes_.push_back(std::move(n));
  }
  std::string name(const char* what) const { return what + std::to_string(nodes_.size()); }

  void add_neurons() {
    const double threshold = 0.25 * static_cast<double>(1 + pick(12));
    add(node(name("if"), "IF",
             {{"r", reals({}, {pick(3) == 0 ? 2.0 : 1.0})},
              {"v_threshold", reals({}, {threshold})},
              {"v_reset", reals({}, {-0.125 * static_cast<double>(pick(3))})}}));
  }

  /// Sizes that leave something over.
  static bool fits(std::int64_t& length, std::int64_t kernel, std::int64_t stride, std::int64_t padding, std::int64_t dilation) {
    const std::int64_t room = length + 2 * padding - dilation * (kernel - 1) - 1;
    if (room < 0) return false;
    length = room / stride + 1;
    return true;
  }

  void add_pool() {
    const std::int64_t k[2] = {1 + pick(3), 1 + pick(3)}, s[2] = {1 + pick(3), 1 + pick(3)},
                       p[2] = {pick(k[0] / 2 + 1), pick(k[1] / 2 + 1)};
    std::int64_t h = height_, w = width_;
    if (!fits(h, k[0], s[0], p[0], 1) || !fits(w, k[1], s[1], p[1], 1)) return;
    const bool mean = pick(2) && (k[0] * k[1] & (k[0] * k[1] - 1)) == 0;  // else its weight is not dyadic
    add(node(
        name("pool"), mean ? "AvgPool2d" : "SumPool2d",
        {{"kernel_size", integers({2}, {k[0], k[1]})}, {"stride", integers({2}, {s[0], s[1]})}, {"padding", integers({2}, {p[0], p[1]})}}));
    height_ = h, width_ = w;
  }

  void add_convolution() {
    std::int64_t h, w, k[2], s[2], p[2], d[2];
    do {
      h = height_, w = width_;
      for (int i = 0; i < 2; ++i) k[i] = 1 + pick(5), s[i] = 1 + pick(3), p[i] = pick(4), d[i] = 1 + pick(3);
    } while (!fits(h, k[0], s[0], p[0], d[0]) || !fits(w, k[1], s[1], p[1], d[1]));
    const std::int64_t groups = pick(2) ? channels_ : 1, out = groups * (1 + pick(3));
    const auto shape = std::vector<std::uint64_t>{static_cast<std::uint64_t>(out), static_cast<std::uint64_t>(channels_ / groups),
                                                  static_cast<std::uint64_t>(k[0]), static_cast<std::uint64_t>(k[1])};
    add(node(name("conv"), "Conv2d",
             {{"weight", reals(shape, dyadic(random_, shape[0] * shape[1] * shape[2] * shape[3], -0.5, 1))},
              {"stride", integers({2}, {s[0], s[1]})},
              {"padding", integers({2}, {p[0], p[1]})},
              {"dilation", integers({2}, {d[0], d[1]})},
              {"groups", integers({}, {groups})}}));
    channels_ = out, height_ = h, width_ = w;
  }

  std::mt19937 random_;
  std::int64_t channels_ = 0, height_ = 0, width_ = 0;
  std::uint32_t inputs_ = 0;
  std::vector<Node> nodes_;
  std::string text_;
};

TEST(Convolutional, networks_of_any_shape_spike_as_a_plain_program_says) {
  std::size_t spikes = 0, of_last = 0;
  for (std::uint32_t seed = 1; seed <= 120; ++seed) {
    RandomNetwork random(seed);
    const std::vector<PlainEvent> events = random.events(150);
    const Time until = events.back().time + kMillisecond;
    const bool subtract = seed % 2 == 0;
    const Graph graph = random.graph();
    const EngineRun run = through_a_file(graph, events, until, subtract ? Reset::kSubtract : Reset::kToValue, 1 + seed % 3 / 2);
    EXPECT_EQ(difference(run.spikes, plain_run(graph, events, until, subtract)), "") << "seed " << seed << ":" << random.text();
    const Network network(run.description);
    const auto session = make_simulator()->compile(network)->start();
    for (std::size_t k = 0; k < network.projections().size(); ++k)
      EXPECT_EQ(network.expected_synapses(network.projections()[k]), static_cast<double>(session->connectivity(k).sources.size()))
          << "seed " << seed << ":" << random.text();
    if (::testing::Test::HasFailure()) return;
    spikes += run.spikes.size(), of_last += run.by_layer.back();
  }
  EXPECT_GT(spikes, 20'000u);  // they do something
  EXPECT_GT(of_last, 2'000u);
}

TEST(Convolutional, windows_that_see_only_padding_connect_nothing) {
  const Graph graph = chain(
      {node("input", "Input", {{"shape", integers({3}, {1, 3, 3})}}), node("pool", "SumPool2d", {{"kernel_size", integers({2}, {2, 2})}}),
       node("conv", "Conv2d", {{"weight", reals({1, 1, 1, 1}, {1})}, {"stride", integers({}, {2})}, {"padding", integers({}, {1})}}),
       node("if", "IF", {{"r", reals({}, {1})}, {"v_threshold", reals({}, {0.5})}, {"v_reset", reals({}, {0})}}),
       node("output", "Output", {{"shape", integers({3}, {1, 2, 2})}})});
  const EngineRun run = through_a_file(graph, {{0, 0}, {10, 4}}, kMicrosecond, Reset::kToValue);
  EXPECT_TRUE(run.spikes.empty());
  EXPECT_TRUE(run.description.projections.empty());
}

}  // namespace
}  // namespace spikeloop::nir::test
