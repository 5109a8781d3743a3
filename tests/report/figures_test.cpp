// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "report/charts.hpp"
#include "report/svg.hpp"
#include "tests/report/sample_result.hpp"

namespace spikeloop::report {
namespace {

using test::has;
using test::xml_fault;

TEST(Svg, the_text_is_small_and_exact) {
  Svg svg(20, 10, "a & b");
  svg.line(0, 1.5, 20, -0.001, "grid");
  svg.rect(1, 2, 3, 4.333, "f0", 0.5);
  svg.text(5, 6, "<x>", "ink", "end");
  EXPECT_EQ(svg.inline_text(),
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 20 10\" width=\"20\" height=\"10\" role=\"img\">\n"
            "<title>a &amp; b</title>\n"
            "<line x1=\"0\" y1=\"1.5\" x2=\"20\" y2=\"0\" class=\"grid\"/>\n"
            "<rect x=\"1\" y=\"2\" width=\"3\" height=\"4.33\" class=\"f0\" opacity=\"0.5\"/>\n"
            "<text x=\"5\" y=\"6\" class=\"ink\" text-anchor=\"end\">&lt;x&gt;</text>\n"
            "</svg>\n");
  EXPECT_EQ(xml_fault(svg.file_text()), "");
  EXPECT_TRUE(has(svg.file_text(), "prefers-color-scheme"));
}

TEST(Svg, ticks_are_round) {
  EXPECT_EQ(nice_ticks(0, 10, 6), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(nice_ticks(0.3, 7.2, 5), (std::vector<double>{0, 2, 4, 6, 8}));
  EXPECT_EQ(nice_ticks(-1, 1, 3), (std::vector<double>{-1, 0, 1}));
  EXPECT_EQ(nice_ticks(5, 5, 3).front() <= 5 && nice_ticks(5, 5, 3).back() >= 5, true);
  EXPECT_GE(nice_ticks(0, 0, 5).size(), 2u);
  EXPECT_GE(nice_ticks(NAN, 1, 5).size(), 2u);
  EXPECT_EQ(tick_text(0.30000000000000004, 0.1), "0.3");
  EXPECT_EQ(tick_text(-1e-18, 0.5), "0.0");
  EXPECT_EQ(tick_text(20, 10), "20");
}

TEST(Charts, a_curve_breaks_where_there_is_no_value) {
  LinePlot plot;
  plot.x_label = "epoch";
  plot.series = {{"a<b", {1, 2, 3, 4}, {0, NAN, 1, 1}, {}, {}, 2, false, false}};
  const std::string text = line_plot(plot).inline_text();
  EXPECT_EQ(xml_fault(text), "");
  EXPECT_TRUE(has(text, "a&lt;b"));
  EXPECT_FALSE(has(text, "nan"));
  const auto start = text.find("<path d=\"M");
  ASSERT_NE(start, std::string::npos);
  EXPECT_NE(text.find('M', start + 11), std::string::npos);  // two pieces
}

TEST(Charts, empty_data_make_empty_figures) {
  EXPECT_EQ(xml_fault(line_plot({}).inline_text()), "");
  EXPECT_EQ(xml_fault(raster_plot({}).inline_text()), "");
  EXPECT_EQ(xml_fault(confusion_plot({}).inline_text()), "");
  EXPECT_EQ(xml_fault(field_plot({}, 0, 0).inline_text()), "");
  EXPECT_EQ(xml_fault(share_plot("", {}).inline_text()), "");
}

TEST(Charts, a_raster_draws_every_spike_and_its_groups) {
  RasterPlot plot;
  plot.duration_ms = 60;
  plot.groups = {{"in", 4, 6, {}, "", {1, 2, 59}, {0, 3, 1}}, {"out", 2, 2, 1u, "label", {30}, {1}}};
  plot.phases = {{0, 30, "free phase", false}, {30, 60, "feedback phase", true}};
  const std::string text = raster_plot(plot).inline_text();
  EXPECT_EQ(xml_fault(text), "");
  EXPECT_TRUE(has(text, ">4 neurons<"));
  EXPECT_TRUE(has(text, "feedback phase"));
  EXPECT_TRUE(has(text, "◂ label"));
  const auto path = text.find("ticks s6");
  const auto start = text.rfind("<path", path);
  EXPECT_EQ(std::count(text.begin() + static_cast<std::ptrdiff_t>(start), text.begin() + static_cast<std::ptrdiff_t>(path), 'M'), 3);
}

TEST(Charts, a_large_population_is_thinned_and_says_so) {
  RasterPlot plot;
  plot.duration_ms = 10;
  plot.groups = {{"in", 10'000, 0, {}, "", {1, 2, 3}, {0, 1, 34}}};
  EXPECT_TRUE(has(raster_plot(plot).inline_text(), "10,000 neurons, 1 in 34 drawn"));
}

TEST(Charts, confusions_show_their_counts) {
  const std::string text = confusion_plot({{2, 0}, {1, 1}}).inline_text();
  EXPECT_EQ(xml_fault(text), "");
  EXPECT_TRUE(has(text, ">2</text>"));
  EXPECT_TRUE(has(text, "class=\"f1\""));
}

TEST(Charts, fields_show_both_signs) {
  const std::vector<ReceptiveField> fields = {{7, {1, -1, 0, NAN}}};
  const std::string text = field_plot(fields, 2, 2).inline_text();
  EXPECT_EQ(xml_fault(text), "");
  EXPECT_TRUE(has(text, "f0 crisp") && has(text, "f1 crisp") && has(text, ">7</text>"));
  EXPECT_FALSE(has(text, "nan"));
}

TEST(Charts, shares_have_a_legend_and_totals) {
  const std::vector<Bar> bars = {{"chip", "10 nJ estimated", {{"synapse", 3}, {"static", 1}, {"none", 0}, {"odd", NAN}}}};
  const std::string text = share_plot("energy", bars).inline_text();
  EXPECT_EQ(xml_fault(text), "");
  EXPECT_TRUE(has(text, ">75 %<") && has(text, ">25 %<") && has(text, "10 nJ estimated") && has(text, ">static<"));
}

}  // namespace
}  // namespace spikeloop::report
