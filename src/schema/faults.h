#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace eft {

/// One thing that is wrong with a configuration.
struct Fault {
  std::string origin;  ///< "run.yaml:14", or "--set"
  std::string path;    ///< "datasets[0].path"
  std::string what;
  std::string meant = {};  ///< path of an unknown key: the key that was meant, perhaps
};

/// Faults of one configuration. The message has a line for each: `run.yaml:14 lora_r: 0 is below 1`.
class Refused : public ConfigError {
 public:
  explicit Refused(std::vector<Fault> faults);
  const std::vector<Fault>& faults() const { return faults_; }

 private:
  std::vector<Fault> faults_;
};

/// Gathers what is wrong, so that a user hears all of it at once.
class Faults {
 public:
  void add(Fault fault) { faults_.push_back(std::move(fault)); }

  /// Runs `read`; what it refuses is added.
  template <class Read>
  void collect(Read&& read) {
    try {
      read();
    } catch (const Refused& refused) {
      faults_.insert(faults_.end(), refused.faults().begin(), refused.faults().end());
    }
  }

  /// Whether `text` names a key that is at fault, or that was meant by an unknown one.
  bool concern(std::string_view text) const;

  /// Throws Refused if there are any, in the order of the file.
  void raise() const;

 private:
  std::vector<Fault> faults_;
};

}  // namespace eft
