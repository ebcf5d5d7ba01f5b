#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "text/bpe.h"

namespace eft {

/// Work spaces of a byte-pair model: as many as there are threads at work, kept for the words that they remember.
class ScratchPool {
 public:
  /// One of them, for as long as this lives.
  class Lease {
   public:
    explicit Lease(ScratchPool& pool) : pool_(pool), scratch_(pool.take()) {}
    ~Lease() { pool_.give(std::move(scratch_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Bpe::Scratch& operator*() const { return *scratch_; }

   private:
    ScratchPool& pool_;
    std::unique_ptr<Bpe::Scratch> scratch_;
  };

 private:
  std::unique_ptr<Bpe::Scratch> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<Bpe::Scratch>();
    std::unique_ptr<Bpe::Scratch> scratch = std::move(free_.back());
    free_.pop_back();
    return scratch;
  }

  void give(std::unique_ptr<Bpe::Scratch> scratch) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(scratch));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Bpe::Scratch>> free_;
};

}  // namespace eft
