// SPDX-License-Identifier: Apache-2.0
#include "tests/cli/support.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "cli/cli.hpp"

namespace spikeloop::cli::test {
namespace {

constexpr const char* kNetwork = R"(# proto-file: spikeloop/v1/network.proto
# proto-message: spikeloop.v1.Network
name: "tiny"
resolution_ms: 1
populations { name: "in" shape: [8, 8] source { external {} } }
populations {
  name: "hidden" shape: [24]
  neuron { lif { tau_m_ms: 20 v_threshold_mv: 1 v_floor_mv: -1 reset: RESET_SUBTRACT tau_apical_ms: 40 } }
  homeostasis { target_hz: 50 rate: 5e-4 threshold_min_mv: 0.3 }
}
populations { name: "out" shape: [10] neuron { lif { tau_m_ms: 20 v_threshold_mv: 1 reset: RESET_SUBTRACT tau_apical_ms: 40 } } }
projections { source: "in" target: "hidden" weight { normal { std: 0.1 } } delay_ms: 1 rule: "learn" }
projections { source: "hidden" target: "out" weight { normal { std: 0.2 } } delay_ms: 1 rule: "learn" }
rules { name: "learn" feedback_current { eta: 1e-3 active_trace: 0.05 weight_max: 4 } commit: COMMIT_TRIAL }
controllers {
  population: "out"
  target { true_hz: 200 other_hz: 0 dead_zone_hz: 30 }
  neuron { lif { tau_m_ms: 20 } }
  feedback { to: "hidden" weights { normal { std: 0.5 } } amplitude: 1 }
  feedback { to: "out" weights { identity {} } amplitude: 1 }
}
probes { population: "out" spikes {} }
)";

constexpr const char* kExperiment = R"(# proto-file: spikeloop/v1/experiment.proto
# proto-message: spikeloop.v1.Experiment
name: "tiny"
network: "net.txtpb"
dataset {
  digits { file: "digits.csv" }
  split { file: "split.txt" validation_from_train: 0.1 }
}
encode { rate { population: "in" max_hz: 300 mean: 0.3 regular_random_phase {} } }
trial { free_ms: 10 feedback_ms: 10 test_ms: 15 }
readout { population: "out" most_spikes {} }
epochs: 3
anneal { linear_to: 0.1 }
warm_up { samples: 20 homeostasis_rate_factor: 40 }
seeds: 2
smoke { samples: 12 epochs: 1 }
controls { frozen_hidden {} }
)";

constexpr const char* kRandomNetwork = R"(# proto-file: spikeloop/v1/network.proto
# proto-message: spikeloop.v1.Network
name: "random"
resolution_ms: 0.1
populations { name: "noise" shape: 3000 source { poisson { rate_hz: 20000 } } }
populations { name: "neurons" shape: 3000 neuron { lif { tau_m_ms: 20 v_threshold_mv: 20 v_reset_mv: 10 refractory_ms: 2 } } }
projections { source: "noise" target: "neurons" connect { one_to_one {} } weight { constant: 0.2 } delay_ms: 1 }
projections { source: "neurons" target: "neurons" connect { fixed_in_degree { count: 20 } } weight { normal { std: 1 } } delay_ms: 1.5 }
probes { population: "neurons" spikes {} }
probes { population: "neurons" potential { every_ms: 10 } }
)";

void set_up_child(const Start& start, int out, int err) {
  if (start.columns > 0) ::setsid();
  if (!start.out_file.empty()) out = ::open(start.out_file.c_str(), O_WRONLY | O_CREAT, 0600);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::unsetenv("NO_COLOR");
  ::unsetenv("SPIKELOOP_DATA_DIR");
  ::setenv("TERM", "xterm", 1);
  for (const auto& [name, value] : start.environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (start.largest_file > 0) {
    const rlimit limit{start.largest_file, start.largest_file};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
}

void make_pipe(int& reading, int& writing) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  reading = ends[0], writing = ends[1];
}

/// What there is to read, without waiting; false at the end.
bool drain(int fd, std::string& text) {
  std::array<char, 4096> buffer;
  pollfd wanted{fd, POLLIN, 0};
  while (::poll(&wanted, 1, 0) > 0) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got <= 0) return false;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return true;
}

}  // namespace

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "spikeloop_cli_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, std::string_view bytes) const {
  std::ofstream(path_ / name, std::ios::binary) << bytes;
  return *this / name;
}

void Folder::replace(const std::string& name, const std::string& old_text, const std::string& new_text) const {
  std::string text = read(path_ / name);
  const std::size_t at = text.find(old_text);
  ASSERT_NE(at, std::string::npos) << old_text << " is not in " << name;
  write(name, text.replace(at, old_text.size(), new_text));
}

void Folder::write_experiment() const {
  std::string digits, split;
  for (int i = 0; i < 60; ++i) {
    const int label = i % 10;
    for (int k = 0; k < 64; ++k) digits += fmt::format("{},", k % 10 == label ? 16 : (7 * i + 5 * k) % 6);
    digits += fmt::format("{}\n", label);
    split += i < 40 ? "train\n" : "test\n";
  }
  write("digits.csv", digits);
  write("split.txt", split);
  write("net.txtpb", kNetwork);
  write("exp.txtpb", kExperiment);
}

void Folder::write_random_network() const { write("random.txtpb", kRandomNetwork); }

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::map<std::string, std::string> files_of(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = read(entry.path());
  return files;
}

nlohmann::json json_of(const fs::path& file) {
  nlohmann::json object = nlohmann::json::parse(read(file), nullptr, false);
  EXPECT_FALSE(object.is_discarded()) << file << " is not JSON";
  return object;
}

nlohmann::json essence(const fs::path& dir) {
  nlohmann::json report = json_of(dir / "report.json");
  report.erase("reproduce");
  report["network"].erase("file");
  for (auto* runs : {&report["runs"], &report["control"]["runs"]})
    for (auto& run : *runs) run.erase("training_seconds");
  nlohmann::json all = {{"report", report}};
  for (const auto& [name, bytes] : files_of(dir))
    if (name.starts_with("weights/") || name == "spikes.csv") all[name] = std::hash<std::string>{}(bytes);
  return all;
}

void expect_same(const nlohmann::json& a, const nlohmann::json& b) { EXPECT_EQ(nlohmann::json::diff(a, b).dump(), "[]"); }

void expect_same_files(const std::map<std::string, std::string>& a, const std::map<std::string, std::string>& b) {
  for (const auto& [name, bytes] : a) EXPECT_TRUE(b.contains(name) && b.at(name) == bytes) << name;
  for (const auto& [name, bytes] : b) EXPECT_TRUE(a.contains(name)) << name;
}

Outcome call(const std::vector<std::string>& arguments, bool stopped, std::size_t columns) {
  std::ostringstream out, err;
  Terminal terminal{out, err};
  terminal.out_width = terminal.width = columns;
  interrupted() = stopped;
  Outcome outcome;
  outcome.code = run(arguments, terminal);
  interrupted() = false;
  outcome.out = out.str(), outcome.err = err.str();
  return outcome;
}

nlohmann::json call_json(std::vector<std::string> arguments, int expected_code) {
  arguments.push_back("--json");
  const Outcome outcome = call(arguments);
  EXPECT_EQ(outcome.code, expected_code) << outcome.err;
  nlohmann::json object = nlohmann::json::parse(outcome.out, nullptr, false);  // fails if anything follows
  EXPECT_TRUE(object.is_object()) << outcome.out;
  return object;
}

bool contains(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return true;
  ADD_FAILURE() << "\"" << part << "\" is not in \"" << text << "\"";
  return false;
}

Process::Process(const std::vector<std::string>& arguments, const Start& start) {
  int out = -1, err = -1;
  if (start.columns > 0) {
    const winsize size{24, start.columns, 0, 0};
    if (::openpty(&err_, &err, nullptr, nullptr, &size) != 0) throw std::runtime_error("no terminal");
    out = err;
    ::fcntl(err_, F_SETFD, FD_CLOEXEC);
  } else {
    make_pipe(out_, out);
    make_pipe(err_, err);
  }
  std::vector<std::string> words = {SPIKELOOP_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    set_up_child(start, out, err);
    ::execv(argv[0], argv.data());
    ::_exit(99);
  }
  ::close(err);
  if (out != err) ::close(out);
}

Process::~Process() {
  if (!reaped_ && pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
  }
  for (const int fd : {out_, err_})
    if (fd >= 0) ::close(fd);
}

void Process::send(int signal) const { ::kill(pid_, signal); }

bool Process::ended() {
  if (!reaped_) reaped_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return reaped_;
}

bool Process::read_some() {
  const bool over = ended();  // asked before reading, so that nothing is missed
  if (out_ >= 0) drain(out_, outcome_.out);
  drain(err_, outcome_.err);
  if (!over) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return !over;
}

bool Process::wait_until(const std::function<bool()>& condition) {
  for (;;) {
    const bool running = read_some();
    if (condition()) return true;
    if (!running) return false;
  }
}

bool Process::wait_for_text(const std::string& text) {
  return wait_until([&] { return outcome_.err.find(text) != std::string::npos; });
}

Outcome Process::finish() {
  while (read_some()) {
  }
  outcome_.code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  return outcome_;
}

}  // namespace spikeloop::cli::test
