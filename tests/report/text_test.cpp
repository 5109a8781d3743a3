// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "report/progress.hpp"
#include "report/table.hpp"
#include "tests/report/sample_result.hpp"

namespace spikeloop::report {
namespace {

TEST(Text, names_are_escaped) {
  EXPECT_EQ(escape("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(escape(std::string_view("x\0y\x1b", 4)), "x\xEF\xBF\xBDy\xEF\xBF\xBD");
  EXPECT_EQ(escape("größer 日本"), "größer 日本");
}

TEST(Text, figures_get_prefixes) {
  EXPECT_EQ(si(1.234e-9, "J"), "1.23 nJ");
  EXPECT_EQ(si(12.34e-6, "J"), "12.3 µJ");
  EXPECT_EQ(si(0.0125, "s"), "12.5 ms");
  EXPECT_EQ(si(999.4, "s"), "999 s");
  EXPECT_EQ(si(999.6, "s"), "1.00 ks");
  EXPECT_EQ(si(1, "J"), "1.00 J");
  EXPECT_EQ(si(1e-3, "s"), "1.00 ms");
  EXPECT_EQ(si(0, "J"), "0 J");
  EXPECT_EQ(si(-2e3, "J"), "-2.00 kJ");
  EXPECT_EQ(si(1e-30, "J"), "0.00 yJ");
  EXPECT_EQ(si(NAN, "J"), "n/a");
}

TEST(Text, counts_are_grouped) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(6.125), "6.12");
  EXPECT_EQ(count_text(999.7), "1,000");
  EXPECT_EQ(count_text(28780), "28,780");
  EXPECT_EQ(count_text(-1234567), "-1,234,567");
  EXPECT_EQ(count_text(INFINITY), "n/a");
}

TEST(Text, accuracies_carry_their_spread) {
  EXPECT_EQ(percent_spread({0.9514, 0.0031}, 3), "95.1 ± 0.3 %");
  EXPECT_EQ(percent_spread({0.9514, 0}, 1), "95.1 %");
  EXPECT_EQ(percent_spread({NAN, NAN}, 3), "n/a");
  EXPECT_EQ(percent_spread({0, 0}, 0), "n/a");
}

TEST(Table, widths_are_those_of_a_terminal) {
  EXPECT_EQ(display_width("µJ"), 2u);
  EXPECT_EQ(display_width("日本"), 4u);
  EXPECT_EQ(display_width("e\xCC\x81"), 1u);
  EXPECT_EQ(display_width("\xff\xc3"), 2u);
}

TEST(Table, columns_are_aligned) {
  const Table table{{{"name", Align::kLeft}, {"energy", Align::kRight}}, {{"a", "1 µJ"}, {"日本語", "12 µJ"}, {"short"}}, "a note"};
  EXPECT_EQ(render(table),
            "name    energy\n"
            "──────  ──────\n"
            "a         1 µJ\n"
            "日本語   12 µJ\n"
            "short\n"
            "a note\n");
  EXPECT_EQ(render(table, true).substr(0, 23), "\x1b[1mname    energy\x1b[0m\n");
}

TEST(Table, a_training_is_a_row) {
  const std::vector<ExperimentResult> results = {test::sample_result()};
  const Table table = training_table(results);
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0], (std::vector<std::string>{"tiny", "80.0 ± 7.1 %", "50.0 %", "17", "40", "12.5 ms", "10.0 nJ partly measured"}));
  EXPECT_EQ(table.columns.back().title, "chip");
}

TEST(Table, energy_says_where_it_comes_from) {
  EnergyReport report = test::sample_result().energy[0];
  report.lines[0].verified = false;
  const Table table = energy_table(report);
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[0],
            (std::vector<std::string>{"synapse", "synaptic_event", "40", "100 pJ", "4.00 nJ", "estimated", "a paper (not verified)"}));
  EXPECT_EQ(table.rows[1][5], "measured");
  EXPECT_EQ(table.rows[2][4], "10.0 nJ");
}

ProgressView view() {
  ProgressView view;
  view.progress.samples_done = 4300;
  view.progress.samples_total = 10000;
  view.progress.epoch = 3;
  view.progress.epochs = 10;
  view.progress.running_accuracy = 0.951;
  view.progress.spikes_per_sample = 420.3;
  view.progress.help = 6.1;
  view.samples_per_second = 512;
  return view;
}

TEST(Progress, a_terminal_gets_a_bar_that_fits) {
  EXPECT_EQ(progress_line(view(), 105, true),
            "[####------] 43 %  512 samples/s  ETA 0:12  accuracy 95.1 %  epoch 4/10  spikes/sample 420  help 6.1");
  EXPECT_EQ(progress_line(view(), 60, true), "[####------] 43 %  512 samples/s  ETA 0:12  accuracy 95.1 %");
  EXPECT_EQ(progress_line(view(), 5, true), "43 %");
  for (std::size_t width = 4; width < 200; ++width) EXPECT_LE(display_width(progress_line(view(), width, true)), width);
}

TEST(Progress, elsewhere_it_is_a_plain_line) {
  ProgressView v = view();
  v.label = "seed 2 of 3";
  v.progress.control = true;
  EXPECT_EQ(progress_line(v, 0, false),
            "seed 2 of 3, control: 43 %  512 samples/s  ETA 0:12  accuracy 95.1 %  epoch 4/10  spikes/sample 420  help 6.1");
}

TEST(Progress, the_unknown_is_not_invented) {
  ProgressView v = view();
  v.samples_per_second = 0;
  v.progress.warm_up = true;
  EXPECT_EQ(progress_line(v, 0, false), "43 %  - samples/s  ETA -:--  warm-up  spikes/sample 420");
  v.progress.samples_total = 0;
  EXPECT_EQ(progress_line(v, 0, false).substr(0, 3), "0 %");
}

TEST(Progress, hundred_percent_is_the_end_only) {
  ProgressView v = view();
  v.progress.samples_done = 9999;
  EXPECT_EQ(progress_line(v, 0, false).substr(0, 4), "99 %");
  v.progress.samples_done = 10000;
  EXPECT_EQ(progress_line(v, 22, true), "[##########] 100 %");
}

TEST(Progress, clocks) {
  EXPECT_EQ(clock_text(0), "0:00");
  EXPECT_EQ(clock_text(59.2), "1:00");
  EXPECT_EQ(clock_text(3723), "1:02:03");
  EXPECT_EQ(clock_text(NAN), "-:--");
}

}  // namespace
}  // namespace spikeloop::report
