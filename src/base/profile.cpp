#include "base/profile.h"

#include <chrono>

#include "base/error.h"

namespace eft {
namespace {

class HostClock : public ProfileClock {
 public:
  std::size_t mark() override {
    marks_.push_back(std::chrono::duration<double>(Clock::now() - start_).count());
    return marks_.size() - 1;
  }
  std::vector<double> take() override { return std::exchange(marks_, {}); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
  std::vector<double> marks_;
};

}  // namespace

std::unique_ptr<ProfileClock> host_clock() { return std::make_unique<HostClock>(); }

void Profile::begin(std::string_view name) {
  if (!in_step_) return;
  calls_.push_back({.name = name, .outer = open_, .begin = clock_->mark()});
  open_ = calls_.size() - 1;
}

void Profile::end(KernelWork work) {
  if (!in_step_) return;
  expect(open_ != kNone, "the end of a call that began");
  Call& call = calls_[open_];
  call.end = clock_->mark();
  call.work = std::move(work);
  open_ = call.outer;
}

void Profile::begin_step() {
  if (++begun_steps_ == 2) {
    rows_.clear();
    products_.clear();
    events_.clear();
    steps_ = 0;
    step_seconds_ = 0;
  }
  in_step_ = true;
  step_begin_ = clock_->mark();
}

void Profile::end_step() {
  expect(in_step_ && open_ == kNone, "the end of a step outside of any call");
  const std::size_t step_end = clock_->mark();
  const std::vector<double> times = clock_->take();
  const auto seconds_of = [&](const Call& call) { return times[call.end] - times[call.begin]; };
  for (const Call& call : calls_) {
    if (call.outer != kNone) calls_[call.outer].inside += seconds_of(call);
  }
  const bool traced = begun_steps_ <= traced_steps_ + 1;
  for (const Call& call : calls_) {
    count(call, seconds_of(call) - call.inside);
    if (traced) events_.push_back({std::string(call.name), times[call.begin], seconds_of(call), call.work});
  }
  const double seconds = times[step_end] - times[step_begin_];
  if (traced) events_.push_back({"step", times[step_begin_], seconds, {.bytes = 0}});
  calls_.clear();
  in_step_ = false;
  ++steps_;
  step_seconds_ += seconds;
}

void Profile::count(const Call& call, double seconds) {
  add(rows_[std::string(call.name)], seconds, call.work);
  if (!call.work.sizes.empty()) add(products_[std::string(call.name) + " " + call.work.sizes], seconds, call.work);
}

void Profile::add(Row& row, double seconds, const KernelWork& work) const {
  const double peak = work.bf16 ? peak_.bf16 : peak_.f32;
  ++row.calls;
  row.seconds += seconds;
  row.flops += work.flops;
  row.bytes += work.bytes;
  row.ideal_seconds += peak > 0 ? work.flops / peak : 0;
}

}  // namespace eft
