#include "train/optimizers/schedule.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "schema/read.h"
#include "schema/yaml.h"

namespace eft {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kStride = 3;  ///< of the steps whose rates are kept

Json golden() { return Json::parse(read_text("tests/golden/data/schedules.json")); }

ScheduleOptions options_of(Json keys, double peak) {
  keys["learning_rate"] = peak;
  ScheduleOptions options;
  read_value(parse_yaml(keys.dump(), "case"), "", options, {});
  return options;
}

// What the libraries' own schedules make of the same options: tools/golden/schedules.py.
TEST(Schedule, equals_its_library_step_by_step) {
  const Json file = golden();
  const double peak = file["peak"];
  for (const Json& test : file["cases"]) {
    ScheduleOptions options = options_of(test["options"], peak);
    options.warmup_steps = test["warmup"].get<std::int64_t>();
    const Schedule schedule(options, test["total"]);
    for (std::size_t i = 0; i < test["rates"].size(); ++i) {
      const auto step = static_cast<std::int64_t>(i) * kStride;
      EXPECT_NEAR(schedule.at(step) / peak, test["rates"][i].get<double>() / peak, 1e-12)
          << test["options"] << " step " << step << " of " << test["total"] << ", warm-up " << test["warmup"];
    }
  }
}

TEST(Schedule, falls_on_a_plateau_and_goes_on_from_its_state) {
  const Json file = golden();
  const Json& test = file["plateau"];
  Schedule schedule(options_of(test["options"], file["peak"]), 20);
  for (std::size_t i = 0; i < test["losses"].size(); ++i) {
    Schedule next(options_of(test["options"], file["peak"]), 20);
    next.restore(schedule.plateau());
    schedule.count_evaluation(test["losses"][i]);
    next.count_evaluation(test["losses"][i]);
    EXPECT_NEAR(schedule.at(0), test["rates"][i].get<double>(), 1e-16) << i;
    EXPECT_EQ(next.at(0), schedule.at(0));
  }
}

TEST(Schedule, a_warm_up_of_one_step_has_two) {
  ScheduleOptions options;
  EXPECT_EQ(options.warmup(40), 2);
  EXPECT_EQ(options.warmup(33), 0);
  EXPECT_EQ(options.warmup(100), 3);
  options.warmup_ratio = 0.1;
  EXPECT_EQ(options.warmup(10), 2);
  options.warmup_steps = 1;
  EXPECT_EQ(options.warmup(1000), 2);
  EXPECT_EQ(options.asked_warmup(1000), 1);
}

}  // namespace
}  // namespace eft
