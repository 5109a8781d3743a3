// SPDX-License-Identifier: Apache-2.0
#include "cli/board.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <thread>

#include "cli/options.hpp"
#include "cli/tables.hpp"
#include "firmware-interface/boards.hpp"
#include "firmware-interface/dynapse1/describe.hpp"
#include "firmware-interface/probe.hpp"
#include "firmware-interface/virtual_board/device_clock.hpp"
#include "firmware-interface/virtual_board/usbip_server.hpp"
#include "firmware-interface/virtual_boards.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::cli {
namespace fw = spikeloop::firmware;
namespace {

constexpr const char* kBusId = "1-1";
constexpr std::chrono::milliseconds kLook{50};  // how often a wait looks whether it was interrupted

// --- serve ---

struct ServeOptions {
  std::string chip, speed, bind = "127.0.0.1";
  std::uint16_t port = fw::usbip::kPort;
  fw::VirtualBoardOptions board;
  bool real_time = false, ideal = false, expose = false;
};

std::shared_ptr<fw::DeviceClock> clock_of(const std::string& speed) {
  if (speed == "max") return std::make_shared<fw::FreeClock>();
  double factor = 1;
  if (!speed.empty() && !CLI::detail::lexical_cast(speed, factor)) factor = 0;
  if (!(factor > 0 && factor <= 1e6))
    throw UsageError(fmt::format("\"{}\" is no speed; write a factor up to 1e6, like 0.1 or 10, or max", speed));
  return std::make_shared<fw::WallClock>(factor);
}

void check_serve(const ServeOptions& o) {
  if (o.chip != "dynapse1") throw UsageError(fmt::format("there is no virtual board with chip \"{}\"; this version has: dynapse1", o.chip));
  if (o.board.serial.size() != 8)
    throw UsageError(fmt::format("a serial has 8 characters, \"{}\" has {}", o.board.serial, o.board.serial.size()));
}

std::unique_ptr<fw::UsbipServer> listen(const ServeOptions& o) {
  try {
    return std::make_unique<fw::UsbipServer>(fw::UsbipServerOptions{.address = o.bind, .port = o.port, .allow_remote = o.expose});
  } catch (const fw::WouldExpose& fault) {
    throw UsageError(fmt::format("{}; {} (--yes-expose)", fault.what(), fault.advice()));
  } catch (const std::invalid_argument& fault) {
    throw UsageError(fmt::format("--bind {}", fault.what()));
  }
}

/// How others reach an address: "any" is one to listen on, and none to connect to.
std::string reachable(const std::string& address) {
  if (address != "0.0.0.0" && address != "::") return address;
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != 0 ? name.data() : "HOST";
}

int serve(ServeOptions o, Terminal& t) {
  check_serve(o);
  if (o.ideal) o.board.mismatch = 0;
  if (o.bind == "localhost") o.bind = "127.0.0.1";
  const auto clock = clock_of(o.speed);
  const auto server = listen(o);
  server->add(kBusId, fw::make_virtual_board(o.board), clock);
  const std::string host = reachable(o.bind);
  const std::string selector = fw::usbip::to_text({host, server->port(), kBusId});
  const std::string attach =
      fmt::format("sudo modprobe vhci-hcd && sudo usbip --tcp-port {} attach -r {} -b {}", server->port(), host, kBusId);
  t.err << fmt::format(
      "virtual DYNAP-SE1 {} (seed {}, mismatch {}) at {}\n  test it:           spikeloop board probe --board {}\n"
      "  give it to Linux:  {}\nCtrl-C ends it.\n",
      o.board.serial, o.board.seed, o.board.mismatch, selector, selector, attach);
  if (t.json)
    t.print({{"board", selector},
             {"chip", o.chip},
             {"serial", o.board.serial},
             {"seed", o.board.seed},
             {"mismatch", o.board.mismatch},
             {"address", o.bind},
             {"port", server->port()},
             {"bus_id", kBusId},
             {"attach", attach}});
  t.out.flush();
  t.err.flush();
  while (!interrupted()) std::this_thread::sleep_for(kLook);
  const fw::UsbipServerCounts counts = server->counts();
  server->stop();
  if (!t.quiet) t.err << fmt::format("ended after {} connections, {} of which used the board\n", counts.connections, counts.imports);
  return kOk;
}

// --- probe ---

struct ProbeOptions {
  std::string board = "virtual", settle = "4s", record;
  std::size_t events = 10'000;
};

void stop_if_interrupted() {
  if (interrupted()) throw InterruptedError("interrupted; the board is stopped, and keeps what it was programmed with");
}

void wait_for(std::chrono::nanoseconds time) {
  for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) {
    stop_if_interrupted();
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(kLook, end - std::chrono::steady_clock::now()));
  }
}

nlohmann::ordered_json optional_json(const std::optional<std::uint64_t>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json probe_json(const fw::ProbeReport& r) {
  nlohmann::ordered_json neurons = nlohmann::ordered_json::array();
  for (const auto& n : r.neurons)
    neurons.push_back({{"chip", n.chip},
                       {"core", fw::core_of(n.neuron)},
                       {"neuron", n.neuron & 0xFF},
                       {"answered", n.result.seen},
                       {"spikes", n.result.injected},
                       {"why", n.result.why}});
  const fw::BoardStatistics& s = r.statistics;
  return {
      {"good", r.good()},
      {"board", r.board.usb.location},
      {"serial", r.board.usb.serial},
      {"firmware", r.board.firmware},
      {"logic", r.board.logic},
      {"words", r.words},
      {"words_repeated", s.words_repeated},
      {"configure_s", r.configure_s},
      {"neurons", neurons},
      {"injected", r.injected},
      {"received", r.received},
      {"lost", r.lost()},
      {"out_of_order", r.out_of_order},
      {"unexpected", r.unexpected},
      {"events_per_s", r.events_per_s},
      {"latency_us", {{"count", r.latency.count}, {"median", r.latency.median_us}, {"p95", r.latency.p95_us}, {"max", r.latency.max_us}}},
      {"sent_by_chips", optional_json(s.sent)},
      {"dropped_at_aer", optional_json(s.dropped_at_aer)},
      {"dropped_at_mux", optional_json(s.dropped_at_mux)},
      {"missing", optional_json(s.missing())},
      {"stalls", s.stalls},
      {"stream_errors", r.stream_faults()},
      {"stream",
       {{"not_understood", s.stream.not_understood},
        {"bad_chip", s.stream.bad_chip},
        {"without_time", s.stream.without_time},
        {"not_increasing", s.stream.not_increasing},
        {"steps_back", s.stream.steps_back},
        {"resynchronisations", s.stream.resynchronisations},
        {"gaps", s.stream.gaps},
        {"bytes_lost", s.stream.bytes_lost}}}};
}

std::string counted(const std::optional<std::uint64_t>& value) {
  return value ? report::count_text(static_cast<double>(*value)) : "unknown";
}

report::Table table_of(const fw::ProbeReport& r) {
  const auto count = [](std::size_t n) { return report::count_text(static_cast<double>(n)); };
  const fw::BoardStatistics& s = r.statistics;
  report::Table table{{{"probe"}, {fmt::format("{} {}", r.board.usb.location, r.board.usb.serial)}}, {}, ""};
  table.rows = {
      {"versions", fmt::format("firmware {}, logic {}, chip {}", r.board.firmware, r.board.logic, r.board.chip)},
      {"chip words", fmt::format("{} acknowledged, {} sent twice", count(r.words), count(s.words_repeated))},
      {"neurons", fmt::format("{} of {} answered", r.neurons.size() - r.neurons_silent(), r.neurons.size())},
      {"events", fmt::format("{} injected, {} came back", count(r.injected), count(r.received))},
      {"lost", fmt::format("{}; out of order {}, unexpected {}", count(r.lost()), count(r.out_of_order), count(r.unexpected))},
      {"stream", fmt::format("{} stalls, {} errors", count(s.stalls), count(r.stream_faults() - s.stalls))},
      {"the board dropped", fmt::format("{} at its input, {} for the host", counted(s.dropped_at_aer), counted(s.dropped_at_mux))},
      {"rate", report::si(r.events_per_s, "events/s")},
      {"round trip", fmt::format("{} median, {} 95 %, {} longest", report::si(r.latency.median_us * 1e-6, "s"),
                                 report::si(r.latency.p95_us * 1e-6, "s"), report::si(r.latency.max_us * 1e-6, "s"))},
  };
  for (const auto& n : r.neurons)
    if (!n.result.seen) table.note += (table.note.empty() ? "" : "\n") + n.result.why;
  return table;
}

/// Virtual boards in this process and recordings have no time but that in which they are asked.
bool has_time(const std::string& board) { return board != "virtual" && !board.starts_with("replay:"); }

std::unique_ptr<fw::Board> open_to_probe(const ProbeOptions& o) {
  fw::BoardOptions options;
  options.ask = stop_if_interrupted;
  const std::chrono::nanoseconds settle(o.settle == "0" ? 0 : parse_duration(o.settle));
  if (has_time(o.board)) options.wait = [settle](fw::Milliseconds) { wait_for(settle); };
  return fw::open_board(o.board, options, {.record = o.record, .ask = stop_if_interrupted});
}

fw::ProbeReport run_probe(const ProbeOptions& o, const Terminal& t) {
  const auto tell = [&](const std::string& what) {
    if (!t.quiet && !t.json) t.err << what << "\n" << std::flush;
  };
  try {
    tell("connecting");
    const auto board = open_to_probe(o);
    return fw::probe_board(*board, {.events = o.events, .has_time = has_time(o.board), .tell = tell, .ask = stop_if_interrupted});
  } catch (const fw::DeviceFault&) {
    stop_if_interrupted();  // that is then what ended it, whatever else it brought about
    throw;
  }
}

int probe(const ProbeOptions& o, Terminal& t) {
  if (const std::string fault = fw::selector_fault(o.board); !fault.empty()) throw UsageError(fault);
  const fw::ProbeReport report = run_probe(o, t);
  if (t.json)
    t.print(probe_json(report));
  else
    t.out << fitted(table_of(report), t.out_width, t.colour);
  if (report.good()) return kOk;
  t.err << fmt::format(
      "spikeloop: the board at {} failed its test: {} events lost, {} out of order, {} unexpected, {} neurons silent, {} stream errors; "
      "look at cable and power, and at what else uses the bus, then probe again\n",
      report.board.usb.location, report.lost(), report.out_of_order, report.unexpected, report.neurons_silent(), report.stream_faults());
  return 4;
}

}  // namespace

Verb board_serve_verb() {
  return {"board serve", "a virtual board as a USB/IP server, for spikeloop and for Linux",
          "Examples:\n  spikeloop board serve --chip dynapse1\n"
          "  spikeloop board serve --chip dynapse1 --port 0 --ideal --speed max",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<ServeOptions>();
            add_text(app, "--chip", o->chip, "C", "which board: dynapse1")->required();
            app.add_option("--port", o->port, "where to listen (default 3240); 0 = any that is free")->type_name("N");
            auto* speed = add_text(app, "--speed", o->speed, "F", "of its time against the clock (default 1); max = as fast as it can");
            app.add_flag("--realtime", o->real_time, "its time is the clock's (the default)")->excludes(speed);
            add_count(app, "--seed", o->board.seed, 1'000'000'000'000'000, "of what differs from neuron to neuron (default 1)");
            auto* mismatch = app.add_option("--mismatch", o->board.mismatch, "how much it differs (default 0.2)")
                                 ->type_name("X")
                                 ->check(CLI::Range(0.0, 1.0).description(""));
            app.add_flag("--ideal", o->ideal, "no mismatch")->excludes(mismatch);
            add_text(app, "--serial", o->board.serial, "S", "8 characters (default 00000001)");
            add_text(app, "--bind", o->bind, "ADDRESS", "of the interface to listen on (default 127.0.0.1)");
            app.add_flag("--yes-expose", o->expose, "allow addresses that others can reach: USB/IP asks nobody who he is");
            return [o](Terminal& t) { return serve(*o, t); };
          }};
}

Verb board_probe_verb() {
  return {"board probe", "self-test of a board: words, neurons, events, latency, loss; exit code 4 if it fails",
          "Examples:\n  spikeloop board probe                                   a virtual board in this process\n"
          "  spikeloop board probe --board 00000008                  on USB, by its serial\n"
          "  spikeloop board probe --board usbip:127.0.0.1:3240/1-1\n"
          "  spikeloop board probe --board 00000008 --record bug.sltr\n"
          "  spikeloop board probe --board replay:bug.sltr           the same again, without the board",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<ProbeOptions>();
            add_text(app, "--board", o->board, "B", fw::kBoardSelectors);
            add_count(app, "--events", o->events, 100'000'000, "to inject (default 10000)");
            add_text(app, "--settle", o->settle, "TIME", "that configured chips get to settle (default 4s, as drivers give)");
            add_text(app, "--record", o->record, "FILE", "write all that is said to and by the board to a new file");
            return [o](Terminal& t) { return probe(*o, t); };
          }};
}

}  // namespace spikeloop::cli
