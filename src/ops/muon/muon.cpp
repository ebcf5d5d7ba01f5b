#include "ops/muon/muon.h"

#include <algorithm>

#include "ops/linear/linear.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

// Coefficients of x ← a·x + (b·A + c·A²)·x with A = x·xᵀ, which lift small singular values fastest.
constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;
constexpr double kNormEpsilon = 1e-7;

}  // namespace

void orthogonalise(Context& ctx, Tensor& x, std::int64_t steps) {
  const bool tall = x.shape()[0] > x.shape()[1];
  const std::int64_t side = std::min(x.shape()[0], x.shape()[1]);
  Tensor gram = ctx.output(x.dtype(), {side, side}), square = ctx.output(x.dtype(), {side, side});
  Tensor next = ctx.output(x.dtype(), x.shape());
  const auto* kernels = muon_kernels.find(ctx.device());
  const auto* products = linear_kernels.find(ctx.device());
  if (kernels == nullptr || products == nullptr) return;
  kernels->normalise(ctx.stream, kNormEpsilon, x.view());
  for (std::int64_t step = 0; step < steps; ++step) {
    // A tall matrix is worked on as its transpose: both A and the polynomial in it are symmetric.
    if (tall) {
      products->backward_weight(ctx.stream, x.const_view(), x.const_view(), {gram.view()});
    } else {
      products->forward(ctx.stream, x.const_view(), x.const_view(), gram.view(), false);
    }
    products->forward(ctx.stream, gram.const_view(), gram.const_view(), square.view(), false);
    kernels->combine(ctx.stream, kB, gram.const_view(), kC, square.view());
    if (tall) {
      products->forward(ctx.stream, x.const_view(), square.const_view(), next.view(), false);
    } else {
      products->backward_input(ctx.stream, square.const_view(), x.const_view(), {next.view()});
    }
    kernels->combine(ctx.stream, 1, next.const_view(), kA, x.view());
  }
}

namespace {

const bool listed = list_kernels(muon_kernels, timed<&MuonKernels::momentum>("momentum"),
                                 timed<&MuonKernels::normalise>("normalise"), timed<&MuonKernels::combine>("combine"));

}  // namespace
}  // namespace eft
