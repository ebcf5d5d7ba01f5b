#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "backend/cuda/runtime.cuh"

namespace eft::cuda {

constexpr std::int64_t kPinnedAlignment = 64;

/// Copies to the device by way of pinned memory: take(bytes) gives the next free piece of it, not empty and of at most so
/// many bytes, which stays as it is until the stream has read it.
template <class Take>
void copy_in_pieces(cudaStream_t stream, void* to, const char* host, std::int64_t bytes, Take take) {
  while (bytes > 0) {
    const std::span<char> piece = take(bytes);
    std::memcpy(piece.data(), host, piece.size());
    check(cudaMemcpyAsync(to, piece.data(), piece.size(), cudaMemcpyHostToDevice, stream), "copy to the device");
    to = static_cast<char*>(to) + piece.size();
    host += piece.size();
    bytes -= static_cast<std::int64_t>(piece.size());
  }
}

/// The next piece of a block of pinned memory of which `filled` bytes are taken.
inline std::span<char> take_piece(char* block, std::int64_t size, std::int64_t& filled, std::int64_t bytes) {
  const std::int64_t piece = std::min(bytes, size - filled);
  char* const data = block + filled;
  filled += (piece + kPinnedAlignment - 1) / kPinnedAlignment * kPinnedAlignment;
  return {data, static_cast<std::size_t>(piece)};
}

}  // namespace eft::cuda
