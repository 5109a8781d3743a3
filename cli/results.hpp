// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/experiment.hpp"
#include "report/json.hpp"

namespace spikeloop::cli {

/// Every price list (.txtpb) of a folder, by file name; none if there is no such folder. Throws DescriptionError for a bad one.
std::vector<PriceList> load_price_folder(const std::filesystem::path& folder);

/// What a run directory is priced by unless somebody says otherwise: the chip that it is of, and the price lists that lie in it.
std::vector<PriceList> prices_of_directory(const std::filesystem::path& dir);

/// A price list, or the prices of a chip, which may be named without a file; a file's `proto-message` line tells which. Throws
/// DescriptionError.
PriceList load_price(const std::string& name);

/// Energy of one inference of a test on each priced machine (estimated), with its spread over the samples.
std::vector<EnergyReport> energy_of(const Network& network, const Evaluation& test, const std::vector<PriceList>& prices);

/// The stored result of a finished run directory; throws DescriptionError if there is none.
ExperimentResult stored_result(const std::filesystem::path& dir);

/// Stands in a run directory from the moment that everything else does.
inline constexpr const char* kReportFile = "report.json";

/// Writes spikes.csv of the example trial, report.pb, report.html and, last, report.json, whose text is returned.
std::string write_reports(const std::filesystem::path& dir, const ExperimentResult& result, const Network& network,
                          const report::RunInfo& info);

}  // namespace spikeloop::cli
