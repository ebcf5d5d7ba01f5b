// The emulation finds what it is for: each kernel here is wrong on purpose.
#include <gtest/gtest.h>

#include <cmath>

#include "backend/cuda/launch.cuh"
#include "base/error.h"

namespace eft::cuda {
namespace {

using emulation::Order;

struct Row {
  float of[64];
};

template <class... Parameters, class... Arguments>
void run(unsigned threads, void (*kernel)(Parameters...), const Arguments&... arguments) {
  launch("wrong", Shape{1}, nullptr, {1, threads}, kernel, arguments...);
}

/// What `run` of the kernel complains about; empty when it does not.
template <class... Parameters, class... Arguments>
std::string complaint(unsigned threads, void (*kernel)(Parameters...), const Arguments&... arguments) {
  try {
    run(threads, kernel, arguments...);
    return "";
  } catch (const InternalError& error) {
    return error.what();
  }
}

class Floats {
 public:
  explicit Floats(std::size_t count) : bytes_(count * sizeof(float)) { cudaMalloc(&data_, bytes_); }
  ~Floats() { cudaFreeAsync(data_, nullptr); }
  float* data() const { return static_cast<float*>(data_); }
  std::vector<float> values() const {
    std::vector<float> all(bytes_ / sizeof(float));
    cudaMemcpyAsync(all.data(), data_, bytes_, cudaMemcpyDeviceToHost, nullptr);
    return all;
  }

 private:
  void* data_ = nullptr;
  std::size_t bytes_;
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Emulation, names_threads_that_miss_a_barrier) {
  const std::string got = complaint(
      64, +[] {
        if (threadIdx.x < 40) __syncthreads();
      });
  EXPECT_TRUE(contains(got, "wrong [1]")) << got;
  EXPECT_TRUE(contains(got, "24 have ended, 40 wait at the barrier of emulation_test.cpp")) << got;
}

TEST(Emulation, names_lanes_that_miss_a_warp_operation) {
  const std::string got = complaint(
      32, +[] {
        if (threadIdx.x % 2 == 0) __shfl_sync(0xffffffffU, 1.0F, 0);
      });
  EXPECT_TRUE(contains(got, "16 have ended, 16 wait in the warp operation")) << got;
}

TEST(Emulation, tells_barriers_apart) {
  const std::string got = complaint(
      32, +[] {
        if (threadIdx.x == 3) {
          __syncthreads();
        } else {
          __syncthreads();
        }
      });
  EXPECT_TRUE(contains(got, "1 wait at the barrier")) << got;
}

TEST(Emulation, finds_reads_and_writes_outside) {
  const Floats four(4);
  EXPECT_TRUE(contains(complaint(
                           32, +[](float* to) { to[threadIdx.x] = 1; }, four.data()),
                       "byte 16 of 16"));
  EXPECT_EQ(complaint(
                4, +[](float* to) { to[threadIdx.x] = 1; }, four.data()),
            "");
  EXPECT_EQ(four.values(), std::vector<float>(4, 1));
}

TEST(Emulation, refuses_addresses_of_the_host) {
  float on_host = 0;
  EXPECT_TRUE(contains(complaint(
                           1, +[](float* to) { *to = 1; }, &on_host),
                       "address of the host"));
}

TEST(Emulation, stops_host_code_that_reads_device_memory) {
  EXPECT_DEATH(
      {
        const Floats one(1);
        volatile float value = *one.data();
        static_cast<void>(value);
      },
      "host code touches device memory");
}

TEST(Emulation, fresh_memory_is_nan) {
  const Floats two(2);
  for (const float value : two.values()) EXPECT_TRUE(std::isnan(value));
  run(
      1, +[](float* to) { to[0] = block_shared<Row>().of[5]; }, two.data());
  EXPECT_TRUE(std::isnan(two.values()[0]));
}

void forgets_a_barrier(float* to) {
  auto& row = block_shared<Row>().of;
  row[threadIdx.x] = static_cast<float>(threadIdx.x);
  to[threadIdx.x] = row[63 - threadIdx.x];
}

TEST(Emulation, another_order_shows_a_race) {
  const Floats result(64);
  run(64, forgets_a_barrier, result.data());
  const std::vector<float> forward = result.values();
  emulation::set_order({.kind = Order::Kind::reverse});
  run(64, forgets_a_barrier, result.data());
  emulation::set_order({});
  EXPECT_TRUE(std::isnan(forward[0]));
  EXPECT_EQ(result.values()[0], 63);
}

TEST(Emulation, shuffles_move_values_in_every_order) {
  for (const Order order :
       {Order{}, Order{.kind = Order::Kind::reverse}, Order{.kind = Order::Kind::shuffled, .seed = 4}}) {
    emulation::set_order(order);
    const Floats result(64);
    run(
        64,
        +[](float* to) {
          float sum = 0;
          for (int i = 0; i < 32; ++i) sum += __shfl_sync(0xffffffffU, static_cast<float>(threadIdx.x), i);
          to[threadIdx.x] = sum;
        },
        result.data());
    EXPECT_EQ(result.values().front(), 496);
    EXPECT_EQ(result.values().back(), 496 + 32 * 32);
  }
  emulation::set_order({});
}

TEST(Emulation, asynchronous_copies_arrive_when_they_are_waited_for) {
  const Floats source(4), result(2);
  cudaMemsetAsync(source.data(), 0, 16, nullptr);
  run(
      1,
      +[](const float* from, float* to) {
        auto& row = block_shared<Row>().of;
        emulation::copy_later(row, from, 16);
        emulation::commit_copies();
        to[0] = row[0];
        emulation::wait_for_copies(0);
        to[1] = row[0];
      },
      source.data(), result.data());
  EXPECT_TRUE(std::isnan(result.values()[0]));
  EXPECT_EQ(result.values()[1], 0);
}

TEST(Emulation, a_graph_runs_when_it_is_waited_for_with_the_arguments_of_its_recording) {
  const Floats result(2);
  float on_host = 1;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeRelaxed);
  EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaErrorStreamCaptureUnsupported);
  cudaMemcpyAsync(result.data(), &on_host, sizeof on_host, cudaMemcpyHostToDevice, nullptr);
  run(
      1, +[](float* to) { to[1] = to[0] + 1; }, result.data());
  cudaStreamEndCapture(nullptr, &graph);
  cudaGraphInstantiate(&executable, graph, 0);
  on_host = 3;
  cudaGraphLaunch(executable, nullptr);
  on_host = 5;
  cudaEvent_t before = nullptr;
  cudaEventCreateWithFlags(&before, cudaEventDisableTiming);
  cudaEventSynchronize(before);  // it was recorded before the launch, so nobody waits
  on_host = 7;
  EXPECT_EQ(result.values(), (std::vector<float>{7, 8}));
  cudaGraphDestroy(graph);
  cudaGraphExecDestroy(executable);
}

}  // namespace
}  // namespace eft::cuda
