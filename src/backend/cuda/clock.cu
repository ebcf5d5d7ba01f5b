#include <utility>
#include <vector>

#include "backend/cuda/runtime.cuh"
#include "tensor/device_clock.h"

namespace eft::cuda {
namespace {

/// Marks are events in the runtime's stream. No work must be recorded into a graph between them.
class EventClock : public ProfileClock {
 public:
  EventClock() : last_(new_event()) { check(cudaEventRecord(last_, runtime().stream), "event"); }
  ~EventClock() override {
    cudaEventDestroy(last_);
    for (const cudaEvent_t event : events_) cudaEventDestroy(event);
  }
  EventClock(const EventClock&) = delete;
  EventClock& operator=(const EventClock&) = delete;

  std::size_t mark() override {
    if (used_ == events_.size()) events_.push_back(new_event());
    check(cudaEventRecord(events_[used_], runtime().stream), "event");
    return used_++;
  }

  std::vector<double> take() override {
    std::vector<double> seconds(used_);
    for (std::size_t i = 0; i < used_; ++i) {
      float milliseconds = 0;  // between neighbours, since a float does not hold the time of a whole run
      check(cudaEventSynchronize(events_[i]), "event");
      check(cudaEventElapsedTime(&milliseconds, i > 0 ? events_[i - 1] : last_, events_[i]), "event");
      seconds_ += 1e-3 * static_cast<double>(milliseconds);
      seconds[i] = seconds_;
    }
    if (used_ > 0) std::swap(last_, events_[used_ - 1]);
    used_ = 0;
    return seconds;
  }

 private:
  static cudaEvent_t new_event() {
    cudaEvent_t event = nullptr;
    check(cudaEventCreateWithFlags(&event, cudaEventDefault), "event");
    return event;
  }

  cudaEvent_t last_;                 ///< of those that were read
  double seconds_ = 0;               ///< its moment
  std::vector<cudaEvent_t> events_;  ///< kept for the next step
  std::size_t used_ = 0;
};

const bool registered = device_clocks.add(
    Device::cuda, {.make = []() -> std::unique_ptr<ProfileClock> { return std::make_unique<EventClock>(); }});

}  // namespace
}  // namespace eft::cuda
