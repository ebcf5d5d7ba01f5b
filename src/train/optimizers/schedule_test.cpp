#include "train/optimizers/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace eft {
namespace {

std::vector<double> rates(ScheduleKind kind, std::int64_t warmup, std::int64_t total) {
  const Schedule schedule({.learning_rate = 1, .kind = kind, .warmup_steps = warmup, .warmup_ratio = {}}, total);
  std::vector<double> result;
  for (std::int64_t step = 0; step < total; ++step) result.push_back(schedule.at(step));
  return result;
}

// Values of transformers.get_scheduler(kind, AdamW(lr=1), 3, 10): the rate that each of ten steps uses.
TEST(Schedule, equals_get_scheduler_step_by_step) {
  const std::vector<double> linear{0, 1.0 / 3, 2.0 / 3, 1, 6.0 / 7, 5.0 / 7, 4.0 / 7, 3.0 / 7, 2.0 / 7, 1.0 / 7};
  const std::vector<double> cosine{0.0,
                                   0.3333333333333333,
                                   0.6666666666666666,
                                   1.0,
                                   0.9504844339512095,
                                   0.8117449009293668,
                                   0.6112604669781572,
                                   0.3887395330218428,
                                   0.1882550990706332,
                                   0.04951556604879043};
  const auto got_linear = rates(ScheduleKind::linear, 3, 10);
  const auto got_cosine = rates(ScheduleKind::cosine, 3, 10);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_NEAR(got_linear[i], linear[i], 1e-15) << i;
    EXPECT_NEAR(got_cosine[i], cosine[i], 1e-15) << i;
  }
  EXPECT_EQ(rates(ScheduleKind::constant, 3, 4), (std::vector<double>{1, 1, 1, 1}));
  EXPECT_EQ(rates(ScheduleKind::constant_with_warmup, 2, 4), (std::vector<double>{0, 0.5, 1, 1}));
  EXPECT_EQ(rates(ScheduleKind::linear, 0, 2), (std::vector<double>{1, 0.5}));
}

}  // namespace
}  // namespace eft
