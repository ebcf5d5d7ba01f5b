#include "ops/altup/altup.h"

#include "ops/support/op_case.h"

namespace eft {
namespace {

OpCase predict_case(std::string name, Shape stream, std::size_t count) {
  OpCase made{.name = "altup/" + name, .slot = "altup", .inputs = {}, .run = [count](Context& ctx, auto in) {
                return altup_predict(ctx, in.first(count), in[count]);
              }};
  for (std::size_t i = 0; i < count; ++i) made.inputs.push_back({.shape = stream});
  made.inputs.push_back({.shape = {stream[0], static_cast<std::int64_t>(count * count)}});
  return made;
}

const bool predict = add_op_case(predict_case("predict", {5, 19}, 4));
const bool predict_two = add_op_case(predict_case("predict_two_streams", {3, 70}, 2));

const bool correct = add_op_case(
    {.name = "altup/correct",
     .slot = "altup",
     .inputs = {{.shape = {5, 19}}, {.shape = {5, 19}}, {.shape = {5, 19}}, {.shape = {5, 19}}, {.shape = {5, 3}}},
     .run = [](Context& ctx, std::span<const Var> in) { return altup_correct(ctx, in.first(3), in[3], in[4]); }});

/// The first output reaches no loss, so its gradient is absent.
const bool unread = add_op_case(
    {.name = "altup/correct_first_output_unread",
     .slot = "altup",
     .inputs = {{.shape = {2, 33}}, {.shape = {2, 33}}, {.shape = {2, 33}}, {.shape = {2, 2}, .wants_grad = false}},
     .run = [](Context& ctx, std::span<const Var> in) {
       return std::vector<Var>{altup_correct(ctx, in.first(2), in[2], in[3])[1]};
     }});

}  // namespace
}  // namespace eft
