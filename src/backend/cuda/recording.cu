#include "backend/cuda/recording.cuh"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "backend/cuda/pinned.cuh"

namespace eft::cuda {
namespace {

constexpr std::int64_t kPinned = std::int64_t{4} << 20;
constexpr std::size_t kMostGraphs = 16;

/// The pinned memory that the copies of one graph read. It grows with what a graph needs.
class GraphStaging {
 public:
  /// Waits until the graph that used it before has run.
  void begin() {
    if (done_ == nullptr) check(cudaEventCreateWithFlags(&done_, cudaEventDisableTiming), "event");
    if (launched_) check(cudaEventSynchronize(done_), "cuda: the graph before the last one");
    launched_ = false;
    current_ = 0;
    filled_ = 0;
  }
  void copy(cudaStream_t stream, void* to, const char* host, std::int64_t bytes) {
    copy_in_pieces(stream, to, host, bytes, [this](std::int64_t most) {
      if (filled_ >= kPinned) {
        ++current_;
        filled_ = 0;
      }
      if (current_ == blocks_.size()) add_block();
      return take_piece(blocks_[current_], kPinned, filled_, most);
    });
  }
  void launched(cudaStream_t stream) {
    check(cudaEventRecord(done_, stream), "event");
    launched_ = true;
  }

 private:
  void add_block() {
    void* data = nullptr;
    check(cudaMallocHost(&data, kPinned), "pinned memory");
    blocks_.push_back(static_cast<char*>(data));
  }

  std::vector<char*> blocks_;
  std::size_t current_ = 0;
  std::int64_t filled_ = 0;
  cudaEvent_t done_ = nullptr;
  bool launched_ = false;
};

/// Used by one thread, the one that makes steps.
struct Recorder {
  bool active = false;
  std::array<GraphStaging, 2> staging;  ///< one is filled while the graph that reads the other runs
  std::size_t current = 0;
  std::map<std::size_t, cudaGraphExec_t> executables;  ///< by their number of nodes
};

/// Never destroyed, as the runtime.
Recorder& recorder() {
  static Recorder* const value = new Recorder;
  return *value;
}

cudaGraph_t end_capture() {
  cudaGraph_t graph = nullptr;
  recorder().active = false;
  check(cudaStreamEndCapture(runtime().stream, &graph), "cuda graph: end of recording");
  return graph;
}

/// Whether `executable` now does what `graph` says.
bool update(cudaGraphExec_t executable, cudaGraph_t graph) {
  cudaGraphExecUpdateResultInfo info{};
  if (cudaGraphExecUpdate(executable, graph, &info) == cudaSuccess) return true;
  cudaGetLastError();
  return false;
}

/// An executable that does what `graph` says. Those that are under way end as they were launched.
cudaGraphExec_t executable_of(cudaGraph_t graph, std::size_t nodes) {
  auto& executables = recorder().executables;
  const auto found = executables.find(nodes);
  if (found != executables.end()) {
    if (update(found->second, graph)) return found->second;
    check(cudaGraphExecDestroy(found->second), "cuda graph");
    executables.erase(found);
  }
  if (executables.size() >= kMostGraphs) {
    check(cudaGraphExecDestroy(executables.begin()->second), "cuda graph");
    executables.erase(executables.begin());
  }
  cudaGraphExec_t executable = nullptr;
  check(cudaGraphInstantiate(&executable, graph, 0), "cuda graph: instantiation");
  return executables.emplace(nodes, executable).first->second;
}

}  // namespace

bool is_recording() { return recorder().active; }

void begin_recording() {
  Recorder& r = recorder();
  expect(!r.active, "one recording at a time");
  r.current = 1 - r.current;
  r.staging[r.current].begin();
  check(cudaStreamBeginCapture(runtime().stream, cudaStreamCaptureModeRelaxed), "cuda graph: begin of recording");
  r.active = true;
}

void run_recorded() {
  const cudaGraph_t graph = end_capture();
  const cudaStream_t stream = runtime().stream;
  std::size_t nodes = 0;
  check(cudaGraphGetNodes(graph, nullptr, &nodes), "cuda graph");
  check(cudaGraphLaunch(executable_of(graph, nodes), stream), "cuda graph: launch");
  check(cudaGraphDestroy(graph), "cuda graph");
  recorder().staging[recorder().current].launched(stream);
}

void drop_recorded() {
  Recorder& r = recorder();
  if (!r.active) return;
  r.active = false;
  cudaGraph_t graph = nullptr;
  if (cudaStreamEndCapture(runtime().stream, &graph) == cudaSuccess && graph != nullptr) cudaGraphDestroy(graph);
  cudaGetLastError();
}

void record_copy_from_host(cudaStream_t stream, void* to, const char* host, std::int64_t bytes) {
  recorder().staging[recorder().current].copy(stream, to, host, bytes);
}

}  // namespace eft::cuda
