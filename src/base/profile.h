#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace eft {

/// What a call of a kernel had to do.
struct KernelWork {
  double flops = 0;          ///< of its matrix products
  double bytes = 0;          ///< read and written at least
  double ideal_seconds = 0;  ///< of the products at the processor's peak
  std::string detail = {};   ///< sizes of a product, "512 x 1024 x 640"
};

/// Times of calls, by name, and the calls themselves where a trace is kept. One thread only: the one that calls kernels.
class Profile {
 public:
  /// Calls of one name together. `seconds` leaves out the timed calls inside them.
  struct Row {
    std::int64_t calls = 0;
    double seconds = 0;
    KernelWork work;
  };
  struct Event {
    std::string name;
    double begin = 0;  ///< seconds since the profile was made
    double seconds = 0;
    KernelWork work;
  };

  /// Keeps the calls of `traced_steps` steps after the first.
  explicit Profile(std::int64_t traced_steps) : traced_steps_(traced_steps) {}

  /// Bracket a call; calls may nest.
  void begin(std::string_view name);
  void end(KernelWork work);
  /// Bracket a step. The first one, in which everything is prepared, does not count once there is another.
  void begin_step();
  void end_step();

  std::int64_t steps() const { return steps_; }
  double step_seconds() const { return step_seconds_; }
  const std::map<std::string, Row, std::less<>>& rows() const { return rows_; }
  /// The calls that have a detail, by "name detail".
  const std::map<std::string, Row, std::less<>>& products() const { return products_; }
  const std::vector<Event>& events() const { return events_; }

 private:
  struct Open {
    std::string_view name;
    double begin;
    double inside;  // seconds of the timed calls in it
  };

  double now() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void keep(std::string_view name, double begin, double seconds, const KernelWork& work);

  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
  std::int64_t traced_steps_;
  std::int64_t begun_steps_ = 0;
  std::int64_t steps_ = 0;
  double step_seconds_ = 0;
  double step_begin_ = 0;
  bool in_step_ = false;
  std::vector<Open> open_;
  std::map<std::string, Row, std::less<>> rows_;
  std::map<std::string, Row, std::less<>> products_;
  std::vector<Event> events_;
};

}  // namespace eft
