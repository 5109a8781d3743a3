// SPDX-License-Identifier: Apache-2.0
#include "report/profile.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace spikeloop::report {
namespace {

Network two_populations() {
  NetworkDescription d;
  d.name = "say \"two\"";
  d.populations = {{"a", {10}, Lif{}, {}, {}}, {"b", {5}, Lif{}, {}, {}}};
  return Network(d);
}

Profile sample_profile() {
  Profile profile;
  profile.populations.resize(3);
  const auto cell = [&](std::size_t p, spikeloop::Phase phase) -> Profile::Cell& {
    return profile.populations[p][static_cast<std::size_t>(phase)];
  };
  cell(0, spikeloop::Phase::kDeliver) = {0.010, 1000};
  cell(1, spikeloop::Phase::kDeliver) = {0.030, 5000};
  cell(0, spikeloop::Phase::kUpdate) = {0.055, 100};
  cell(2, spikeloop::Phase::kExchange) = {0.005, 7};
  profile.spans = {{0, 0.001, 0.002, {0, 0.0015, 0.0005}}, {1, 0.003, 0.001, {}}};
  profile.left_out = 4;
  return profile;
}

TEST(Profile, the_table_has_phases_in_order_and_the_longest_first) {
  const Table table = profile_table(sample_profile(), two_populations());
  const std::vector<std::vector<std::string>> expected = {{"deliver", "all", "40.0 ms", "40.0 %", "6,000", "6.67 µs"},
                                                          {"", "b", "30.0 ms", "30.0 %", "5,000", "6.00 µs"},
                                                          {"", "a", "10.0 ms", "10.0 %", "1,000", "10.0 µs"},
                                                          {"update", "a", "55.0 ms", "55.0 %", "100", "550 µs"},
                                                          {"exchange", "shared", "5.00 ms", "5.0 %", "7", "714 µs"}};
  EXPECT_EQ(table.rows, expected);
  EXPECT_TRUE(profile_table({}, two_populations()).rows.empty());
}

TEST(Profile, the_object_names_populations) {
  const nlohmann::ordered_json rows = profile_json(sample_profile(), two_populations());
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].dump(), R"({"phase":"deliver","population":"b","seconds":0.03,"operations":5000})");
  EXPECT_TRUE(rows[3]["population"].is_null());
}

TEST(Profile, the_trace_is_json_with_phases_inside_their_span) {
  std::ostringstream text;
  write_chrome_trace(text, sample_profile(), two_populations());
  const nlohmann::json trace = nlohmann::json::parse(text.str());
  EXPECT_EQ(trace["otherData"]["network"], "say \"two\"");
  EXPECT_EQ(trace["otherData"]["spans_left_out"], 4);
  std::vector<nlohmann::json> spans;
  std::vector<std::string> names;
  for (const nlohmann::json& e : trace["traceEvents"]) {
    if (e["ph"] == "X")
      spans.push_back(e);
    else
      names.push_back(e["args"]["name"]);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"spikeloop", "lane 0", "all lanes"}));
  ASSERT_EQ(spans.size(), 4u);
  EXPECT_EQ(spans[0]["name"], "epoch");
  EXPECT_DOUBLE_EQ(spans[0]["ts"], 1000);
  EXPECT_DOUBLE_EQ(spans[0]["dur"], 2000);
  EXPECT_EQ(spans[1]["name"], "deliver");
  EXPECT_DOUBLE_EQ(spans[1]["ts"], 1000);
  EXPECT_DOUBLE_EQ(spans[1]["dur"], 1500);
  EXPECT_EQ(spans[2]["name"], "update");
  EXPECT_DOUBLE_EQ(spans[2]["ts"], 2500);
  EXPECT_DOUBLE_EQ(spans[2]["dur"], 500);
  EXPECT_EQ(spans[3]["tid"], 1);
}

}  // namespace
}  // namespace spikeloop::report
