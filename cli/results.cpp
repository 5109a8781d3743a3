// SPDX-License-Identifier: Apache-2.0
#include "cli/results.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "backends/dynapse/operations.hpp"
#include "cli/backends.hpp"
#include "cli/map.hpp"
#include "core/io/files.hpp"
#include "core/io/spikes_csv.hpp"
#include "proto/atomic_file.hpp"
#include "proto/load.hpp"
#include "proto/write.hpp"
#include "report/html.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;

std::vector<PriceList> load_price_folder(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().extension() == ".txtpb") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<PriceList> prices;
  for (const fs::path& file : files) prices.push_back(load_prices(file.string()));
  return prices;
}

std::vector<PriceList> prices_of_directory(const fs::path& dir) {
  std::vector<PriceList> prices = load_price_folder(dir / "prices");
  std::error_code ignored;
  if (fs::exists(dir / kChipFile, ignored)) prices.insert(prices.begin(), dynapse::prices_of(load_chip((dir / kChipFile).string())));
  return prices;
}

PriceList load_price(const std::string& name) {
  std::error_code ignored;
  const bool is_name = name.find('/') == std::string::npos && name.find('.') == std::string::npos && !fs::exists(name, ignored);
  if (is_name) return dynapse::prices_of(load_chip_of(name));
  switch (description_kind_of_file(name)) {
    case DescriptionKind::kChip:
      return dynapse::prices_of(load_chip(name));
    case DescriptionKind::kNetwork:
    case DescriptionKind::kExperiment:
    case DescriptionKind::kMapping:
      throw DescriptionError(fmt::format(
          "{}: holds no prices; name a price list or a chip, a file with `# proto-message: spikeloop.v1.PriceList` or `spikeloop.v1.Chip`",
          name));
    case DescriptionKind::kPriceList:
    case DescriptionKind::kUnknown:
      break;
  }
  return load_prices(name);
}

std::vector<EnergyReport> energy_of(const Network& network, const Evaluation& test, const std::vector<PriceList>& prices) {
  std::vector<EnergyReport> reports;
  for (const PriceList& p : prices) {
    reports.push_back(estimate_energy(network, test.counts, p, static_cast<double>(std::max<std::size_t>(1, test.samples))));
    reports.back().spread = energy_spread(network, test.count_covariance, p, test.counts.chip);
  }
  return reports;
}

std::string write_reports(const fs::path& dir, const ExperimentResult& result, const Network& network, const report::RunInfo& info) {
  const std::string json = report::training_json(result, network, info);
  if (!result.runs.empty()) io::write_spikes_csv(dir / "spikes.csv", network.populations(), result.runs.front().example.spikes);
  write_file_atomically((dir / "report.pb").string(), write_report_binary(result));
  write_file_atomically((dir / "report.html").string(), report::training_html(result, network, info));
  write_file_atomically((dir / kReportFile).string(), json);
  return json;
}

ExperimentResult stored_result(const std::filesystem::path& dir) {
  std::error_code ignored;
  if (!std::filesystem::exists(dir, ignored))
    throw DescriptionError(fmt::format("there is no directory {}; name one of `spikeloop train`", dir.string()));
  if (!std::filesystem::exists(dir / "experiment.txtpb", ignored))
    throw DescriptionError(fmt::format("{} is not a run directory of `spikeloop train`: it has no experiment.txtpb", dir.string()));
  if (!std::filesystem::exists(dir / kReportFile, ignored))
    throw DescriptionError(fmt::format("{} is not finished; go on with `spikeloop train --resume {}`", dir.string(), dir.string()));
  const std::filesystem::path file = dir / "report.pb";
  ExperimentResult result = read_report_binary(io::read_file(file, std::size_t{1} << 30), file.string());
  if (result.runs.empty()) throw DescriptionError(fmt::format("{}: has no finished run in it; train anew", file.string()));
  return result;
}

}  // namespace spikeloop::cli
