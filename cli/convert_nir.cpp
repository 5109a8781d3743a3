// SPDX-License-Identifier: Apache-2.0
#include "cli/convert_nir.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/inputs.hpp"
#include "cli/run_directory.hpp"
#include "core/io/files.hpp"
#include "core/io/nir.hpp"
#include "core/io/npy.hpp"
#include "core/nir/graph_of.hpp"
#include "proto/write.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

bool has_suffix(const std::string& file, const char* suffix) { return fs::path(file).extension() == suffix; }

/// Matrices go into files of their own, beside the description.
void store_tensors(NetworkDescription& d, const std::string& to) {
  const fs::path folder = fs::path(to).parent_path() / (fs::path(to).stem().string() + "_weights");
  for (std::size_t k = 0; k < d.projections.size(); ++k) {
    auto* tensor = std::get_if<Tensor>(&d.projections[k].connect);
    if (tensor == nullptr) continue;
    fs::create_directories(folder);
    tensor->file = (folder / fmt::format("{}_{}.npy", k, file_name(d.projections[k].name))).string();
    std::size_t rows = 1;
    for (const Population& p : d.populations)
      if (p.name == d.projections[k].source) rows = p.size();
    io::write_npy_matrix(tensor->file, rows, tensor->weights->size() / rows, *tensor->weights);
  }
}

void write_description(const NirFile& file, const NirSubject& subject, const std::string& to) {
  std::vector<Diagnostic> faults;
  for (const auto& [name, models] : subject.network.own)
    faults.push_back({"node.nodes." + name,
                      fmt::format("its {} neurons differ in their parameters; a population of ours has one set for all", models.size()),
                      "run the NIR file itself, which keeps them", file.path, 0, 0});
  if (!faults.empty()) throw DescriptionError(std::move(faults));
  NetworkDescription d = subject.network.description;
  (void)Network(d);  // throws what is not valid
  store_tensors(d, to);
  const fs::path folder = fs::path(to).parent_path();
  io::write_file(to, write_network(d, {folder.empty() ? "." : folder.string()}));
}

}  // namespace

bool is_nir_conversion(const std::string& from, const std::string& to) { return io::is_nir(from) || has_suffix(to, ".nir"); }

int convert_nir(const std::string& from, const std::string& to, bool force, const NirOptions& options, Terminal& t) {
  std::error_code ignored;
  if (fs::exists(to, ignored) && !force)
    throw DescriptionError({Diagnostic{"", "exists already", "name another file, or give --force to replace it", to, 0, 0}});
  nlohmann::ordered_json report = {{"from", from}, {"to", to}};
  std::string said;
  if (io::is_nir(from) && has_suffix(to, ".nir")) {
    io::write_nir(to, io::read_nir(from));
  } else if (io::is_nir(from)) {
    if (!has_suffix(to, ".txtpb")) throw UsageError(fmt::format("a NIR file becomes a .txtpb or a .nir, not {}", to));
    const NirFile file = load_nir(from);
    const NirSubject subject = exact_subject(file, options);
    write_description(file, subject, to);
    said = nir::to_text(subject.conventions);
    report["conventions"] = to_json(subject.conventions, subject.network.notes);
  } else {
    if (!options.first_given().empty()) throw UsageError(fmt::format("{} is for NIR files, and {} is none", options.first_given(), from));
    const Network network(load_network_of(from));
    try {
      io::write_nir(to, nir::graph_of(network));
    } catch (const DescriptionError& error) {
      throw DescriptionError(locate(error.diagnostics(), from));
    }
    said = "conventions\n  run it with --unit s --pulse dirac-1, and with --reset subtract where its neurons subtract\n";
  }
  t.err << said;
  if (t.json)
    t.print(report);
  else
    t.out << fmt::format("{}: written to {}\n", from, to);
  return kOk;
}

}  // namespace spikeloop::cli
