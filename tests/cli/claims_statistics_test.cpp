// SPDX-License-Identifier: Apache-2.0
// Figures of many values: what was not measured never passes.
#include "cli/claims/statistics.hpp"

#include <cmath>
#include <limits>

#include "cli/claims/claim.hpp"
#include "cli/claims/digits.hpp"
#include "cli/claims/page.hpp"
#include "cli/claims/shipped.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

using Values = std::vector<double>;

const double kNaN = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();

TEST(Statistics, PearsonIsThatOfTheFormula) {
  EXPECT_NEAR(pearson(Values{1, 2, 3}, Values{5, 6, 7}), 1, 1e-12);
  EXPECT_NEAR(pearson(Values{1, 2, 3}, Values{7, 6, 5}), -1, 1e-12);
  EXPECT_NEAR(pearson(Values{1, 2, 3, 4}, Values{1, 3, 2, 4}), 0.8, 1e-12);
  EXPECT_EQ(pearson(Values{1, 2, 3}, Values{5, 5, 5}), 0);
  EXPECT_EQ(pearson(Values{}, Values{}), 0);
  EXPECT_TRUE(std::isnan(pearson(Values{1, kNaN, 3}, Values{5, 6, 7})));
  EXPECT_TRUE(std::isnan(pearson(Values{1, 2, 3}, Values{5, kInfinity, 7})));
}

TEST(Statistics, TheWorstOfValuesIsNaNWhereOneIsWhereverItStands) {
  EXPECT_EQ(least(Values{2, 1, 3}), 1);
  EXPECT_EQ(greatest(Values{2, 3, 1}), 3);
  for (const Values& values : {Values{kNaN, 1, 2}, Values{1, kNaN, 2}, Values{1, 2, kNaN}, Values{}}) {
    EXPECT_TRUE(std::isnan(least(values))) << values.size();
    EXPECT_TRUE(std::isnan(greatest(values))) << values.size();
  }
}

/// Whatever comparison somebody made of it: a claim's finding that is NaN fails, and table, page and claim.json agree.
TEST(Statistics, AFindingThatIsNaNFailsTheClaim) {
  ClaimResult result;
  result.findings = {{"good", 1, "> 0", true}, {"worst", kNaN, "not > 0", !(kNaN > 0)}, {"shown", kNaN, "", true}};
  EXPECT_FALSE(result.holds());
  contains(failures(result), "worst is nan, expected not > 0; shown is nan, expected a number");
  EXPECT_EQ(claim_table(result).rows.at(0).back(), "holds");
  EXPECT_EQ(claim_table(result).rows.at(1).back(), "FAILS");
  const Claim claim{"x", "y", nullptr};
  const auto json = nlohmann::json::parse(claim_json(claim, {}, result, {}));
  EXPECT_EQ(json["holds"], false);
  EXPECT_EQ(json["findings"][0]["holds"], true);
  EXPECT_EQ(json["findings"][1]["holds"], false);
  contains(claim_html(claim, result, "", {}), "It does not hold here: worst is nan");
  result.findings.resize(1);
  EXPECT_TRUE(result.holds());
}

TEST(Statistics, CurvesByNumberBeginAtOne) {
  const report::Series series = curve("help", {5, 4, 3}, 2);
  EXPECT_EQ(series.x, (Values{1, 2, 3}));
  EXPECT_EQ(series.y, (Values{5, 4, 3}));
  EXPECT_EQ(series.name, "help");
  EXPECT_EQ(series.colour, 2);
}

TEST(Statistics, DigitsAreThoseOfTheFolderOfDataIfTheyAreThere) {
  Folder folder;
  EXPECT_EQ(digits_folder(folder.path()), shipped_data());
  folder.write("digits.csv.gz", "not empty");
  EXPECT_EQ(digits_folder(folder.path()), folder.path());
}

}  // namespace
}  // namespace spikeloop::cli::test
