#include <algorithm>
#include <array>
#include <mutex>

#include "backend/cuda/pinned.cuh"
#include "backend/cuda/recording.cuh"

namespace eft::cuda {
namespace {

constexpr std::int64_t kHalf = std::int64_t{16} << 20;

/// Pinned memory in two halves. Copies fill one while those from the other are under way; a half is used again when the
/// event behind its last copy has passed.
class Staging {
 public:
  void copy(cudaStream_t stream, void* to, const char* host, std::int64_t bytes) {
    const std::lock_guard lock(mutex_);
    if (halves_[0].data == nullptr) allocate();
    copy_in_pieces(stream, to, host, bytes, [&](std::int64_t most) {
      if (filled_ >= kHalf) turn_over(stream);
      return take_piece(halves_[current_].data, kHalf, filled_, most);
    });
  }

 private:
  struct Half {
    char* data = nullptr;
    cudaEvent_t done = nullptr;
  };

  void allocate() {
    for (Half& half : halves_) {
      void* data = nullptr;
      check(cudaMallocHost(&data, kHalf), "pinned memory");
      half.data = static_cast<char*>(data);
      check(cudaEventCreateWithFlags(&half.done, cudaEventDisableTiming), "event");
    }
  }

  void turn_over(cudaStream_t stream) {
    check(cudaEventRecord(halves_[current_].done, stream), "event");
    current_ = 1 - current_;
    filled_ = 0;
    check(cudaEventSynchronize(halves_[current_].done), "copies to the device");
  }

  std::mutex mutex_;
  std::array<Half, 2> halves_;
  std::size_t current_ = 0;
  std::int64_t filled_ = 0;
};

/// Never destroyed, as the runtime.
Staging& staging() {
  static Staging* const value = new Staging;
  return *value;
}

}  // namespace

void copy_from_host(cudaStream_t stream, void* to, const void* host, std::int64_t bytes) {
  if (is_recording()) return record_copy_from_host(stream, to, static_cast<const char*>(host), bytes);
  staging().copy(stream, to, static_cast<const char*>(host), bytes);
}

}  // namespace eft::cuda
