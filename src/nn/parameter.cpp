#include "nn/parameter.h"

#include <algorithm>

#include "base/file.h"

namespace eft {

Parameter& ParameterStore::add(Parameter parameter) {
  const bool unique = std::ranges::find(parameters_, parameter.name, &Parameter::name) == parameters_.end();
  expect(unique, "parameter names that are unique: " + parameter.name);
  return parameters_.emplace_back(std::move(parameter));
}

Parameter* ParameterStore::find(std::string_view name) {
  for (Parameter& parameter : parameters_) {
    if (parameter.name == name || parameter.module == name) return &parameter;
  }
  return nullptr;
}

void Parameter::keep_with_adapter() {
  source = std::move(name);
  name = kPeftPrefix + module;
  category = Category::adapters;
}

void make_trainable(Parameter& parameter, Pool& pool) {
  expect(static_cast<bool>(parameter.value), "a loaded parameter");
  expect(!parameter.buffer, "a parameter, not a buffer: " + parameter.name);
  parameter.grad = std::make_shared<GradSlot>();
  parameter.grad->dtype = accumulator_of(parameter.value.dtype());
  parameter.grad->category = Category::gradients;
  parameter.grad->shape = parameter.shape;
  if (parameter.value.dtype() == DType::bf16 && !parameter.master) {
    parameter.master = Tensor(pool, Category::optimizer, DType::f32, parameter.shape);
    convert(parameter.value, parameter.master);
  }
}

void forget_mapped(const ParameterStore& store, Forget which) {
  for (const Parameter& parameter : store) {
    const bool chosen = which == Forget::all || parameter.gathered;
    const Tensor& stored = parameter.packed ? parameter.packed->codes : parameter.value;
    if (!chosen || !parameter.mapped || stored.raw() == nullptr) continue;
    forget_pages(stored.raw(), static_cast<std::size_t>(stored.bytes()));
  }
}

ParameterCount count_parameters(const ParameterStore& store) {
  ParameterCount count;
  for (const Parameter& parameter : store) {
    if (parameter.buffer) continue;
    count.total += parameter.shape.elements();
    if (parameter.trainable()) count.trainable += parameter.shape.elements();
  }
  return count;
}

}  // namespace eft
