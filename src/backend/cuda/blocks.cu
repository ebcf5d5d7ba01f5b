#include "backend/cuda/blocks.cuh"

#include <algorithm>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "backend/cuda/recording.cuh"
#include "tensor/arena.h"

namespace eft::cuda {
namespace {

constexpr std::int64_t kAlignment = 256;
constexpr std::int64_t kStretch = std::int64_t{64} << 20;

/// One allocation of the driver's.
class Stretch {
 public:
  explicit Stretch(std::int64_t bytes) : bytes_(bytes) {
    void* data = nullptr;
    if (cudaMalloc(&data, static_cast<std::size_t>(bytes)) != cudaSuccess) cudaGetLastError();
    data_ = static_cast<char*>(data);
  }
  ~Stretch() { cudaFree(data_); }
  Stretch(const Stretch&) = delete;
  Stretch& operator=(const Stretch&) = delete;

  bool exists() const { return data_ != nullptr; }
  bool is_empty() const { return arena_.top() == 0; }

  /// Null when it does not fit.
  void* place(std::int64_t bytes) {
    const std::int64_t offset = arena_.place(bytes);
    if (offset + bytes <= bytes_) return data_ + offset;
    arena_.free(offset, bytes);
    return nullptr;
  }
  void free(void* data, std::int64_t bytes) { arena_.free(static_cast<char*>(data) - data_, bytes); }

 private:
  char* data_ = nullptr;
  std::int64_t bytes_;
  Arena arena_;
};

/// All that happens on the one stream happens in order, so a block that is given back can be used again at once.
class Stretches {
 public:
  void* allocate(std::int64_t bytes) {
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    for (const auto& stretch : stretches_) {
      if (void* const data = stretch->place(bytes)) return used(data, *stretch, bytes);
    }
    for (const std::int64_t wanted : {std::max(bytes, kStretch), bytes}) {
      auto fresh = std::make_unique<Stretch>(wanted);
      if (!fresh->exists()) continue;
      stretches_.push_back(std::move(fresh));
      return used(stretches_.back()->place(bytes), *stretches_.back(), bytes);
    }
    return nullptr;
  }

  /// False when the block is not of this place.
  bool release(void* data) {
    const auto found = blocks_.find(data);
    if (found == blocks_.end()) return false;
    found->second.stretch->free(data, found->second.bytes);
    blocks_.erase(found);
    return true;
  }

  void trim() {
    std::erase_if(stretches_, [](const auto& stretch) { return stretch->is_empty(); });
  }

 private:
  struct Block {
    Stretch* stretch;
    std::int64_t bytes;
  };

  void* used(void* data, Stretch& stretch, std::int64_t bytes) {
    blocks_.emplace(data, Block{&stretch, bytes});
    return data;
  }

  std::vector<std::unique_ptr<Stretch>> stretches_;
  std::unordered_map<void*, Block> blocks_;
};

struct State {
  std::mutex mutex;
  bool own = false;
  Stretches stretches;
};

/// Never destroyed, as the runtime.
State& state() {
  static State* const value = new State;
  return *value;
}

}  // namespace

void use_own_blocks() {
  const std::lock_guard lock(state().mutex);
  state().own = true;
}

void* allocate_block(std::int64_t bytes) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (s.own) return s.stretches.allocate(bytes);
  void* data = nullptr;
  const cudaError_t status = cudaMallocAsync(&data, static_cast<std::size_t>(bytes), runtime().stream);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    return nullptr;
  }
  check(status, "allocation of " + format_bytes(bytes));
  return data;
}

void release_block(void* data) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (!s.stretches.release(data)) cudaFreeAsync(data, runtime().stream);
}

void trim_blocks() {
  if (is_recording()) return;  // what has been recorded will use it
  const Runtime& r = runtime();
  check(cudaStreamSynchronize(r.stream), "cuda: work queued before memory was trimmed");
  cudaMemPool_t pool = nullptr;
  check(cudaDeviceGetDefaultMemPool(&pool, r.device), "memory pool");
  check(cudaMemPoolTrimTo(pool, 0), "memory pool");
  const std::lock_guard lock(state().mutex);
  state().stretches.trim();
}

}  // namespace eft::cuda
