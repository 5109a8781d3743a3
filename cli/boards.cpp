// SPDX-License-Identifier: Apache-2.0
#include "cli/boards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "cli/options.hpp"
#include "cli/tables.hpp"
#include "firmware-interface/boards.hpp"
#include "firmware-interface/diagnosis.hpp"
#include "report/table.hpp"

namespace spikeloop::cli {
namespace fw = spikeloop::firmware;
namespace {

struct BoardsOptions {
  std::string usbip;
  bool print_udev = false;
};

void add_usbip(CLI::App& app, std::string& value) {
  add_text(app, "--usbip", value, "HOST:PORT", "also the boards of this USB/IP server (port 3240 if none is named)");
}

std::optional<fw::UsbipPlace> server_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (auto place = fw::parse_usbip_place(text)) return place;
  throw UsageError(fmt::format("\"{}\" is no server; write HOST or HOST:PORT, like 127.0.0.1:3240", text));
}

const char* state_of(const fw::BoardListing& board) {
  switch (board.access) {
    case fw::UsbAccess::free:
      if (board.usable()) return "free";
      return fw::to_text(fw::finding_of(board).kind);
    case fw::UsbAccess::in_use:
      return "in use";
    case fw::UsbAccess::no_permission:
      return "no permission";
    case fw::UsbAccess::failed:
      return "failed";
  }
  return "failed";
}

nlohmann::ordered_json listing_json(const fw::BoardListing& b) {
  nlohmann::ordered_json object = {{"board", b.selector},
                                   {"kind", b.kind},
                                   {"serial", b.identity.serial},
                                   {"manufacturer", b.identity.manufacturer},
                                   {"product", b.identity.product_name},
                                   {"firmware", b.identity.version & 0xFF},
                                   {"logic", nullptr},
                                   {"state", state_of(b)},
                                   {"in_use_by", b.users},
                                   {"problem", b.problem},
                                   {"advice", b.advice}};
  if (b.logic) object["logic"] = *b.logic;
  return object;
}

report::Table table_of(const std::vector<fw::BoardListing>& boards) {
  report::Table table{{{"board"}, {"kind"}, {"serial"}, {"firmware"}, {"logic"}, {"state"}}, {}, ""};
  for (const fw::BoardListing& b : boards) {
    const std::string firmware = b.identity.vendor == 0 ? "?" : fmt::format("{}", b.identity.version & 0xFF);
    table.rows.push_back({b.selector, b.kind, b.identity.serial.empty() ? "?" : b.identity.serial, firmware,
                          b.logic ? fmt::format("{}", *b.logic) : "?", state_of(b)});
    if (!b.problem.empty()) table.note += fmt::format("{}: {}. {}\n", b.selector, b.problem, b.advice);
  }
  if (!table.note.empty()) table.note.pop_back();
  return table;
}

/// Adds boards, or says why there are none to be had from there: boards elsewhere can be used all the same.
std::string add_boards(std::vector<fw::BoardListing>& boards, const std::function<std::vector<fw::BoardListing>()>& list) {
  try {
    for (auto& board : list()) boards.push_back(std::move(board));
    return "";
  } catch (const fw::DeviceFault& fault) {
    return fmt::format("{}. {}", fault.what(), fault.advice());
  }
}

int list_boards(const BoardsOptions& o, Terminal& t) {
  const auto server = server_of(o.usbip);
  std::vector<fw::BoardListing> boards;
  const std::string problem = add_boards(boards, [] { return fw::list_usb_boards(); });
  std::string server_problem;
  if (server) server_problem = add_boards(boards, [&] { return fw::list_usbip_boards(*server); });
  boards.push_back(fw::virtual_listing());
  const int code = server_problem.empty() ? kOk : 4;  // that server was asked for by name
  if (!problem.empty() && !t.json) t.err << "spikeloop: " << problem << "\n";
  if (!server_problem.empty()) t.err << "spikeloop: " << server_problem << "\n";
  if (t.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& board : boards) list.push_back(listing_json(board));
    t.print({{"boards", list}, {"usb_problem", problem}, {"usbip_problem", server_problem}, {"exit_code", code}});
  } else {
    t.out << fitted(table_of(boards), t.out_width, t.colour);
  }
  return code;
}

/// Boards at a server are what was asked for: that there are none here is no fault then.
void excuse_this_computer(std::vector<fw::Finding>& findings) {
  const bool elsewhere = std::any_of(findings.begin(), findings.end(), [](const fw::Finding& f) {
    return f.kind == fw::FindingKind::good && f.what.find("usbip:") != std::string::npos;
  });
  const auto is_here = [](fw::FindingKind kind) {
    return kind == fw::FindingKind::no_library || kind == fw::FindingKind::no_usb || kind == fw::FindingKind::no_device;
  };
  for (fw::Finding& f : findings)
    if (elsewhere && is_here(f.kind)) f.kind = fw::FindingKind::note;
}

int examine(const BoardsOptions& o, Terminal& t) {
  if (o.print_udev) {
    if (t.json)
      t.print({{"udev_rules", std::string(fw::udev_rules())}});
    else
      t.out << fw::udev_rules();
    return kOk;
  }
  std::vector<fw::Finding> findings = fw::diagnose(server_of(o.usbip));
  excuse_this_computer(findings);
  const bool healthy = std::none_of(findings.begin(), findings.end(), [](const fw::Finding& f) { return f.is_bad(); });
  if (t.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const fw::Finding& f : findings) list.push_back({{"kind", fw::to_text(f.kind)}, {"what", f.what}, {"advice", f.advice}});
    t.print({{"healthy", healthy}, {"findings", list}});
  } else {
    for (const fw::Finding& f : findings) {
      t.out << fmt::format("{}: {}\n", fw::to_text(f.kind), f.what);
      if (!f.advice.empty()) t.out << fmt::format("    {}\n", f.advice);
    }
  }
  return healthy ? kOk : 4;
}

}  // namespace

Verb boards_verb() {
  return {"boards", "which boards there are: serial, versions, who uses them",
          "Examples:\n  spikeloop boards                          on this computer\n"
          "  spikeloop boards --usbip 127.0.0.1:3240   and those of a server",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<BoardsOptions>();
            add_usbip(app, o->usbip);
            return [o](Terminal& t) { return list_boards(*o, t); };
          }};
}

Verb doctor_verb() {
  return {"doctor", "why a board cannot be used, and what to do; exit code 4 if something is wrong",
          "Examples:\n  spikeloop doctor\n"
          "  spikeloop doctor --print-udev | sudo tee /etc/udev/rules.d/70-spikeloop.rules",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<BoardsOptions>();
            add_usbip(app, o->usbip);
            app.add_flag("--print-udev", o->print_udev, "print the udev rule that lets users open boards, and nothing else");
            return [o](Terminal& t) { return examine(*o, t); };
          }};
}

}  // namespace spikeloop::cli
