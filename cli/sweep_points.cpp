// SPDX-License-Identifier: Apache-2.0
#include "cli/sweep_points.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "cli/cli.hpp"
#include "proto/text.hpp"

namespace spikeloop::cli {
namespace {

constexpr std::size_t kMostPoints = 10'000;  // each is read and checked before the first is trained

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    words.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  return words;
}

SweepAxis parse_axis(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UsageError(fmt::format("--over {}: write FIELD=V1,V2,..., e.g. --over anneal.linear_to=0.05,0.2", text));
  const SweepAxis axis{text.substr(0, equals), words_of(text.substr(equals + 1))};
  for (auto value = axis.values.begin(); value != axis.values.end(); ++value) {
    if (value->empty()) throw UsageError(fmt::format("--over {}: a value is empty; write FIELD=V1,V2,... without blanks", text));
    if (std::find(axis.values.begin(), value, *value) != value)
      throw UsageError(fmt::format("--over {}: the value {} stands there twice; leave one out", text, *value));
  }
  return axis;
}

/// "epochs=3, anneal.linear_to=0.1".
std::string words_for(const SweepResult& sweep, const SweepPoint& point) {
  std::string text;
  for (std::size_t i = 0; i < point.values.size(); ++i)
    text += fmt::format("{}{}={}", i == 0 ? "" : ", ", sweep.axes[i].field, point.values[i]);
  return text;
}

/// The faults of many combinations, each told once.
class Faults {
 public:
  void add(const std::vector<Diagnostic>& faults, const SweepPoint& point) {
    for (const Diagnostic& fault : faults) {
      const auto same = std::find_if(found_.begin(), found_.end(), [&](const Found& f) { return to_string(f.fault) == to_string(fault); });
      if (same == found_.end())
        found_.push_back({fault, &point, 1});
      else
        ++same->combinations;
    }
  }
  bool empty() const { return found_.empty(); }
  /// One a line, without the combinations: a field or value of the command line that is wrong by itself.
  std::string text() const {
    std::string text;
    for (const Found& f : found_)
      text += (text.empty() ? "--over " : "\n--over ") + to_string({f.fault.path, f.fault.what, f.fault.suggestion, "", 0, 0});
    return text;
  }
  /// With the combinations that each belongs to.
  std::vector<Diagnostic> all(const SweepResult& sweep) const {
    std::vector<Diagnostic> faults;
    for (const Found& f : found_) {
      Diagnostic& fault = faults.emplace_back(f.fault);
      if (f.combinations == sweep.points.size()) continue;  // it is of what all have in common
      fault.what += fmt::format(", with {}", words_for(sweep, *f.first));
      if (f.combinations > 1) fault.what += fmt::format(" and {} other combination{}", f.combinations - 1, f.combinations == 2 ? "" : "s");
    }
    return faults;
  }

 private:
  struct Found {
    Diagnostic fault;
    const SweepPoint* first;
    std::size_t combinations;
  };
  std::vector<Found> found_;
};

/// Data sets, each read once however many points have it.
class DataSets {
 public:
  std::shared_ptr<Dataset> get(const DatasetSource& source) {
    for (const auto& [known, data] : all_)
      if (known == source) return data;
    return all_.emplace_back(source, std::make_shared<Dataset>(read_dataset(source))).second;
  }
  /// From here on nobody can look at a test sample.
  void drop_tests() {
    for (auto& entry : all_) entry.second->test.clear();
  }

 private:
  std::vector<std::pair<DatasetSource, std::shared_ptr<Dataset>>> all_;
};

/// Of the first seed: with folds the parts differ a little from seed to seed.
std::size_t validation_size(const Dataset& data, std::uint64_t seed) {
  return data.folds > 1 ? part_of_seed(data, seed).validation.size() : data.validation.size();
}

[[noreturn]] void refuse_without_validation(const std::string& path) {
  throw DescriptionError(locate({{"dataset.split.validation_from_train",
                                  "sets no samples aside, but a sweep is scored on the validation part and never looks at the test set",
                                  "write split { validation_from_train: 0.1 }", "", 0, 0}},
                                path));
}

LoadOptions options_for(const SweepResult& sweep, const SweepPoint& point, DescriptionFiles& files) {
  LoadOptions options = load_options();
  options.read_file = [&files](const std::string& path) {
    const auto known = files.find(path);
    return known != files.end() ? known->second : files.emplace(path, proto::read_description_file(path)).first->second;
  };
  for (std::size_t i = 0; i < sweep.axes.size(); ++i) options.changes.push_back({sweep.axes[i].field, point.values[i]});
  return options;
}

SweepTask load_point(const SweepOptions& o, const LoadOptions& load, DataSets& data_sets) {
  SweepTask task;
  task.described = describe_experiment(o.file, o.data_dir, load);
  Experiment& e = task.described.experiment;
  const std::shared_ptr<Dataset> data = data_sets.get(e.dataset);
  check_against(task.described, *data, o.file);
  task.validation_samples = validation_size(*data, o.first_seed());
  if (task.validation_samples == 0) refuse_without_validation(o.file);
  task.data = data;
  task.samples_limit = resize(e, o);
  if (task.samples_limit != 0) task.validation_samples = std::min(task.validation_samples, task.samples_limit);
  e.frozen_hidden_control = false;  // a control says what a result is worth, not which is better
  e.robustness.reset();             // nor do probes of the test part
  task.machine = o.machine;
  check_on_machine(e, o.machine);
  check_machine(*make_machine(o.machine), Network(with_probes(task.described.network, e)), e.network_file);
  return task;
}

}  // namespace

std::vector<SweepAxis> parse_axes(const SweepOptions& o) {
  std::vector<SweepAxis> axes;
  for (const std::string& text : o.over) {
    SweepAxis axis = parse_axis(text);
    if (std::any_of(axes.begin(), axes.end(), [&](const SweepAxis& a) { return a.field == axis.field; }))
      throw UsageError(fmt::format("--over names {} twice; give all its values at once", axis.field));
    for (const auto& [field, count] : {std::pair("epochs", o.epochs), std::pair("seeds", o.seeds)})
      if (axis.field == field && (count != 0 || o.smoke))
        throw UsageError(
            fmt::format("--over {} does not go with --{}, which says how many there are", field, count != 0 ? field : "smoke"));
    axes.push_back(std::move(axis));
  }
  return axes;
}

SweepResult sweep_of(const SweepOptions& o) {
  SweepResult sweep;
  sweep.axes = parse_axes(o);
  sweep.grid = grid_size(sweep.axes);
  const bool all = o.random == 0 || o.random >= sweep.grid;
  const std::uint64_t wanted = all ? sweep.grid : o.random;
  if (wanted > kMostPoints)
    throw UsageError(fmt::format("the values of --over have {} combinations, but at most {} are swept; take --random N of them", sweep.grid,
                                 kMostPoints));
  std::vector<std::uint64_t> chosen(static_cast<std::size_t>(wanted));
  std::iota(chosen.begin(), chosen.end(), std::uint64_t{0});
  if (!all) chosen = random_combinations(sweep.grid, o.random, o.first_seed());
  for (const std::uint64_t index : chosen) sweep.points.push_back({sweep.points.size(), grid_values(sweep.axes, index), {}});
  return sweep;
}

std::vector<SweepTask> load_points(const SweepResult& sweep, const SweepOptions& o, DescriptionFiles& files) {
  std::vector<SweepTask> tasks;
  DataSets data_sets;
  Faults bad_fields, faults;
  for (const SweepPoint& point : sweep.points) {
    try {
      tasks.push_back(load_point(o, options_for(sweep, point, files), data_sets));
    } catch (const FieldChangeError& error) {
      bad_fields.add(error.diagnostics(), point);
    } catch (const DescriptionError& error) {
      faults.add(error.diagnostics(), point);
    } catch (const CapacityError& error) {
      throw CapacityError(fmt::format("{}, with {}", error.what(), words_for(sweep, point)));
    }
  }
  if (!bad_fields.empty()) throw UsageError(bad_fields.text());
  if (!faults.empty()) throw DescriptionError(faults.all(sweep));
  data_sets.drop_tests();
  return tasks;
}

}  // namespace spikeloop::cli
