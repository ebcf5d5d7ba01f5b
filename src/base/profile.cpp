#include "base/profile.h"

#include "base/error.h"

namespace eft {
namespace {

void add(Profile::Row& row, double seconds, const KernelWork& work) {
  ++row.calls;
  row.seconds += seconds;
  row.work.flops += work.flops;
  row.work.bytes += work.bytes;
  row.work.ideal_seconds += work.ideal_seconds;
}

}  // namespace

void Profile::begin(std::string_view name) { open_.push_back({name, now(), 0}); }

void Profile::end(KernelWork work) {
  expect(!open_.empty(), "the end of a call that began");
  const Open call = open_.back();
  open_.pop_back();
  const double seconds = now() - call.begin;
  if (!open_.empty()) open_.back().inside += seconds;
  if (!in_step_) return;
  const auto [row, fresh] = rows_.try_emplace(std::string(call.name));
  add(row->second, seconds - call.inside, work);
  if (!work.detail.empty()) {
    add(products_[std::string(call.name) + " " + work.detail], seconds - call.inside, work);
  }
  keep(call.name, call.begin, seconds, work);
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
  step_begin_ = now();
}

void Profile::end_step() {
  expect(in_step_ && open_.empty(), "the end of a step outside of any call");
  in_step_ = false;
  const double seconds = now() - step_begin_;
  ++steps_;
  step_seconds_ += seconds;
  keep("step", step_begin_, seconds, {});
}

void Profile::keep(std::string_view name, double begin, double seconds, const KernelWork& work) {
  if (begun_steps_ <= traced_steps_ + 1) events_.push_back({std::string(name), begin, seconds, work});
}

}  // namespace eft
