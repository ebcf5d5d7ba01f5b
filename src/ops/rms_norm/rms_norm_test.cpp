#include "ops/rms_norm/rms_norm.h"

#include "ops/op_case.h"

namespace eft {
namespace {

const bool plain = add_op_case({.name = "rms_norm/odd_width",
                                .slot = "rms_norm",
                                .inputs = {{.shape = {5, 37}}, {.shape = {37}, .scale = 0.25, .shift = 1.0, .parameter = true}},
                                .run = [](Context& ctx, std::span<const Var> in) {
                                  return std::vector<Var>{rms_norm(ctx, in[0], in[1])};
                                }});

const bool many_rows = add_op_case({.name = "rms_norm/offset_and_many_rows",
                                    .slot = "rms_norm",
                                    .inputs = {{.shape = {131, 3, 6}}, {.shape = {6}, .scale = 0.25, .parameter = true}},
                                    .run = [](Context& ctx, std::span<const Var> in) {
                                      return std::vector<Var>{rms_norm(ctx, in[0], in[1], {.weight_offset = 1.0})};
                                    }});

const bool onto_residual = add_op_case(
    {.name = "rms_norm/onto_residual",
     .slot = "rms_norm",
     .inputs = {{.shape = {5, 37}}, {.shape = {5, 37}}, {.shape = {37}, .scale = 0.25, .shift = 1.0, .parameter = true}},
     .run = [](Context& ctx, std::span<const Var> in) {
       return std::vector<Var>{add_rms_norm(ctx, in[0], in[1], in[2])};
     }});

const bool onto_itself = add_op_case({.name = "rms_norm/onto_itself",
                                      .slot = "rms_norm",
                                      .inputs = {{.shape = {9, 18}}},
                                      .run = [](Context& ctx, std::span<const Var> in) {
                                        return std::vector<Var>{add_rms_norm(ctx, in[0], in[0], Var())};
                                      }});

const bool no_scale = add_op_case({.name = "rms_norm/no_scale",
                                   .slot = "rms_norm",
                                   .inputs = {{.shape = {7, 2, 18}}},
                                   .run = [](Context& ctx, std::span<const Var> in) {
                                     return std::vector<Var>{rms_norm(ctx, in[0], Var(), {.epsilon = 1e-3})};
                                   }});

}  // namespace
}  // namespace eft
