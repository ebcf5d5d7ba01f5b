#include "ops/match_rms/match_rms.h"

#include "ops/support/op_case.h"

namespace eft {
namespace {

std::vector<Var> run(Context& ctx, std::span<const Var> in) { return {match_rms(ctx, in[0], in[1])}; }

const bool odd = add_op_case({.name = "match_rms/odd_width",
                              .slot = "match_rms",
                              .inputs = {{.shape = {5, 37}}, {.shape = {5, 37}}},
                              .run = run});

/// Rows whose mean square is below the bound are scaled by a constant.
const bool tiny = add_op_case({.name = "match_rms/rows_below_the_bound",
                               .slot = "match_rms",
                               .inputs = {{.shape = {3, 11}, .scale = 1e-3}, {.shape = {3, 11}}},
                               .run = run});

const bool frozen = add_op_case({.name = "match_rms/frozen_reference",
                                 .slot = "match_rms",
                                 .inputs = {{.shape = {40, 600}}, {.shape = {40, 600}, .wants_grad = false}},
                                 .run = run});

}  // namespace
}  // namespace eft
