// One launch over many tensors, whatever their sizes: they are laid end to end and cut into chunks, one for a block.
#pragma once

#include <vector>

#include "backend/cuda/rows.cuh"

namespace eft::cuda {

inline constexpr std::int64_t kChunk = 1 << 14;

/// The tensors of a launch. Entry has `count`, the elements of its tensor, and `first`, its first chunk, filled in here.
template <class Entry>
class FlatList {
 public:
  void add(Entry entry) {
    if (entry.count == 0) return;
    entry.first = chunks_;
    chunks_ += (entry.count + kChunk - 1) / kChunk;
    entries_.push_back(entry);
  }
  const std::vector<Entry>& entries() const { return entries_; }
  std::int64_t chunks() const { return chunks_; }

 private:
  std::vector<Entry> entries_;
  std::int64_t chunks_ = 0;
};

template <class Entry, class Body>
__global__ void chunks_kernel(const Entry* entries, std::int64_t tensors, Body body) {
  const std::int64_t chunk = blockIdx.x;
  std::int64_t at = 0, end = tensors;  // the tensor is one of [at, end)
  while (end - at > 1) {
    const std::int64_t middle = (at + end) / 2;
    (entries[middle].first <= chunk ? at : end) = middle;
  }
  const Entry entry = entries[at];
  const std::int64_t begin = (chunk - entry.first) * kChunk;
  body(entry, begin, min(begin + kChunk, entry.count), chunk);
}

/// Calls body(entry, begin, end, chunk) with all threads of a block for every chunk [begin, end) of every tensor.
template <class Entry, class Body>
void for_each_chunk(Stream stream, std::string_view op, const FlatList<Entry>& list, Body body) {
  if (list.chunks() == 0) return;
  const cudaStream_t queue = stream_of(stream);
  const std::vector<Entry>& entries = list.entries();
  const auto tensors = static_cast<std::int64_t>(entries.size());
  const Uploaded<Entry> on_device(queue, entries);
  launch(op, Shape{tensors}, queue, {static_cast<unsigned>(list.chunks()), kThreads}, chunks_kernel<Entry, Body>,
         on_device.data(), tensors, body);
}

}  // namespace eft::cuda
