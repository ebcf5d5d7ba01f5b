// The one stream of the emulation and the CUDA graphs that are captured from it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "cuda_runtime.h"

struct CUgraph_st {
  struct Node {
    eft::emulation::Work kind;
    std::function<void()> run;
  };
  std::vector<Node> nodes;
};

struct CUgraphExec_st {
  std::shared_ptr<CUgraph_st> graph;
};

struct CUevent_st {
  std::uint64_t after = 0;  ///< graphs that had been launched when it was recorded
  std::chrono::steady_clock::time_point moment = {};
};

namespace eft::emulation {
namespace {

struct StreamState {
  std::unique_ptr<CUgraph_st> captured;   ///< while capturing
  std::shared_ptr<CUgraph_st> under_way;  ///< launched, and not yet run
  std::uint64_t launched = 0;
};

StreamState& stream() {
  static StreamState* const value = new StreamState;
  return *value;
}

/// A line in the file that EFT_CUDA_TRACE names: what happened to graphs.
void trace(const char* what, std::size_t nodes) {
  const char* const path = std::getenv("EFT_CUDA_TRACE");
  std::FILE* const file = path != nullptr ? std::fopen(path, "a") : nullptr;
  if (file == nullptr) return;
  std::fprintf(file, "%s %zu\n", what, nodes);
  std::fclose(file);
}

bool same_kinds(const CUgraph_st& a, const CUgraph_st& b) {
  if (a.nodes.size() != b.nodes.size()) return false;
  for (std::size_t i = 0; i < a.nodes.size(); ++i) {
    if (a.nodes[i].kind != b.nodes[i].kind) return false;
  }
  return true;
}

}  // namespace

bool is_capturing() { return stream().captured != nullptr; }

void finish_stream() {
  if (const auto graph = std::exchange(stream().under_way, nullptr)) {
    for (const auto& node : graph->nodes) node.run();
  }
}

void submit(Work kind, std::function<void()> run) {
  if (is_capturing()) {
    stream().captured->nodes.push_back({kind, std::move(run)});
    return;
  }
  finish_stream();
  run();
}

}  // namespace eft::emulation

using eft::emulation::finish_stream;
using eft::emulation::is_capturing;
using eft::emulation::same_kinds;
using eft::emulation::stream;
using eft::emulation::trace;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* created, unsigned) {
  *created = nullptr;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t) {
  if (is_capturing()) return cudaErrorStreamCaptureUnsupported;
  finish_stream();
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
  if (is_capturing()) return cudaErrorStreamCaptureUnsupported;
  event->after = stream().launched;
  event->moment = std::chrono::steady_clock::now();  // what was submitted before is done
  return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  *milliseconds = std::chrono::duration<float, std::milli>(end->moment - begin->moment).count();
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (event->after == stream().launched) finish_stream();
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
  if (is_capturing()) return cudaErrorInvalidValue;
  stream().captured = std::make_unique<CUgraph_st>();
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
  if (!is_capturing()) return cudaErrorInvalidValue;
  *graph = stream().captured.release();
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t*, std::size_t* count) {
  *count = graph->nodes.size();
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new CUgraphExec_st{std::make_shared<CUgraph_st>(*graph)};
  trace("instantiate", graph->nodes.size());
  return cudaSuccess;
}

cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph, cudaGraphExecUpdateResultInfo*) {
  if (!same_kinds(*executable->graph, *graph)) return cudaErrorGraphExecUpdateFailure;
  executable->graph = std::make_shared<CUgraph_st>(*graph);  // what is under way stays as it was
  trace("update", graph->nodes.size());
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t) {
  if (is_capturing()) return cudaErrorStreamCaptureUnsupported;
  finish_stream();
  stream().under_way = executable->graph;
  ++stream().launched;
  trace("launch", executable->graph->nodes.size());
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
