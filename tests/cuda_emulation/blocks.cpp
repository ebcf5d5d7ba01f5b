// Blocks of threads as fibers. Each has a stack of its own; setjmp and longjmp switch between them, since swapcontext
// asks the system for the signal mask at every turn.
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "emulator.h"

namespace eft::emulation {

Position position;

namespace {

constexpr std::size_t kStackBytes = std::size_t{256} << 10;
constexpr std::size_t kPage = 4096;
constexpr unsigned kWarp = 32;
constexpr int kFill = 0xff;

enum class State { ready, at_barrier, in_warp, done };

struct Copy {
  void* to;
  const void* from;
  std::size_t bytes;
};

struct Fiber {
  jmp_buf context;
  ucontext_t first;
  void* stack = nullptr;
  bool started = false;
  State state = State::ready;
  std::source_location where;
  std::vector<std::vector<Copy>> copies;  ///< groups; the last one is open
};

struct Warp {
  Lane given[kWarp];
  Lane all[kWarp];
  unsigned arrived = 0;
};

struct SharedBlock {
  void* data;
  std::size_t bytes;
  std::uint64_t filled_for;
};

Order order_of_environment() {
  const char* const text = std::getenv("EFT_CUDA_ORDER");
  if (text == nullptr || std::string_view(text) == "forward") return {};
  if (std::string_view(text) == "reverse") return {.kind = Order::Kind::reverse};
  return {.kind = Order::Kind::shuffled, .seed = std::strtoull(text, nullptr, 10)};
}

/// All that a launch has; one at a time.
struct Machine {
  Order order = order_of_environment();
  std::unique_ptr<Random> random;
  const std::function<void()>* thread = nullptr;
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<Warp> warps;
  std::map<const void*, SharedBlock> shared;
  std::size_t dynamic_bytes = 0;
  std::uint64_t block_number = 0;
  unsigned current = 0;
  std::string name;
  std::string error;
  jmp_buf scheduler;
  ucontext_t scheduler_start;
  sigjmp_buf failure;
};

Machine& machine() {
  static Machine* const value = new Machine;
  return *value;
}

Extents spread(unsigned index, const Extents& extents) {
  return {index % extents.x, index / extents.x % extents.y, index / extents.x / extents.y};
}

/// Back to the scheduler; returns when this thread has its turn again.
void give_way() {
  Machine& m = machine();
  if (_setjmp(m.fibers[m.current]->context) == 0) _longjmp(m.scheduler, 1);
}

/// A fiber lives on for the same thread of later blocks.
void fiber_main() {
  Machine& m = machine();
  for (;;) {
    (*m.thread)();
    m.fibers[m.current]->state = State::done;
    give_way();
  }
}

void take_turn(unsigned index) {
  Machine& m = machine();
  Fiber& fiber = *m.fibers[index];
  m.current = index;
  position.thread_index = spread(index, position.threads);
  if (_setjmp(m.scheduler) != 0) return;
  if (fiber.started) _longjmp(fiber.context, 1);
  fiber.started = true;
  getcontext(&fiber.first);
  fiber.first.uc_stack.ss_sp = static_cast<char*>(fiber.stack) + kPage;
  fiber.first.uc_stack.ss_size = kStackBytes;
  fiber.first.uc_link = nullptr;
  makecontext(&fiber.first, fiber_main, 0);
  setcontext(&fiber.first);
}

void ready_fibers(unsigned count) {
  Machine& m = machine();
  while (m.fibers.size() < count) {
    auto fiber = std::make_unique<Fiber>();
    fiber->stack = mmap(nullptr, kStackBytes + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(fiber->stack != MAP_FAILED, "stacks for the threads of a block");
    mprotect(fiber->stack, kPage, PROT_NONE);
    m.fibers.push_back(std::move(fiber));
  }
  m.warps.resize(std::max<std::size_t>(m.warps.size(), (count + kWarp - 1) / kWarp));
}

std::vector<unsigned> ordered(unsigned count) {
  Machine& m = machine();
  std::vector<unsigned> all(count);
  std::iota(all.begin(), all.end(), 0U);
  if (m.order.kind == Order::Kind::reverse) std::ranges::reverse(all);
  if (m.order.kind == Order::Kind::shuffled) {
    for (std::size_t i = count; i > 1; --i) std::swap(all[i - 1], all[m.random->below(i)]);
  }
  return all;
}

std::string place(const std::source_location& where) {
  const std::string_view file = where.file_name();
  return fmt::format("{}:{}", file.substr(file.rfind('/') + 1), where.line());
}

bool same_place(const std::source_location& a, const std::source_location& b) {
  return a.line() == b.line() && std::strcmp(a.file_name(), b.file_name()) == 0;
}

/// Says where the threads of a block that cannot go on stand.
std::string describe_waiting(unsigned count) {
  std::map<std::string, int> places;
  for (unsigned i = 0; i < count; ++i) {
    const Fiber& fiber = *machine().fibers[i];
    ++places[fiber.state == State::done         ? "have ended"
             : fiber.state == State::at_barrier ? "wait at the barrier of " + place(fiber.where)
                                                : "wait in the warp operation of " + place(fiber.where)];
  }
  std::string text = "threads wait for each other forever";
  for (const auto& [what, threads] : places) text += fmt::format(", {} {}", threads, what);
  return text;
}

/// Lets all threads go on if all stand at one barrier.
bool open_barrier(unsigned count) {
  Machine& m = machine();
  const Fiber& first = *m.fibers[0];
  for (unsigned i = 0; i < count; ++i) {
    const Fiber& fiber = *m.fibers[i];
    if (fiber.state != State::at_barrier || !same_place(fiber.where, first.where)) return false;
  }
  for (unsigned i = 0; i < count; ++i) m.fibers[i]->state = State::ready;
  return true;
}

void run_block(unsigned count) {
  Machine& m = machine();
  ++m.block_number;
  for (unsigned i = 0; i < count; ++i) {
    m.fibers[i]->state = State::ready;
    m.fibers[i]->copies.assign(1, {});
  }
  for (;;) {
    bool progress = false, done = true;
    for (const unsigned index : ordered(count)) {
      if (m.fibers[index]->state != State::ready) continue;
      take_turn(index);
      progress = true;
    }
    for (unsigned i = 0; i < count; ++i) done = done && m.fibers[i]->state == State::done;
    if (done) return;
    if (!progress && !open_barrier(count)) fail(describe_waiting(count));
  }
}

std::string where_it_failed() {
  const auto text = [](const Extents& e) { return fmt::format("({}, {}, {})", e.x, e.y, e.z); };
  return fmt::format("{}: block {} thread {}", machine().name, text(position.block_index), text(position.thread_index));
}

}  // namespace

void set_order(Order order) { machine().order = order; }

void run(const Launch& launch, const std::function<void()>& thread) {
  Machine& m = machine();
  m.name = launch.name;
  m.thread = &thread;
  m.dynamic_bytes = launch.shared_bytes;
  m.random = std::make_unique<Random>(m.order.seed);
  const unsigned count = launch.threads.count();
  if (count == 0 || count > 1024 || launch.blocks.count() == 0 || launch.blocks.y > 65535) {
    throw InternalError(launch.name + ": no such grid");
  }
  ready_fibers(count);
  const OnDevice here;
  set_fault_handler([](const std::string& what) { fail(what); });
  if (sigsetjmp(m.failure, 1) != 0) {
    // What the threads were doing is lost with their stacks.
    for (auto& fiber : m.fibers) fiber->started = false;
    for (Warp& warp : m.warps) warp.arrived = 0;
    set_fault_handler(nullptr);
    throw InternalError(m.error);
  }
  position.blocks = launch.blocks;
  position.threads = launch.threads;
  for (const unsigned block : ordered(launch.blocks.count())) {
    position.block_index = spread(block, launch.blocks);
    run_block(count);
  }
  set_fault_handler(nullptr);
}

void fail(const std::string& what) {
  machine().error = where_it_failed() + ": " + what;
  siglongjmp(machine().failure, 1);
}

void block_barrier(std::source_location where) {
  Fiber& own = *machine().fibers[machine().current];
  own.state = State::at_barrier;
  own.where = where;
  give_way();
}

const Lane* exchange(const void* mine, std::size_t bytes, std::source_location where, void (*collect)(Lane (&)[32])) {
  Machine& m = machine();
  const unsigned first = m.current / kWarp * kWarp, lane = m.current - first;
  if (first + kWarp > position.threads.count()) fail("a warp operation in a warp of less than 32 threads");
  Warp& warp = m.warps[first / kWarp];
  std::memcpy(warp.given[lane].bytes, mine, bytes);
  m.fibers[m.current]->where = where;
  m.fibers[m.current]->state = State::in_warp;
  if (++warp.arrived < kWarp) {
    give_way();
    return warp.all;
  }
  for (unsigned i = first; i < first + kWarp; ++i) {
    if (!same_place(m.fibers[i]->where, where)) {
      fail("lanes of a warp stand in different operations, " + place(m.fibers[i]->where) + " and " + place(where));
    }
  }
  warp.arrived = 0;
  std::memcpy(warp.all, warp.given, sizeof warp.all);
  if (collect != nullptr) collect(warp.all);
  for (unsigned i = first; i < first + kWarp; ++i) m.fibers[i]->state = State::ready;
  give_way();  // whoever came last is not first again
  return warp.all;
}

void* shared_memory(const void* key, std::size_t bytes) {
  Machine& m = machine();
  auto [found, fresh] = m.shared.try_emplace(key, SharedBlock{.data = nullptr, .bytes = bytes, .filled_for = 0});
  SharedBlock& block = found->second;
  if (block.bytes != bytes) {
    release(block.data);
    block = {.data = nullptr, .bytes = bytes, .filled_for = 0};
  }
  if (block.data == nullptr) block.data = allocate(bytes);
  if (block.filled_for != m.block_number) std::memset(block.data, kFill, bytes);
  block.filled_for = m.block_number;
  return block.data;
}

void* dynamic_shared_memory() {
  static const char key = 0;
  return shared_memory(&key, machine().dynamic_bytes);
}

void copy_later(void* to, const void* from, std::size_t bytes) {
  constexpr std::size_t kCopied = 16;
  const auto odd =
      (reinterpret_cast<std::uintptr_t>(to) | (bytes > 0 ? reinterpret_cast<std::uintptr_t>(from) : 0)) % kCopied;
  if (odd != 0) fail("an asynchronous copy of addresses that are no multiples of 16");
  std::memset(to, kFill, kCopied);
  machine().fibers[machine().current]->copies.back().push_back({to, from, bytes});
}

void commit_copies() { machine().fibers[machine().current]->copies.emplace_back(); }

void wait_for_copies(int groups_under_way) {
  auto& groups = machine().fibers[machine().current]->copies;
  while (static_cast<int>(groups.size()) - 1 > groups_under_way) {
    for (const Copy& copy : groups.front()) {
      std::memset(copy.to, 0, 16);
      if (copy.bytes > 0) std::memcpy(copy.to, copy.from, copy.bytes);
    }
    groups.erase(groups.begin());
  }
}

}  // namespace eft::emulation
