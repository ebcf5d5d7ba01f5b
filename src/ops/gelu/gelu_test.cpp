#include "ops/gelu/gelu.h"

#include "ops/support/op_case.h"

namespace eft {
namespace {

std::vector<Var> run(Context& ctx, std::span<const Var> in) { return {gelu(ctx, in[0])}; }

const bool registered =
    add_op_case({.name = "gelu/odd", .slot = "gelu", .inputs = {{.shape = {5, 37}}}, .run = run}) &&
    add_op_case({.name = "gelu/wide_range", .slot = "gelu", .inputs = {{.shape = {64}, .scale = 6.0}}, .run = run});

}  // namespace
}  // namespace eft
