#include "autograd/tape.h"

#include <algorithm>
#include <utility>

namespace eft {

void Tape::record(const char* op, std::vector<std::shared_ptr<GradSlot>> outputs, Backward backward) {
  nodes_.push_back({op, std::move(outputs), std::move(backward)});
}

void Tape::backward(Context& ctx, std::span<const Var> roots, std::span<const Tensor> seeds) {
  expect(roots.size() == seeds.size(), "one seed a root");
  for (std::size_t i = 0; i < roots.size(); ++i) {
    if (!seeds[i] || !roots[i].wants_grad()) continue;
    expect(!roots[i].slot()->filled, "roots that nobody consumed");
    roots[i].slot()->tensor = seeds[i];
    roots[i].slot()->filled = true;
  }
  Tape* const outer = std::exchange(ctx.tape, nullptr);
  std::vector<Tensor> grads;
  while (!nodes_.empty()) {
    Node node = std::move(nodes_.back());
    nodes_.pop_back();
    grads.clear();
    bool reached = false;
    for (const auto& slot : node.outputs) {
      reached = reached || slot->filled;
      grads.push_back(slot->filled ? std::exchange(slot->tensor, {}) : Tensor());
      slot->filled = false;
    }
    if (reached) node.backward(ctx, grads);
  }
  ctx.tape = outer;
}

void Tape::backward(Context& ctx, const Var& loss) {
  expect(loss.wants_grad(), "a loss that depends on something trainable");
  Tensor one(*ctx.pool, Category::workspace, loss.dtype(), loss.shape());
  from_doubles(one, {1.0});
  const Tensor seeds[] = {one};
  const Var roots[] = {loss};
  backward(ctx, roots, seeds);
}

}  // namespace eft
