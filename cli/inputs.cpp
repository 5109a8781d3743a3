// SPDX-License-Identifier: Apache-2.0
#include "cli/inputs.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "core/io/digits.hpp"
#include "core/io/idx.hpp"
#include "core/io/nir.hpp"
#include "core/io/npy.hpp"
#include "core/io/table.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;

namespace {

/// NIR files leave open what a description has to say.
void refuse_nir(const std::string& path) {
  if (io::is_nir(path))
    throw DescriptionError(
        {{"", "is a NIR file, and a description is needed here", fmt::format("spikeloop convert {} net.txtpb", path), path, 0, 0}});
}

}  // namespace

LoadOptions load_options() {
  LoadOptions options;
  options.read_tensor = [](const std::string& path) {
    io::Matrix m = io::read_npy_matrix(path);
    return TensorData{{m.rows, m.columns}, std::move(m.values)};
  };
  return options;
}

NetworkDescription load_network_of(const std::string& path) {
  refuse_nir(path);
  if (description_kind_of_file(path) != DescriptionKind::kExperiment) return load_network(path, load_options());
  const Experiment e = load_experiment(path);
  return load_network(resolve_path(path, e.network_file), load_options());
}

fs::path find_data(const std::string& description, const std::string& file, const std::string& data_dir) {
  if (file.empty()) return {};  // to be complained about by who reads it
  const fs::path beside = resolve_path(description, file), name = fs::path(file).filename(),
                 folder = fs::path(file).parent_path().filename();
  std::error_code ignored;
  if (fs::exists(beside, ignored)) return beside;
  const char* environment = std::getenv("SPIKELOOP_DATA_DIR");
  for (const fs::path& dir : {fs::path(data_dir), fs::path(environment ? environment : "")}) {
    if (dir.empty()) continue;
    if (!fs::path(file).is_absolute() && fs::exists(dir / file, ignored)) return dir / file;
    if (fs::exists(dir / name, ignored)) return dir / name;
    for (const auto& entry : fs::directory_iterator(dir, ignored)) {  // not those of another set whose files have the same names
      const bool other = !folder.empty() && folder != "data" && entry.path().filename() != folder;
      if (!other && entry.is_directory(ignored) && fs::exists(entry.path() / name, ignored)) return entry.path() / name;
    }
  }
  return beside;
}

Dataset read_dataset(const DatasetSource& source) {
  const double validation = source.validation_from_train;
  if (const auto* images = std::get_if<ImagesSource>(&source.kind)) return io::read_images(*images, validation);
  if (const auto* table = std::get_if<TableSource>(&source.kind)) return io::read_table(*table, source.folds, validation);
  if (const auto* made = std::get_if<YinYangSource>(&source.kind)) return make_yin_yang(*made);
  const auto& digits = std::get<DigitsSource>(source.kind);
  return io::read_digits(digits.file, digits.sha256, digits.split_file, validation);
}

DescribedExperiment describe_experiment(const std::string& path, const std::string& data_dir, const LoadOptions& options) {
  if (!options.read_file) refuse_nir(path);
  const DescriptionKind kind = options.read_file ? description_kind(options.read_file(path)) : description_kind_of_file(path);
  if (kind == DescriptionKind::kNetwork)
    throw DescriptionError(fmt::format(
        "{} is a network; an experiment is needed here (a file with `# proto-message: spikeloop.v1.Experiment` that names the network)",
        path));
  DescribedExperiment described;
  Experiment& e = described.experiment = load_experiment(path, options);
  if (e.name.empty()) e.name = fs::path(path).stem().string();
  e.network_file = resolve_path(path, e.network_file);
  try {
    described.network = load_network(e.network_file, options);
  } catch (const FieldChangeError&) {
    throw;
  } catch (const DescriptionError& error) {  // with the faults that the experiment has by itself
    std::vector<Diagnostic> faults = error.diagnostics();
    for (Diagnostic& d : locate(validate(e), path)) faults.push_back(std::move(d));
    throw DescriptionError(std::move(faults));
  }
  for (std::string* file : files_of(e.dataset)) *file = find_data(path, *file, data_dir).string();
  return described;
}

void check_against(DescribedExperiment& described, const Dataset& data, const std::string& path) {
  Experiment& e = described.experiment;
  if (std::string* sha256 = sha256_of(e.dataset)) *sha256 = data.sha256;
  const Network network(described.network);
  if (auto faults = validate(e, network, &data); !faults.empty()) throw DescriptionError(locate(std::move(faults), path));
  if (e.frozen_hidden_control)
    if (auto faults = validate(frozen_hidden(described.network, e.readout.population)); !faults.empty())
      throw DescriptionError(locate({{"controls.frozen_hidden",
                                      "cannot be trained: without feedback to hidden layers the network is not valid any more (" +
                                          faults.front().path + " " + faults.front().what + ")",
                                      "add feedback to the readout, or leave the control out", "", 0, 0}},
                                    path));
  if (e.smoke_samples == 0 || e.smoke_epochs == 0)
    throw DescriptionError(
        locate({{"smoke", "needs at least one sample and one epoch", "write smoke { samples: 100 epochs: 1 }", "", 0, 0}}, path));
}

LoadedExperiment load_experiment_of(const std::string& path, const std::string& data_dir) {
  LoadedExperiment loaded{describe_experiment(path, data_dir, load_options()), {}};
  loaded.data = read_dataset(loaded.experiment.dataset);
  check_against(loaded, loaded.data, path);
  return loaded;
}

void check_machine(const Backend& backend, const Network& network, const std::string& path) {
  std::string text;
  for (const Diagnostic& d : locate(backend.check(network), path)) text += (text.empty() ? "" : "\n") + to_string(d);
  if (!text.empty()) throw CapacityError(text);
}

}  // namespace spikeloop::cli
