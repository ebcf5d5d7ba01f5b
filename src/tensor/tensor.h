#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/error.h"
#include "tensor/dtype.h"
#include "tensor/pool.h"
#include "tensor/shape.h"

namespace eft {

/// What a kernel reads: address, dtype and shape, contiguous. A default view is absent (an optional argument).
struct ConstView {
  const void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;

  template <class T>
  const T* as() const {
    return static_cast<const T*>(data);
  }
  explicit operator bool() const { return data != nullptr; }
};

/// What a kernel writes.
struct View {
  void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;

  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
  operator ConstView() const { return {data, dtype, shape}; }
  explicit operator bool() const { return data != nullptr; }
};

/// A gradient that a backward kernel produces: overwritten, or added to when `accumulate`. Absent when nobody wants it.
struct GradView {
  View view;
  bool accumulate = false;

  explicit operator bool() const { return static_cast<bool>(view); }
};

/// Shared storage with a shape and a dtype, always contiguous, row-major. Copies share; `slice` and `reshape` alias.
class Tensor {
 public:
  /// No tensor at all.
  Tensor() = default;
  /// Uninitialised storage from `pool`.
  Tensor(Pool& pool, Category category, DType dtype, Shape shape);
  /// Existing storage, for instance of a mapped file.
  Tensor(std::shared_ptr<void> storage, Device device, DType dtype, Shape shape);

  explicit operator bool() const { return defined_; }
  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  Device device() const { return device_; }
  std::int64_t elements() const { return shape_.elements(); }
  std::int64_t bytes() const { return elements() * static_cast<std::int64_t>(size_of(dtype_)); }

  void* raw() const { return storage_ ? static_cast<char*>(storage_.get()) + offset_ : nullptr; }
  /// First element; T must be the dtype's type. Null on meta.
  template <class T>
  T* data() const {
    expect(kDTypeOf<T> == dtype_, "the tensor's own element type");
    return static_cast<T*>(raw());
  }

  View view() { return {raw(), dtype_, shape_}; }
  ConstView view() const { return {raw(), dtype_, shape_}; }
  ConstView const_view() const { return {raw(), dtype_, shape_}; }

  /// Rows [begin, end) of the first axis, sharing storage.
  Tensor slice(std::int64_t begin, std::int64_t end) const;
  /// The same elements under another shape of equal size.
  Tensor reshape(Shape shape) const;
  /// Whether nobody else holds the storage, so that it may be written in place.
  bool unique() const { return storage_.use_count() == 1; }

 private:
  std::shared_ptr<void> storage_;
  std::int64_t offset_ = 0;  // bytes
  Shape shape_;
  DType dtype_ = DType::f32;
  Device device_ = Device::cpu;
  bool defined_ = false;
};

/// Sets all bytes to zero (nothing on meta).
void zero(Tensor& tensor);
/// Copies with conversion between any two of f64, f32, bf16, f16 (source only, on the host), of equal size, on any device.
void convert(const Tensor& from, Tensor& to);
/// `tensor` itself when it has `dtype` and lies where `pool` is, else a converted copy from `pool`.
Tensor cast(Pool& pool, Category category, const Tensor& tensor, DType dtype);
/// Host copy as doubles; empty on meta.
std::vector<double> to_doubles(const Tensor& tensor);
/// Fills a floating tensor from doubles; nothing on meta.
void from_doubles(Tensor& tensor, const std::vector<double>& values);
/// The single element as a double; 0 on meta.
double item(const Tensor& tensor);

}  // namespace eft
