// SPDX-License-Identifier: Apache-2.0
#include "cli/recorded.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "backends/dynapse/operations.hpp"
#include "cli/backends.hpp"
#include "cli/inputs.hpp"
#include "cli/nir.hpp"
#include "cli/results.hpp"
#include "core/io/files.hpp"
#include "proto/load.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

struct Column {
  const char* name;
  std::uint64_t ChipOperations::*count;
};
constexpr std::array<Column, 7> kColumns = {{{"spikes", &ChipOperations::spikes},
                                             {"played", &ChipOperations::played},
                                             {"routes", &ChipOperations::routes},
                                             {"broadcasts", &ChipOperations::broadcasts},
                                             {"hops", &ChipOperations::hops},
                                             {"matches", &ChipOperations::matches},
                                             {"synaptic_events", &ChipOperations::synaptic_events}}};

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored);
}

/// Hands a JSON file over; what `take` does not find in it is the file's fault.
void read_json(const fs::path& file, const char* verb, const std::function<void(const nlohmann::json&)>& take) {
  try {
    take(nlohmann::json::parse(io::read_file(file, std::size_t{1} << 30)));
  } catch (const DescriptionError& e) {
    throw DescriptionError(fmt::format("{}: {}; was it changed? {} anew", file.string(), e.what(), verb));
  } catch (const nlohmann::json::exception& e) {
    throw DescriptionError(
        fmt::format("{}: is not what `spikeloop {}` writes ({}); was it changed? {} anew", file.string(), verb, e.what(), verb));
  }
}

void check_counts(const fs::path& file, const Network& network, const OperationCounts& counts) {
  if (counts.populations.size() == network.populations().size() && counts.projections.size() == network.projections().size()) return;
  throw DescriptionError(fmt::format(
      "{}: counts operations of {} populations and {} projections, but the network beside it has {} and {}; was one of the files "
      "changed?",
      file.string(), counts.populations.size(), counts.projections.size(), network.populations().size(), network.projections().size()));
}

double seconds_of(const OperationCounts& counts) { return static_cast<double>(counts.simulated) / static_cast<double>(kSecond); }

RecordedDirectory read_training(const fs::path& dir) {
  RecordedDirectory recorded{"train", prices_of_directory(dir), {}};
  const ExperimentResult stored = stored_result(dir);
  const auto network = std::make_shared<Network>(describe_experiment((dir / "experiment.txtpb").string(), "", load_options()).network);
  for (const TrainingResult& run : stored.runs) {
    if (run.test.samples == 0)
      throw DescriptionError(fmt::format("{}: seed {} was not tested, so that no inference is counted", dir.string(), run.seed));
    check_counts(dir / "report.pb", *network, run.test.counts);
    Recorded r{run.seed, run.test.samples, seconds_of(run.test.counts), {}};
    r.price = [network, test = run.test](const PriceList& prices) { return energy_of(*network, test, {prices}).front(); };
    if (run.test.samples < 2)
      r.no_spread = "there is but one sample";
    else if (run.test.count_covariance.empty())
      r.no_spread = "an older version wrote this directory, and kept only sums; train anew to know it";
    recorded.runs.push_back(std::move(r));
  }
  return recorded;
}

/// A number of things, which somebody may have changed by hand.
std::uint64_t whole_number(const nlohmann::json& json, const char* name) {
  if (!json.is_number_unsigned()) throw DescriptionError(fmt::format("{} is {}, not a whole number from 0", name, json.dump()));
  return json.get<std::uint64_t>();
}

ChipOperations operations_from(const nlohmann::json& json) {
  ChipOperations o;
  for (const Column& c : kColumns) o.*c.count = whole_number(json.at(c.name), c.name);
  return o;
}

std::vector<ChipOperations> samples_from(const nlohmann::json& json) {
  std::vector<ChipOperations> samples(json.at(kColumns.front().name).size());
  for (const Column& c : kColumns)
    for (std::size_t i = 0; i < samples.size(); ++i) samples[i].*c.count = whole_number(json.at(c.name).at(i), c.name);
  return samples;
}

/// The lines that a board has measured.
std::vector<EnergyLine> measured_from(const nlohmann::json& energy) {
  std::vector<EnergyLine> lines;
  for (const nlohmann::json& l : energy.at("lines"))
    if (l.at("measured").get<bool>())
      lines.push_back(
          {l.at("part"), Operation::kStaticSecond, std::numeric_limits<double>::quiet_NaN(), l.at("joules"), true, true, l.at("source")});
  return lines;
}

Recorded deployed_from(const nlohmann::json& run, const ChipSpec& chip) {
  Recorded r{run.at("seed"), whole_number(run.at("samples"), "samples"), run.at("simulated_s"), {}};
  if (!(r.seconds >= 0)) throw DescriptionError(fmt::format("simulated_s is {}", r.seconds));
  if (r.inferences == 0)
    throw DescriptionError(fmt::format("seed {} was deployed without a sample, so that no inference is counted", r.seed));
  const ChipCounts all{operations_from(run.at("operations")), static_cast<std::uint64_t>(chip.limits.neurons_per_core.value),
                       run.value("unseen_neurons", std::uint64_t{0})};
  std::vector<ChipOperations> samples;
  if (run.contains("per_sample")) samples = samples_from(run.at("per_sample"));
  ChipOperations sum;
  for (const ChipOperations& o : samples) sum += o;
  if (!samples.empty() && (samples.size() != r.inferences || sum != all.operations))
    throw DescriptionError(
        fmt::format("per_sample of seed {} has {} samples, which are not the {} of the run", r.seed, samples.size(), r.inferences));
  if (samples.size() < 2) r.no_spread = r.inferences < 2 ? "there is but one sample" : "the operations of each sample were not kept";
  r.measured = measured_from(run.at("energy_per_inference"));
  r.price = [all, samples, n = static_cast<double>(r.inferences), seconds = r.seconds](const PriceList& prices) {
    EnergyReport report = estimate_energy(all, seconds, prices, n);
    report.spread = energy_spread(samples, all, prices);
    return report;
  };
  return r;
}

RecordedDirectory read_deployment(const fs::path& dir) {
  RecordedDirectory recorded{"deploy", {}, {}};
  const ChipSpec chip = load_chip((dir / kChipFile).string());
  recorded.prices.push_back(dynapse::prices_of(chip));
  read_json(dir / kDeployFile, "deploy", [&](const nlohmann::json& json) {
    for (const nlohmann::json& run : json.at("runs")) recorded.runs.push_back(deployed_from(run, chip));
  });
  if (recorded.runs.empty()) throw DescriptionError(fmt::format("{}: has no run in it; deploy anew", (dir / kDeployFile).string()));
  return recorded;
}

OperationCounts counts_from(const nlohmann::json& report, const Network& network) {
  OperationCounts counts;
  for (const Population& p : network.populations()) {
    const nlohmann::json& of = report.at("populations").at(p.name);
    counts.populations.push_back({of.at("spikes"), of.at("updates")});
  }
  for (const Projection& p : network.projections()) {
    const nlohmann::json& of = report.at("projections").at(p.name);
    counts.projections.push_back({of.at("synaptic_events"), of.at("plastic_updates")});
  }
  if (report.contains("chip")) {
    const nlohmann::json& chip = report.at("chip");
    counts.chip = ChipCounts{operations_from(chip.at("operations")), chip.at("neurons_per_core"), chip.at("unseen_neurons")};
  }
  counts.simulated = std::llround(report.at("simulated_s").get<double>() * static_cast<double>(kSecond));
  return counts;
}

/// The network of a run directory, whatever it came from.
std::shared_ptr<const Network> network_of_run(const fs::path& dir, const nlohmann::json& report) {
  if (!is_there(dir / kNirFile)) return std::make_shared<const Network>(load_network((dir / "network.txtpb").string(), load_options()));
  if (report.contains("as"))
    throw DescriptionError(fmt::format("{}: went in steps as {} does, which counts no operations; run it without --as", dir.string(),
                                       report.at("as").get<std::string>()));
  const NirFile file = load_nir((dir / kNirFile).string());
  return std::make_shared<const Network>(exact_subject(file, nir_options_from(report.at("options"))).network.description);
}

RecordedDirectory read_run(const fs::path& dir) {
  RecordedDirectory recorded{"run", prices_of_directory(dir), {}};
  read_json(dir / kReportFile, "run", [&](const nlohmann::json& report) {
    const std::shared_ptr<const Network> network = network_of_run(dir, report);
    const OperationCounts counts = counts_from(report, *network);
    recorded.runs.push_back({report.at("seed"), 1, seconds_of(counts),
                             [network, counts](const PriceList& prices) { return estimate_energy(*network, counts, prices, 1); }});
  });
  return recorded;
}

}  // namespace

nlohmann::ordered_json to_json(const ChipOperations& operations) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const Column& c : kColumns) json[c.name] = operations.*c.count;
  return json;
}

nlohmann::ordered_json to_json(std::span<const ChipOperations> samples) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const Column& c : kColumns) {
    json[c.name] = nlohmann::ordered_json::array();
    for (const ChipOperations& o : samples) json[c.name].push_back(o.*c.count);
  }
  return json;
}

RecordedDirectory read_recorded(const fs::path& dir) {
  std::error_code ignored;
  if (!is_there(dir))
    throw DescriptionError(fmt::format("there is no directory {}; name one of `spikeloop train`, `run` or `deploy --out`", dir.string()));
  if (!fs::is_directory(dir, ignored))
    throw DescriptionError(fmt::format("{} is a file; name a directory of `spikeloop train`, `run` or `deploy --out`", dir.string()));
  if (is_there(dir / kDeployFile)) return read_deployment(dir);
  if (is_there(dir / "experiment.txtpb")) return read_training(dir);
  if (!is_there(dir / "network.txtpb") && !is_there(dir / kNirFile))
    throw DescriptionError(fmt::format(
        "{} is no directory of `spikeloop train`, `run` or `deploy --out`: it has neither {}, experiment.txtpb nor network.txtpb",
        dir.string(), kDeployFile));
  if (!is_there(dir / kReportFile))
    throw DescriptionError(fmt::format("{} has no {}: the run did not come to its end; run it again", dir.string(), kReportFile));
  return read_run(dir);
}

}  // namespace spikeloop::cli
