// SPDX-License-Identifier: Apache-2.0
#include "cli/run_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <regex>

#include "core/io/files.hpp"
#include "core/io/npy.hpp"
#include "proto/atomic_file.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

constexpr const char* kRunFile = "run.json";

bool every_pair(const Projection& p) {
  const auto* all = std::get_if<AllToAll>(&p.connect);
  return std::holds_alternative<Tensor>(p.connect) || (all && (all->autapses || p.source != p.target));
}

DeviceError cannot_make(const fs::path& dir, const std::error_code& error) {
  return DeviceError(fmt::format("cannot make the directory {}: {}; name an --out where you may write", dir.string(), error.message()));
}

void make(const fs::path& dir) {
  if (dir.empty()) return;
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) throw cannot_make(dir, error);
}

void write_projection(const fs::path& file, const Network& network, const Session& session, std::size_t k) {
  const Projection& p = network.projections()[k];
  const std::vector<float> weights = session.weights(k);
  if (every_pair(p)) {
    const std::size_t rows = network.populations()[network.population_index(p.source)].size();
    return io::write_npy_matrix(file, rows, weights.size() / rows, weights);
  }
  const Connectivity c = session.connectivity(k);
  std::vector<double> lines;
  for (std::size_t i = 0; i < weights.size(); ++i)
    lines.insert(lines.end(), {static_cast<double>(c.sources[i]), static_cast<double>(c.targets[i]), static_cast<double>(weights[i])});
  io::write_npy(file, {{weights.size(), 3}, std::move(lines)});
}

std::vector<float> read_projection(const fs::path& file, const Projection& p) {
  const io::Matrix m = io::read_npy_matrix(file);
  if (every_pair(p)) return m.values;
  if (m.columns != 3)
    throw DescriptionError(
        fmt::format("{}: has {} columns, but sparse weights have three: source, target, weight", file.string(), m.columns));
  std::vector<float> weights;
  for (std::size_t i = 0; i < m.rows; ++i) weights.push_back(m.values[3 * i + 2]);
  return weights;
}

}  // namespace

fs::path make_run_directory(const std::string& wanted, const std::string& name, const char* verb) {
  fs::path dir = wanted;
  std::error_code error;
  if (wanted.empty()) {
    dir = fs::path("runs") / name;
    for (int n = 2; fs::exists(fs::symlink_status(dir, error)); ++n) dir = fs::path("runs") / fmt::format("{}-{}", name, n);
  }
  make(dir.parent_path());
  if (fs::create_directory(dir, error)) return dir;  // false also if somebody else made it a moment ago
  if (fs::exists(fs::symlink_status(dir)))
    throw DescriptionError(
        fmt::format("{} exists already and is not overwritten; name another --out", dir.string()) +
        (*verb ? fmt::format(", or go on with a training that was interrupted: `spikeloop {} --resume {}`", verb, dir.string())
               : std::string()));
  throw cannot_make(dir, error);
}

void fill_run_directory(const fs::path& dir, const std::function<void()>& describe) {
  try {
    describe();
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(dir, ignored);  // made a moment ago, of no use, and in the way of another try
    throw;
  }
}

void write_run_file(const fs::path& dir, const char* verb, nlohmann::ordered_json run) {
  run["verb"] = verb;
  run["version"] = kVersion;
  write_file_atomically((dir / kRunFile).string(), run.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void read_run_file(const fs::path& dir, const char* verb, const std::function<void(const nlohmann::json&)>& take) {
  const auto refuse = [&](const std::string& why) {
    return DescriptionError(fmt::format("{} is not a run directory of `spikeloop {}`: {}", dir.string(), verb, why));
  };
  std::error_code ignored;
  if (!fs::exists(dir, ignored)) throw refuse("it does not exist");
  if (!fs::exists(dir / kRunFile, ignored)) throw refuse("it has no run.json");
  const auto run = nlohmann::json::parse(io::read_file(dir / kRunFile, 1 << 24), nullptr, false);
  try {
    const std::string made_by = run.value("verb", "train");
    if (made_by != verb) throw refuse(fmt::format("it was made by `spikeloop {}`", made_by));
    take(run);
  } catch (const nlohmann::json::exception&) {
    throw refuse("its run.json is damaged or was written by another version");
  }
}

int tell_interrupted(const Terminal& t, const char* verb, const fs::path& dir) {
  t.err << fmt::format("spikeloop: interrupted; go on with `spikeloop {} --resume {}`\n", verb, dir.string());
  if (t.json) t.print({{"interrupted", true}, {"exit_code", kInterrupted}, {"directory", dir.string()}});
  return kInterrupted;
}

void check_file_names(const Network& network) {
  std::map<std::string, std::string> names;
  const auto add = [&](const std::string& name, const std::string& file, const char* what) {
    const auto [it, fresh] = names.try_emplace(file, name);
    if (!fresh)
      throw DescriptionError(
          fmt::format("the {}s \"{}\" and \"{}\" would both be written to the file {}; rename one", what, it->second, name, file));
  };
  for (const Projection& p : network.projections())
    if (!p.rule.empty()) add(p.name, file_name(p.name) + ".npy", "projection");
  names.clear();
  for (const Population& p : network.populations())
    if (p.homeostasis) add(p.name, file_name(p.name) + ".thresholds.npy", "population");
  names.clear();
  for (const Probe& p : network.probes())
    if (p.variable != Probe::Variable::kSpikes) add(p.name, file_name(p.name) + ".csv", "probe");
}

DirectoryLock::DirectoryLock(const fs::path& dir) : file_(::open((dir / kRunFile).c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file_ < 0 || ::flock(file_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(file_);
  throw DescriptionError(fmt::format("{}: another spikeloop is training in it; wait for its end, or stop it", dir.string()));
}

DirectoryLock::~DirectoryLock() {
  if (file_ >= 0) ::close(file_);
}

void remove_leftovers(const fs::path& dir) {
  static const std::regex temporary(R"(.+\.(tmp-\d+-\d+|\d+\.part))");  // as core/io and proto/atomic_file.cpp name them
  std::error_code ignored;
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(dir, ignored))
    if (entry.is_regular_file(ignored) && std::regex_match(entry.path().filename().string(), temporary)) found.push_back(entry.path());
  for (const fs::path& file : found) fs::remove(file, ignored);
}

std::string file_name(const std::string& name) {
  std::string safe;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name.compare(i, 2, "->") == 0)
      safe += "_to_", ++i;
    else
      safe += std::isalnum(static_cast<unsigned char>(name[i])) || name[i] == '.' || name[i] == '-' || name[i] == '_' ? name[i] : '_';
  }
  return safe;
}

fs::path weights_directory(const fs::path& run, std::size_t index, std::uint64_t seed) {
  return index == 0 ? run / "weights" : run / "weights" / fmt::format("seed_{}", seed);
}

void write_weights(const fs::path& dir, const Network& network, const Session& session) {
  const auto& all = network.projections();
  const bool adapts = std::any_of(network.populations().begin(), network.populations().end(),
                                  [](const Population& p) { return p.homeostasis.has_value(); });
  if (!adapts && std::all_of(all.begin(), all.end(), [](const Projection& p) { return p.rule.empty(); })) return;
  make(dir);
  for (std::size_t k = 0; k < network.projections().size(); ++k)
    if (!network.projections()[k].rule.empty())
      write_projection(dir / (file_name(network.projections()[k].name) + ".npy"), network, session, k);
  for (std::size_t p = 0; p < network.populations().size(); ++p) {
    const Population& population = network.populations()[p];
    if (!population.homeostasis) continue;
    const std::vector<double> thresholds = session.thresholds(p);
    io::write_npy(dir / (file_name(population.name) + ".thresholds.npy"), {{thresholds.size()}, thresholds});
  }
}

void read_weights(const fs::path& dir, const Network& network, Session& session) {
  for (std::size_t k = 0; k < network.projections().size(); ++k) {
    const Projection& p = network.projections()[k];
    if (!p.rule.empty()) session.set_weights(k, read_projection(dir / (file_name(p.name) + ".npy"), p));
  }
  for (std::size_t p = 0; p < network.populations().size(); ++p) {
    const Population& population = network.populations()[p];
    if (!population.homeostasis) continue;
    const fs::path file = dir / (file_name(population.name) + ".thresholds.npy");
    const io::NpyArray array = io::read_npy(file);
    const auto* values = std::get_if<std::vector<double>>(&array.values);
    if (!values) throw DescriptionError(fmt::format("{}: thresholds are stored as f8", file.string()));
    session.set_thresholds(p, *values);
  }
}

}  // namespace spikeloop::cli
