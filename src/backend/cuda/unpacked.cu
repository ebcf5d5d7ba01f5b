#include "backend/cuda/unpacked.cuh"

#include <map>

namespace eft::cuda {
namespace {

std::map<const PackedFormat*, UnpackKernel>& kernels() {
  static std::map<const PackedFormat*, UnpackKernel> all;
  return all;
}

std::int64_t bytes_unpacked(const WeightView& weight) {
  if (weight.packed == nullptr) return 0;
  return weight.shape.elements() * static_cast<std::int64_t>(size_of(weight.dtype));
}

}  // namespace

bool add_unpack_kernel(const PackedFormat& format, UnpackKernel kernel) {
  return kernels().emplace(&format, kernel).second;
}

Unpacked::Unpacked(Stream stream, const WeightView& weight) : scratch_(bytes_unpacked(weight)), view_(weight.data) {
  if (weight.packed == nullptr) return;
  const PackedFormat& format = *weight.packed->format;
  const auto kernel = kernels().find(&format);
  if (kernel == kernels().end()) {
    throw DeviceError("{} weights: the CUDA backend has no kernel for this format; train on the CPU with device: cpu",
                      format.name);
  }
  const View all{scratch_.as<void>(), weight.dtype, weight.shape};
  kernel->second(stream, weight, all);
  view_ = all;
}

}  // namespace eft::cuda
