#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eft {

/// What a call of a kernel has to do.
struct KernelWork {
  double flops = 0;        ///< of its matrix products
  bool bf16 = false;       ///< both sides of the products are bf16
  std::string sizes = {};  ///< of a product, "512 x 1024 x 640"
  double bytes = -1;       ///< read and written at least; −1: all of every tensor
};

/// What products can reach at most, in FLOP/s; 0: unknown.
struct PeakRates {
  double bf16 = 0;
  double f32 = 0;
};

/// Tells when work is done. Marks are noted while work is queued and read together.
class ProfileClock {
 public:
  virtual ~ProfileClock() = default;
  /// Notes the moment at which all work queued so far will be done. Returns the mark's number, from 0.
  virtual std::size_t mark() = 0;
  /// The moments of all marks in seconds since the clock was made, waiting for them. Numbers begin again at 0.
  virtual std::vector<double> take() = 0;
};

/// The clock of work that is done when a call returns.
std::unique_ptr<ProfileClock> host_clock();

/// Times of calls, by name, and the calls themselves where a trace is kept. One thread only: the one that calls
/// kernels.
class Profile {
 public:
  /// Calls of one name together. `seconds` leaves out the timed calls inside them.
  struct Row {
    std::int64_t calls = 0;
    double seconds = 0;
    double flops = 0;
    double bytes = 0;
    double ideal_seconds = 0;  ///< of the products at the peak
  };
  struct Event {
    std::string name;
    double begin = 0;  ///< seconds since the clock was made
    double seconds = 0;
    KernelWork work;
  };

  /// Keeps the calls of `traced_steps` steps after the first.
  Profile(std::int64_t traced_steps, std::unique_ptr<ProfileClock> clock, PeakRates peak)
      : traced_steps_(traced_steps), clock_(std::move(clock)), peak_(peak) {}

  /// Bracket a call; calls may nest, and count inside steps only. The name must outlive the step.
  void begin(std::string_view name);
  void end(KernelWork work);
  /// Bracket a step. The first one, in which everything is prepared, does not count once there is another.
  void begin_step();
  void end_step();

  std::int64_t steps() const { return steps_; }
  double step_seconds() const { return step_seconds_; }
  const PeakRates& peak() const { return peak_; }
  const std::map<std::string, Row, std::less<>>& rows() const { return rows_; }
  /// The calls that have sizes, by "name sizes".
  const std::map<std::string, Row, std::less<>>& products() const { return products_; }
  const std::vector<Event>& events() const { return events_; }

 private:
  struct Call {
    std::string_view name;
    std::size_t outer;  // index of the call around it, or kNone
    std::size_t begin;  // marks
    std::size_t end = 0;
    KernelWork work = {};
    double inside = 0;  // seconds of the timed calls in it
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  void count(const Call& call, double seconds);
  void add(Row& row, double seconds, const KernelWork& work) const;

  std::int64_t traced_steps_;
  std::unique_ptr<ProfileClock> clock_;
  PeakRates peak_;
  std::int64_t begun_steps_ = 0;
  std::int64_t steps_ = 0;
  double step_seconds_ = 0;
  std::size_t step_begin_ = 0;
  bool in_step_ = false;
  std::vector<Call> calls_;  // of this step, in the order of their beginnings
  std::size_t open_ = kNone;
  std::map<std::string, Row, std::less<>> rows_;
  std::map<std::string, Row, std::less<>> products_;
  std::vector<Event> events_;
};

}  // namespace eft
