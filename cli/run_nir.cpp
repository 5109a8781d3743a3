// SPDX-License-Identifier: Apache-2.0
#include "cli/run_nir.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/directory_sink.hpp"
#include "cli/results.hpp"
#include "cli/run_directory.hpp"
#include "cli/spike_input.hpp"
#include "proto/atomic_file.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;

int run_nir_stepped(const SteppedRun& o, Terminal& t) {
  const nir::Tool tool = tool_of(o.options);
  const NirFile file = load_nir(o.file);
  const nir::Conventions c = stepped_conventions(file, o.options, tool);
  const Time dt = c.dt_ns(), until = parse_duration(o.duration);
  const Network ports(ports_of(file, !o.options.sample.empty()));
  nir::Stepper stepper(file.flat, tool, *c.dt);
  check_file_names(ports);
  const std::vector<Spike> input = read_input(o.input, o.time_unit, ports, until, t);
  t.err << nir::to_text(c);
  const fs::path dir = make_run_directory(o.out, file_name(ports.name()));
  store_nir(dir.string(), file, c);
  DirectorySink sink(dir, ports);
  const std::int64_t steps = (until + dt - 1) / dt;
  const bool complete = run_steps(stepper, file.flat, ports, input, steps, dt, sink);
  sink.close();
  const nlohmann::ordered_json report = {{"network", ports.name()},
                                         {"as", tool.name},
                                         {"version", kVersion},
                                         {"steps", steps},
                                         {"dt_ms", to_ms(dt)},
                                         {"recording_hash", fmt::format("{:016x}", sink.hash())},
                                         {"conventions", to_json(c, {})},
                                         {"command", t.command},
                                         {"interrupted", !complete},
                                         {"directory", dir.string()}};
  write_file_atomically((dir / kReportFile).string(), report.dump(4, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  if (t.json)
    t.print(report);
  else
    t.out << fmt::format("{} steps of {:.6g} ms as {} does them, written to {}\n", steps, to_ms(dt), tool.name, dir.string());
  return complete ? kOk : kInterrupted;
}

}  // namespace spikeloop::cli
