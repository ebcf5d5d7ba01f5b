#include "tensor/packed_tensor.h"

#include "tensor/device_memory.h"

namespace eft {
namespace {

/// `tensor` in memory of `pool`; an absent one stays absent.
Tensor moved(const Tensor& tensor, Pool& pool, Category category) {
  if (!tensor || tensor.device() == pool.device()) return tensor;
  Tensor there(pool, category, tensor.dtype(), tensor.shape());
  if (const auto* memory = memory_of(pool.device())) {
    memory->from_host(there.raw(), tensor.raw(), tensor.bytes());
  }
  return there;
}

}  // namespace

std::int64_t PackedTensor::bytes() const {
  std::int64_t sum = 0;
  for (const Tensor* tensor : {&codes, &scales, &outer_scales, &book}) sum += *tensor ? tensor->bytes() : 0;
  return sum;
}

PackedTensor pack(const Tensor& values, const Storage& storage, DType dtype, Pool& pool, Category category) {
  expect(storage.format != nullptr && storage.format->pack != nullptr, "a format to pack in");
  const auto pack_here = storage.format->pack;
  if (pool.device() == Device::meta) return pack_here(values, storage, dtype, pool, category);
  Pool host(Device::cpu);
  const bool as_is = values.dtype() == DType::bf16 || values.dtype() == DType::f32;
  const Tensor readable = as_is ? values : cast(host, Category::workspace, values, DType::f32);
  if (pool.device() == Device::cpu) return pack_here(readable, storage, dtype, pool, category);
  return to_pool(pack_here(readable, storage, dtype, host, Category::workspace), pool, category);
}

PackedTensor to_pool(const PackedTensor& packed, Pool& pool, Category category) {
  PackedTensor there = packed;
  for (Tensor* tensor : {&there.codes, &there.scales, &there.outer_scales, &there.book}) {
    *tensor = moved(*tensor, pool, category);
  }
  return there;
}

}  // namespace eft
