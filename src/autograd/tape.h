#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "autograd/var.h"
#include "tensor/device.h"

namespace eft {

struct Context;

/// The record of one forward pass. Each node saves exactly what its closure captures and is dropped, with all that, as
/// soon as its backward has run.
class Tape {
 public:
  /// Turns the gradients of a node's outputs into those of its inputs. A gradient is absent when nothing reached that
  /// output; a node none of whose outputs was reached does not run. The tensors may be moved from.
  using Backward = std::function<void(Context&, std::span<Tensor> output_grads)>;

  void record(const char* op, std::vector<std::shared_ptr<GradSlot>> outputs, Backward backward);

  /// Runs all nodes in reverse, starting from `roots` whose gradients are `seeds`, and empties the tape. Absent seeds
  /// are skipped. ctx.tape is null while it runs.
  void backward(Context& ctx, std::span<const Var> roots, std::span<const Tensor> seeds);
  /// The same from one scalar with gradient 1.
  void backward(Context& ctx, const Var& loss);

  std::size_t nodes() const { return nodes_.size(); }

 private:
  struct Node {
    const char* op;
    std::vector<std::shared_ptr<GradSlot>> outputs;
    Backward backward;
  };
  std::vector<Node> nodes_;
};

/// What every op takes first: where it runs, where memory comes from, and whether the pass is recorded. No tape means
/// inference.
struct Context {
  Pool* pool = nullptr;
  Tape* tape = nullptr;
  Stream stream{};
  std::uint64_t dropout_seed = 0;     ///< key of the run's dropout stream
  std::uint64_t dropout_counter = 0;  ///< advanced by every op that draws; replayed by `checkpoint`
  bool training = false;              ///< whether dropout drops
  bool adapters = true;               ///< whether linears add their adapters' terms; replayed by `checkpoint`
  bool recompute = false;             ///< whether `block` keeps only inputs and outputs

  Device device() const { return pool->device(); }
  /// An op's result: counted as saved while recording.
  Tensor output(DType dtype, Shape shape) const {
    return {*pool, tape != nullptr ? Category::saved : Category::workspace, dtype, std::move(shape)};
  }
  /// Scratch that dies before the op returns.
  Tensor workspace(DType dtype, Shape shape) const { return {*pool, Category::workspace, dtype, std::move(shape)}; }

  /// An op's single result: recorded when a tape is running and one of `inputs` wants a gradient. `backward` is called
  /// as backward(Context&, Tensor& dy).
  template <class F>
  Var result(const char* op, Tensor value, std::initializer_list<const Var*> inputs, F backward) {
    if (!records(inputs)) return Var(std::move(value));
    Var y = Var::leaf(std::move(value));
    tape->record(op, {y.slot()}, [backward = std::move(backward)](Context& ctx, std::span<Tensor> grads) mutable {
      backward(ctx, grads[0]);
    });
    return y;
  }

  /// Whether an op with these inputs has to be recorded.
  bool records(std::initializer_list<const Var*> inputs) const {
    if (tape == nullptr) return false;
    for (const Var* input : inputs) {
      if (input->wants_grad()) return true;
    }
    return false;
  }
};

}  // namespace eft
