// SPDX-License-Identifier: Apache-2.0
#include "core/io/nir.hpp"

#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

nir::Array reals(std::vector<double> values) { return {nir::Stored::kFloat32, {values.size()}, values}; }
nir::Array matrix(std::uint64_t rows, std::uint64_t columns, std::vector<double> values) {
  return {nir::Stored::kFloat32, {rows, columns}, values};
}
nir::Array shape(std::int64_t n) { return {nir::Stored::kInt64, {1}, std::vector<std::int64_t>{n}}; }

/// Two inputs, a neuron with tau = 10 ms that either makes fire, and which takes an older file's reset if it has no v_reset.
std::string write_net(const Folder& folder, bool v_reset) {
  nir::Graph g;
  g.version = "1.0.7";
  g.nodes = {
      {"in", "Input", {{"shape", shape(2)}}, {}, nullptr},
      {"fc", "Affine", {{"weight", matrix(1, 2, {2, 3})}, {"bias", reals({0})}}, {}, nullptr},
      {"lif.1", "LIF", {{"tau", reals({0.01})}, {"r", reals({1})}, {"v_leak", reals({0})}, {"v_threshold", reals({0.01})}}, {}, nullptr},
      {"out", "Output", {{"shape", shape(1)}}, {}, nullptr}};
  if (v_reset) g.nodes[2].parameters["v_reset"] = reals({0});
  g.edges = {{"lif.1", "out"}, {"in", "fc"}, {"fc", "lif.1"}};
  io::write_nir(folder / "net.nir", g);
  folder.write("in.csv", "time_ms,population,neuron\n1,in,0\n5,in,1\n");
  return folder / "net.nir";
}

TEST(Nir, energy_of_a_run_is_that_of_its_operations) {
  Folder folder;
  const std::string net = write_net(folder, false);
  folder.write("one.txtpb", R"(# proto-message: spikeloop.v1.PriceList
machine: "one" neurons_per_core: 256
prices { part: "synapse" operation: OPERATION_SYNAPTIC_EVENT joules: 1e-12 source: "a paper" verified: true }
prices { part: "network" operation: OPERATION_CORE_BROADCAST joules: 1e-12 source: "a paper" verified: true }
)");
  ASSERT_EQ(
      call({"run", net, "--dt", "0.1ms", "--reset", "value", "--input", folder / "in.csv", "--duration", "20ms", "--out", folder / "run"})
          .code,
      0);
  const auto energy = call_json({"energy", folder / "run", "--price", folder / "one.txtpb"}, 0)["machines"][0]["runs"][0]["energy"];
  EXPECT_GT(energy["lines"][0]["count"], 0) << energy.dump();
  EXPECT_GT(energy["lines"][1]["count"], 0);
  ASSERT_EQ(call({"run", net, "--as", "norse", "--duration", "20ms", "--out", folder / "steps"}).code, 0);
  const Outcome steps = call({"energy", folder / "steps", "--price", folder / "one.txtpb"});
  EXPECT_EQ(steps.code, 2);
  contains(steps.err, "went in steps as norse does, which counts no operations");
}

TEST(Nir, check_tells_what_is_open_and_what_closes_it) {
  Folder folder;
  const std::string net = write_net(folder, false);
  const Outcome open = call({"check", net});
  ASSERT_EQ(open.code, 0) << open.err;
  for (const char* what : {"lif.1", "a valid NIR file (version 1.0.7): 4 nodes, 1 neurons", "--pulse is open", "--reset is open"})
    contains(open.out, what);
  const Outcome closed = call({"check", net, "--dt", "0.1ms", "--reset", "value", "--json"});
  const auto object = nlohmann::json::parse(closed.out);
  EXPECT_EQ(object["open"].size(), 0u);
  contains(object["conventions"]["dt"].get<std::string>(), "0.1 ms (given)");
}

TEST(Nir, a_run_is_refused_until_every_point_is_closed_then_tells_and_stores_them) {
  Folder folder;
  const std::string net = write_net(folder, false);
  const Outcome refused = call({"run", net, "--out", folder / "no"});
  EXPECT_EQ(refused.code, 2);
  contains(refused.err, "--pulse");
  contains(refused.err, "--reset");
  const Outcome ran = call({"run", net, "--dt", "0.1ms", "--reset", "value", "--input", folder / "in.csv", "--duration", "10ms", "--sample",
                            "1ms", "--out", folder / "out"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  contains(ran.err, "pulse          rect");
  contains(read(folder / "out/conventions.txt"), "reset          v becomes v_reset");
  contains(json_of(folder / "out/report.json")["conventions"]["pulse"].get<std::string>(), "rect");
  // 2 (1 - exp(-t / tau)) = 0.01 after 50.1 us, and 3 (1 - exp(-t / tau)) after 33.4 us: twice each, and a second and third time within the
  // pulse
  contains(read(folder / "out/spikes.csv"), "1.05012");
  contains(read(folder / "out/spikes.csv"), "lif.1,0\n");
  EXPECT_TRUE(fs::exists(folder / "out/samples/lif.1.potential.csv"));
  EXPECT_EQ(io::read_nir(folder / "out/network.nir"), io::read_nir(net));
}

TEST(Nir, as_another_tool_goes_in_steps) {
  Folder folder;
  const std::string net = write_net(folder, true);
  const Outcome ran = call({"run", net, "--as", "norse", "--dt", "0.1ms", "--input", folder / "in.csv", "--duration", "10ms", "--sample",
                            "0.1ms", "--out", folder / "out"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string spikes = read(folder / "out/spikes.csv");
  contains(spikes, "1,lif.1,0\n");
  contains(spikes, "5,lif.1,0\n");
  EXPECT_EQ(call({"run", net, "--as", "norse", "--pulse", "rect"}).code, 1);
  const Outcome unknown = call({"run", net, "--as", "nothing"});
  EXPECT_EQ(unknown.code, 1);
}

TEST(Nir, options_of_nir_files_are_refused_for_others) {
  Folder folder;
  folder.write_random_network();
  const Outcome outcome = call({"run", folder / "random.txtpb", "--dt", "1ms"});
  EXPECT_EQ(outcome.code, 1);
  contains(outcome.err, "--dt is for NIR files");
}

TEST(Nir, each_neuron_is_checked_and_named_by_its_node) {
  const Folder folder;
  const std::string net = write_net(folder, true);
  const auto with = [&](const char* parameter, std::vector<double> values) {
    nir::Graph g = io::read_nir(net);
    const auto node = [&](const std::string& name) -> nir::Node& {
      return *std::find_if(g.nodes.begin(), g.nodes.end(), [&](const nir::Node& n) { return n.name == name; });
    };
    node("fc").parameters["weight"] = matrix(2, 2, {2, 3, 2, 3}), node("fc").parameters["bias"] = reals({0, 0});
    for (const char* p : {"tau", "r", "v_leak", "v_threshold", "v_reset"}) {
      const double one = std::get<std::vector<double>>(node("lif.1").parameters[p].values).front();
      node("lif.1").parameters[p] = reals({one, one});
    }
    node("lif.1").parameters[parameter] = reals(values);
    node("out").parameters["shape"] = shape(2);
    io::write_nir(folder / "own.nir", g);
    return call({"check", folder / "own.nir", "--pulse", "dirac-1"});
  };
  EXPECT_EQ(with("v_threshold", {0.01, 0.02}).code, 0);
  const Outcome threshold = with("v_threshold", {0.01, -5}), tau = with("tau", {-0.01, -0.01});
  EXPECT_EQ(threshold.code, 2);
  contains(threshold.err, "own.nir");
  contains(threshold.err, "node \"lif.1\" neuron 1");
  EXPECT_EQ(tau.code, 2);
  contains(tau.err, "own.nir: node.nodes.lif.1.tau: is -0.009");
}

TEST(Nir, where_a_description_is_needed_it_is_said_how_to_make_one) {
  const Folder folder;
  const std::string net = write_net(folder, true);
  for (const char* verb : {"map", "train"}) {
    const Outcome outcome = call({verb, net});
    EXPECT_EQ(outcome.code, 2);
    contains(outcome.err, "is a NIR file");
    contains(outcome.err, "spikeloop convert " + net);
  }
}

TEST(Nir, converted_to_a_description_and_back_the_run_is_the_same) {
  Folder folder;
  const std::string net = write_net(folder, true);
  ASSERT_EQ(call({"convert", net, folder / "net.txtpb", "--pulse", "dirac-1"}).code, 0);
  ASSERT_EQ(call({"convert", folder / "net.txtpb", folder / "back.nir"}).code, 0);
  const auto spikes_of = [&](const std::string& file, const std::string& out, std::vector<std::string> more) {
    std::vector<std::string> arguments = {"run", file, "--input", folder / "in.csv", "--duration", "10ms", "--out", folder / out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = call(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return read(folder / (out + "/spikes.csv"));
  };
  const std::string wanted = spikes_of(net, "a", {"--pulse", "dirac-1"});
  contains(wanted, "lif.1,0\n");
  EXPECT_EQ(spikes_of(folder / "net.txtpb", "b", {}), wanted);
  EXPECT_EQ(spikes_of(folder / "back.nir", "c", {"--unit", "s", "--pulse", "dirac-1"}), wanted);
}

TEST(Nir, what_cannot_be_converted_is_listed) {
  Folder folder;
  folder.write_random_network();
  const Outcome outcome = call({"convert", folder / "random.txtpb", folder / "random.nir"});
  EXPECT_EQ(outcome.code, 2);
  contains(outcome.err, "poisson");
  EXPECT_FALSE(fs::exists(folder / "random.nir"));
}

}  // namespace
}  // namespace spikeloop::cli::test
