// Runs CUDA kernels on the host so that their mistakes show without a GPU. The threads of a block are fibers that take
// turns on one system thread: one runs until it waits for the others, at a barrier or in a warp operation. Their order
// is free between two such points, hence choosable: a kernel whose result depends on it has a race.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>

namespace eft::emulation {

/// Who runs next: threads and blocks by number, from the last to the first, or shuffled with `seed`.
struct Order {
  enum class Kind { forward, reverse, shuffled } kind = Kind::forward;
  std::uint64_t seed = 0;
};
/// For all launches from now on. At the start it is what EFT_CUDA_ORDER says: forward, reverse or a seed.
void set_order(Order order);

/// What a launch has of everything.
struct Extents {
  unsigned x = 1, y = 1, z = 1;
  unsigned count() const { return x * y * z; }
};
struct Launch {
  std::string name;  ///< for errors
  Extents blocks, threads;
  std::size_t shared_bytes = 0;
};

/// Runs `thread` once for every thread of every block. Throws InternalError, with the launch's name, for a barrier or
/// warp operation that not all threads reach, for reads and writes outside of what was allocated, and for misuse of a
/// warp operation.
void run(const Launch& launch, const std::function<void()>& thread);

/// Does work of the stream: now or, while the stream is being captured, as a node of the graph. A graph that has been
/// launched runs as late as it may: before the next work, or when somebody waits for it.
enum class Work { kernel, copy, fill };
void submit(Work kind, std::function<void()> run);
void finish_stream();
bool is_capturing();

/// What threads see of themselves, set whenever one gets its turn.
struct Position {
  Extents block_index, thread_index, blocks, threads;
};
extern Position position;

/// Waits for all threads of the block.
void block_barrier(std::source_location where);

/// What a lane gives to the other lanes of its warp.
inline constexpr std::size_t kLaneBytes = 48;
struct Lane {
  alignas(16) std::byte bytes[kLaneBytes];
};
/// Waits for all lanes of the warp and returns what all of them gave, valid until the next warp operation. When all
/// have come, `collect` may change it, before anybody goes on.
const Lane* exchange(const void* mine, std::size_t bytes, std::source_location where,
                     void (*collect)(Lane (&lanes)[32]) = nullptr);

/// Stops the launch with an error.
[[noreturn]] void fail(const std::string& what);

/// Memory of one block under `key`: filled with 0xff, which is NaN, for each block, and guarded behind its end.
void* shared_memory(const void* key, std::size_t bytes);
void* dynamic_shared_memory();

/// Sixteen bytes copied later, as late as the program allows: when the thread waits for them. Until then they are NaN.
void copy_later(void* to, const void* from, std::size_t bytes);
void commit_copies();
void wait_for_copies(int groups_under_way);

/// Device memory: filled with NaN, without a byte behind its end, and out of reach for the host except through copies.
void* allocate(std::size_t bytes);
/// Memory of the host that kernels may touch too.
void* allocate_mapped(std::size_t bytes);
bool release(void* data);
bool is_device(const void* address);
std::size_t allocated_bytes();
/// Throws InternalError when a word of a kernel's argument is the address of host memory.
void check_argument(const std::string& launch, const void* argument, std::size_t bytes);

/// While one lives, this thread may touch device memory.
class OnDevice {
 public:
  OnDevice();
  ~OnDevice();
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
};
/// Called when a kernel touches what it may not; installed by run.
using FaultHandler = void (*)(const std::string& what);
void set_fault_handler(FaultHandler handler);

}  // namespace eft::emulation
