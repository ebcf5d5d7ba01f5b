#include "tensor/tensor.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "base/parallel.h"
#include "tensor/device_memory.h"

namespace eft {
namespace {

constexpr std::int64_t kGrain = 1 << 16;

double half_to_double(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f;
  const int mantissa = bits & 0x3ff;
  double value = 0;
  if (exponent == 0x1f) {
    value = mantissa == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

struct Half {
  std::uint16_t bits;
  explicit operator double() const { return half_to_double(bits); }
  explicit operator float() const { return static_cast<float>(half_to_double(bits)); }
};

template <class From, class To>
void convert_elements(const void* from, void* to, std::int64_t count) {
  const From* source = static_cast<const From*>(from);
  To* target = static_cast<To*>(to);
  parallel_for(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      if constexpr (std::is_same_v<To, BFloat16>) {
        target[i] = BFloat16(static_cast<float>(source[i]));
      } else {
        target[i] = static_cast<To>(source[i]);
      }
    }
  });
}

template <class From>
void convert_from(const Tensor& from, Tensor& to) {
  dispatch(to.dtype(), [&](auto tag) { convert_elements<From, decltype(tag)>(from.raw(), to.raw(), from.elements()); });
}

}  // namespace

Tensor::Tensor(Pool& pool, Category category, DType dtype, Shape shape)
    : shape_(std::move(shape)), dtype_(dtype), device_(pool.device()), defined_(true) {
  storage_ = pool.allocate(bytes(), category);
}

Tensor::Tensor(std::shared_ptr<void> storage, Device device, DType dtype, Shape shape)
    : storage_(std::move(storage)), shape_(std::move(shape)), dtype_(dtype), device_(device), defined_(true) {}

Tensor Tensor::slice(std::int64_t begin, std::int64_t end) const {
  expect(0 <= begin && begin <= end && end <= shape_[0], "a slice inside the first axis");
  Tensor result = *this;
  std::vector<std::int64_t> extents(shape_.extents().begin(), shape_.extents().end());
  extents[0] = end - begin;
  result.shape_ = Shape(std::span<const std::int64_t>(extents));
  const std::int64_t row = shape_[0] == 0 ? 0 : elements() / shape_[0];
  result.offset_ += begin * row * static_cast<std::int64_t>(size_of(dtype_));
  return result;
}

Tensor Tensor::reshape(Shape shape) const {
  expect(shape.elements() == elements(), "a shape of equal size");
  Tensor result = *this;
  result.shape_ = std::move(shape);
  return result;
}

void zero(Tensor& tensor) {
  if (tensor.raw() == nullptr) return;
  if (const auto* memory = memory_of(tensor.device())) return memory->zero(tensor.raw(), tensor.bytes());
  char* data = static_cast<char*>(tensor.raw());
  parallel_for(tensor.bytes(), kGrain * 8, [&](std::int64_t begin, std::int64_t end) {
    std::memset(data + begin, 0, static_cast<std::size_t>(end - begin));
  });
}

namespace {

/// At least one of the two lies on a device: dtypes change on the side that has them both, the host first.
void convert_across(const Tensor& from, Tensor& to) {
  const auto* source = memory_of(from.device());
  const auto* target = memory_of(to.device());
  if (source != nullptr && target != nullptr) return target->convert(from.view(), to.view());
  if (source != nullptr) return convert(on_host(from), to);
  Pool pool(Device::cpu);
  const Tensor ready = cast(pool, Category::workspace, from, to.dtype());
  target->from_host(to.raw(), ready.raw(), ready.bytes());
}

}  // namespace

void convert(const Tensor& from, Tensor& to) {
  expect(from.elements() == to.elements(), "tensors of equal size");
  if (from.raw() == nullptr || to.raw() == nullptr) return;
  if (from.device() == Device::cuda || to.device() == Device::cuda) return convert_across(from, to);
  if (from.dtype() == to.dtype()) {
    std::memcpy(to.raw(), from.raw(), static_cast<std::size_t>(from.bytes()));
  } else if (from.dtype() == DType::f16) {
    convert_from<Half>(from, to);
  } else {
    dispatch(from.dtype(), [&](auto tag) { convert_from<decltype(tag)>(from, to); });
  }
}

Tensor cast(Pool& pool, Category category, const Tensor& tensor, DType dtype) {
  const bool same_side = (tensor.device() == Device::cuda) == (pool.device() == Device::cuda);
  if (tensor.dtype() == dtype && same_side) return tensor;
  Tensor result(pool, category, dtype, tensor.shape());
  convert(tensor, result);
  return result;
}

std::vector<double> to_doubles(const Tensor& tensor) {
  if (tensor.raw() == nullptr) return {};
  Pool pool(Device::cpu);
  const Tensor wide = cast(pool, Category::workspace, tensor, DType::f64);
  const double* data = wide.data<double>();
  return {data, data + wide.elements()};
}

void from_doubles(Tensor& tensor, const std::vector<double>& values) {
  expect(static_cast<std::int64_t>(values.size()) == tensor.elements(), "one value an element");
  if (tensor.raw() == nullptr) return;
  if (memory_of(tensor.device()) != nullptr) {
    Pool pool(Device::cpu);
    Tensor host(pool, Category::workspace, tensor.dtype(), tensor.shape());
    from_doubles(host, values);
    return convert(host, tensor);
  }
  dispatch(tensor.dtype(), [&](auto tag) {
    convert_elements<double, decltype(tag)>(values.data(), tensor.raw(), tensor.elements());
  });
}

double item(const Tensor& tensor) {
  expect(tensor.elements() == 1, "a single element");
  return tensor.raw() == nullptr ? 0.0 : to_doubles(tensor)[0];
}

}  // namespace eft
