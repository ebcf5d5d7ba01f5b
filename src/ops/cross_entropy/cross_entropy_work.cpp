#include "ops/cross_entropy/cross_entropy.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

const bool listed = list_kernels(
    cross_entropy_kernels, untimed<&CrossEntropyKernels::block_bytes>, untimed<&CrossEntropyKernels::gradient_dtype>,
    timed<&CrossEntropyKernels::gather>(
        "gather", [](Stream, ConstView, std::span<const std::int64_t>, View to) { return copy_work(to); }),
    timed<&CrossEntropyKernels::softmax>("softmax"), timed<&CrossEntropyKernels::take_chunk>("take_chunk"),
    timed<&CrossEntropyKernels::finish_chunks>(
        "finish_chunks",
        [](Stream, const CrossEntropySoftmax&, std::span<const std::int32_t>, std::span<const float>, ConstView,
           const WeightView&, ConstView sums, View dhidden, View) {
          return KernelWork{.bytes = 2 * bytes_of(sums) + bytes_of(dhidden)};  // of the head a row for each target
        }),
    timed<&CrossEntropyKernels::weigh>("weigh"), timed<&CrossEntropyKernels::scale_rows>("scale_rows"),
    timed<&CrossEntropyKernels::sum>("sum"), timed<&CrossEntropyKernels::spread>("spread"),
    timed<&CrossEntropyKernels::scatter>("scatter"));

}  // namespace
}  // namespace eft
