#include "ops/adamw/adamw.h"
#include "ops/add/add.h"
#include "ops/altup/altup.h"
#include "ops/attention/attention.h"
#include "ops/cross_entropy/cross_entropy.h"
#include "ops/dropout/dropout.h"
#include "ops/embedding/embedding.h"
#include "ops/gather_rows/gather_rows.h"
#include "ops/gaussian_topk/gaussian_topk.h"
#include "ops/geglu/geglu.h"
#include "ops/gradients/gradients.h"
#include "ops/grouped_linear/grouped_linear.h"
#include "ops/grouped_low_rank/grouped_low_rank.h"
#include "ops/linear/linear.h"
#include "ops/low_rank/low_rank.h"
#include "ops/match_rms/match_rms.h"
#include "ops/moe_gate/moe_gate.h"
#include "ops/moe_rows/moe_rows.h"
#include "ops/multiply/multiply.h"
#include "ops/per_layer_gate/per_layer_gate.h"
#include "ops/support/profiled_kernel.h"
#include "ops/rms_norm/rms_norm.h"
#include "ops/rotary/rotary.h"
#include "ops/scale/scale.h"
#include "ops/sgd/sgd.h"
#include "ops/softcap/softcap.h"
#include "ops/sparse_linear/sparse_linear.h"

namespace eft {
namespace {

bool both_narrow(DType a, DType b) { return a == DType::bf16 && b == DType::bf16; }

/// A product [m, k]·[k, n].
Products product(std::int64_t m, std::int64_t n, std::int64_t k, bool narrow) {
  return {2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k), narrow,
          fmt::format("{} x {} x {}", m, n, k)};
}

Products linear_forward(Stream, ConstView x, ConstView weight, View, bool) {
  return product(x.shape[0], weight.shape[0], weight.shape[1], both_narrow(x.dtype, weight.dtype));
}
Products linear_input(Stream, ConstView dy, ConstView weight, GradView) {
  return product(dy.shape[0], weight.shape[1], weight.shape[0], both_narrow(dy.dtype, weight.dtype));
}
Products linear_weight(Stream, ConstView dy, ConstView x, GradView) {
  return product(dy.shape[1], x.shape[1], dy.shape[0], both_narrow(dy.dtype, x.dtype));
}

/// Multiplied for each element of the pattern, once with each of `per_element` others.
Products in_pattern(ConstView pattern, std::int64_t per_element, bool narrow) {
  double elements = 0;
  dispatch(pattern.dtype, [&](auto tag) {
    using T = decltype(tag);
    const T* const values = pattern.as<T>();
    for (std::int64_t i = 0; i < pattern.shape.elements(); ++i) {
      if (static_cast<Accumulator<T>>(values[i]) != 0) ++elements;
    }
  });
  return {2 * elements * static_cast<double>(per_element), narrow, ""};
}
Products from_pattern(Stream, ConstView pattern, ConstView a, ConstView b, bool, GradView c) {
  return in_pattern(pattern, c.view.shape[1], both_narrow(a.dtype, b.dtype));
}
Products to_pattern(Stream, ConstView pattern, ConstView a, ConstView b, bool, GradView) {
  return in_pattern(pattern, a.shape[1], both_narrow(a.dtype, b.dtype));
}

/// `count` products of x [rows, in] with a [rank, in] or of as many operations; those with b [out, rank] likewise.
Products thin(ConstView x, ConstView a, ConstView b, double with_a, double with_b) {
  const auto rows = static_cast<double>(x.shape.rows());
  const auto rank = static_cast<double>(b.shape.columns());
  return {
      2 * rows * rank *
          (with_a * static_cast<double>(a.shape.columns()) + with_b * static_cast<double>(b.shape[b.shape.rank() - 2])),
      both_narrow(x.dtype, a.dtype), ""};
}
/// The products of the term, and that of [m, k] with a weight beside it.
Products beside(Products term, std::int64_t m, std::int64_t n, std::int64_t k) {
  Products both = product(m, n, k, term.narrow);
  both.flops += term.flops;
  return both;
}
Products low_rank_forward(Stream, double, ConstView x, ConstView weight, ConstView a, ConstView b, View, View) {
  const Products term = thin(x, a, b, 1, 1);
  return weight ? beside(term, x.shape[0], weight.shape[0], weight.shape[1]) : term;
}
Products low_rank_backward(Stream, double, ConstView x, ConstView weight, ConstView a, ConstView b, ConstView,
                           ConstView, View, GradView dx, GradView da, GradView db) {
  const Products term = thin(x, a, b, (dx ? 1 : 0) + (da ? 1 : 0), db ? 2 : 1);
  return weight && dx ? beside(term, x.shape[0], weight.shape[1], weight.shape[0]) : term;
}
Products grouped_low_rank_forward(Stream, double, ConstView x, ConstView a, ConstView b, ConstView, View, View, View) {
  return thin(x, a, b, 1, 1);
}
Products grouped_low_rank_backward(Stream, double, ConstView x, ConstView a, ConstView b, ConstView, ConstView,
                                   ConstView, View, View, View, GradView dx, GradView da, GradView db) {
  return thin(x, a, b, (dx ? 1 : 0) + (da ? 1 : 0), db ? 2 : 1);
}

/// weight: [groups, out, in]; each row meets one group.
Products grouped_forward(Stream, ConstView x, ConstView weight, ConstView, View) {
  return product(x.shape[0], weight.shape[1], weight.shape[2], both_narrow(x.dtype, weight.dtype));
}
Products grouped_input(Stream, ConstView dy, ConstView weight, ConstView, GradView) {
  return product(dy.shape[0], weight.shape[2], weight.shape[1], both_narrow(dy.dtype, weight.dtype));
}
Products grouped_weight(Stream, ConstView dy, ConstView x, ConstView, GradView) {
  return product(dy.shape[1], x.shape[1], dy.shape[0], both_narrow(dy.dtype, x.dtype));
}

/// Pairs of a query and a key that it sees.
double visible_pairs(const AttentionOptions& options, std::span<const AttentionSegment> segments) {
  double pairs = 0;
  for (const AttentionSegment& segment : segments) {
    for (std::int64_t query = 0; query < segment.query_count; ++query) {
      const KeyRange seen = visible_keys(segment, options.window, query);
      pairs += static_cast<double>(seen.end - seen.begin);
    }
  }
  return pairs;
}
Products attention_products(double pairs, ConstView q, ConstView k, double products_per_pair) {
  return {2 * products_per_pair * pairs * static_cast<double>(q.shape[1]) * static_cast<double>(q.shape[2]),
          both_narrow(q.dtype, k.dtype), ""};
}
Products attention_forward(Stream, AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q,
                           ConstView k, ConstView, View, View, View) {
  return attention_products(visible_pairs(options, segments), q, k, 2);
}
Products attention_backward(Stream, AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q,
                            ConstView k, ConstView, ConstView, ConstView, ConstView, GradView, GradView, GradView,
                            View) {
  return attention_products(visible_pairs(options, segments), q, k, 5);
}

/// Reads as many rows as it writes.
Products rows_of(View y) { return {.flops = 0, .narrow = false, .sizes = "", .bytes = 2 * bytes_of(y)}; }
Products embedding_rows(Stream, ConstView, std::span<const std::int32_t>, double, View y) { return rows_of(y); }
Products gathered_rows(Stream, ConstView, std::span<const std::int32_t>, View y) { return rows_of(y); }
Products wanted_rows(Stream, ConstView, std::span<const std::int64_t>, View y) { return rows_of(y); }
double bytes_of_update(const ParameterUpdate& update) {
  return bytes_of(update.gradient) + bytes_of(update.exact) + bytes_of(update.rounded);
}
Products updated_by_sgd(Stream, const SgdStep&, std::span<const SgdTensors> parameters) {
  double bytes = 0;
  for (const SgdTensors& t : parameters) bytes += bytes_of_update(t.parameter) + bytes_of(t.momentum);
  return {.flops = 0, .narrow = false, .sizes = "", .bytes = bytes};
}
Products updated_by_adamw(Stream, const AdamwStep&, std::span<const AdamwTensors> parameters) {
  double bytes = 0;
  for (const AdamwTensors& t : parameters) {
    bytes += bytes_of_update(t.parameter) + bytes_of(t.first) + bytes_of(t.second);
  }
  return {.flops = 0, .narrow = false, .sizes = "", .bytes = bytes};
}

Products rows_of_head(Stream, const CrossEntropySoftmax&, std::span<const std::int32_t>, std::span<const float>,
                      ConstView, ConstView, ConstView sums, View dhidden, View) {
  return {.flops = 0, .narrow = false, .sizes = "", .bytes = 2 * bytes_of(sums) + bytes_of(dhidden)};
}

using Entries = std::vector<ProfiledKernelEntry>;

void add_products(Entries& list) {
  list.push_back(profiled<&linear_kernels, &LinearKernels::forward>("forward", linear_forward));
  list.push_back(profiled<&linear_kernels, &LinearKernels::backward_input>("backward_input", linear_input));
  list.push_back(profiled<&linear_kernels, &LinearKernels::backward_weight>("backward_weight", linear_weight));
  list.push_back(profiled<&sparse_linear_kernels, &SparseLinearKernels::from_pattern>("from_pattern", from_pattern));
  list.push_back(profiled<&sparse_linear_kernels, &SparseLinearKernels::to_pattern>("to_pattern", to_pattern));
  list.push_back(profiled<&sparse_linear_kernels, &SparseLinearKernels::clear>("clear"));
  list.push_back(profiled<&low_rank_kernels, &LowRankKernels::forward>("forward", low_rank_forward));
  list.push_back(profiled<&low_rank_kernels, &LowRankKernels::backward>("backward", low_rank_backward));
  list.push_back(profiled<&grouped_linear_kernels, &GroupedLinearKernels::forward>("forward", grouped_forward));
  list.push_back(
      profiled<&grouped_linear_kernels, &GroupedLinearKernels::backward_input>("backward_input", grouped_input));
  list.push_back(
      profiled<&grouped_linear_kernels, &GroupedLinearKernels::backward_weight>("backward_weight", grouped_weight));
  list.push_back(
      profiled<&grouped_low_rank_kernels, &GroupedLowRankKernels::forward>("forward", grouped_low_rank_forward));
  list.push_back(
      profiled<&grouped_low_rank_kernels, &GroupedLowRankKernels::backward>("backward", grouped_low_rank_backward));
  list.push_back(profiled<&attention_kernels, &AttentionKernels::forward>("forward", attention_forward));
  list.push_back(profiled<&attention_kernels, &AttentionKernels::backward>("backward", attention_backward));
}

void add_elementwise(Entries& list) {
  list.push_back(profiled<&adamw_kernels, &AdamwKernels::update>("update", updated_by_adamw));
  list.push_back(profiled<&gradient_kernels, &GradientKernels::squared_norm>("squared_norm"));
  list.push_back(profiled<&add_kernels, &AddKernels::forward>("forward"));
  list.push_back(profiled<&add_kernels, &AddKernels::backward>("backward"));
  list.push_back(profiled<&dropout_kernels, &DropoutKernels::apply>("apply"));
  list.push_back(profiled<&gaussian_topk_kernels, &GaussianTopkKernels::forward>("forward"));
  list.push_back(profiled<&gaussian_topk_kernels, &GaussianTopkKernels::backward>("backward"));
  list.push_back(profiled<&geglu_kernels, &GegluKernels::forward>("forward"));
  list.push_back(profiled<&geglu_kernels, &GegluKernels::backward>("backward"));
  list.push_back(profiled<&geglu_kernels, &GegluKernels::packed_forward>("packed_forward"));
  list.push_back(profiled<&geglu_kernels, &GegluKernels::packed_backward>("packed_backward"));
  list.push_back(profiled<&match_rms_kernels, &MatchRmsKernels::forward>("forward"));
  list.push_back(profiled<&match_rms_kernels, &MatchRmsKernels::backward>("backward"));
  list.push_back(profiled<&multiply_kernels, &MultiplyKernels::forward>("forward"));
  list.push_back(profiled<&multiply_kernels, &MultiplyKernels::backward>("backward"));
  list.push_back(profiled<&per_layer_gate_kernels, &PerLayerGateKernels::forward>("forward"));
  list.push_back(profiled<&per_layer_gate_kernels, &PerLayerGateKernels::backward>("backward"));
  list.push_back(profiled<&rms_norm_kernels, &RmsNormKernels::forward>("forward"));
  list.push_back(profiled<&rms_norm_kernels, &RmsNormKernels::backward>("backward"));
  list.push_back(profiled<&rotary_kernels, &RotaryKernels::tabulate>("tabulate"));
  list.push_back(profiled<&scale_kernels, &ScaleKernels::forward>("forward"));
  list.push_back(profiled<&scale_kernels, &ScaleKernels::backward>("backward"));
  list.push_back(profiled<&sgd_kernels, &SgdKernels::update>("update", updated_by_sgd));
  list.push_back(profiled<&softcap_kernels, &SoftcapKernels::forward>("forward"));
  list.push_back(profiled<&softcap_kernels, &SoftcapKernels::backward>("backward"));
}

void add_rest(Entries& list) {
  list.push_back(profiled<&altup_kernels, &AltupKernels::predict>("predict"));
  list.push_back(profiled<&altup_kernels, &AltupKernels::predict_backward>("predict_backward"));
  list.push_back(profiled<&altup_kernels, &AltupKernels::correct>("correct"));
  list.push_back(profiled<&altup_kernels, &AltupKernels::correct_backward>("correct_backward"));
  list.push_back(profiled<&cross_entropy_kernels, &CrossEntropyKernels::gather>("gather", wanted_rows));
  list.push_back(profiled<&cross_entropy_kernels, &CrossEntropyKernels::softmax>("softmax"));
  list.push_back(profiled<&cross_entropy_kernels, &CrossEntropyKernels::take_chunk>("take_chunk"));
  list.push_back(profiled<&cross_entropy_kernels, &CrossEntropyKernels::finish_chunks>("finish_chunks", rows_of_head));
  list.push_back(profiled<&cross_entropy_kernels, &CrossEntropyKernels::sum>("sum"));
  list.push_back(profiled<&cross_entropy_kernels, &CrossEntropyKernels::spread>("spread"));
  list.push_back(profiled<&cross_entropy_kernels, &CrossEntropyKernels::scatter>("scatter"));
  list.push_back(profiled<&embedding_kernels, &EmbeddingKernels::forward>("forward", embedding_rows));
  list.push_back(profiled<&embedding_kernels, &EmbeddingKernels::backward>("backward"));
  list.push_back(profiled<&gather_rows_kernels, &GatherRowsKernels::forward>("forward", gathered_rows));
  list.push_back(profiled<&gather_rows_kernels, &GatherRowsKernels::backward>("backward"));
  list.push_back(profiled<&moe_gate_kernels, &MoeGateKernels::forward>("forward"));
  list.push_back(profiled<&moe_gate_kernels, &MoeGateKernels::backward>("backward"));
  list.push_back(profiled<&moe_rows_kernels, &MoeRowsKernels::gather>("gather"));
  list.push_back(profiled<&moe_rows_kernels, &MoeRowsKernels::gather_backward>("gather_backward"));
  list.push_back(profiled<&moe_rows_kernels, &MoeRowsKernels::combine>("combine"));
  list.push_back(profiled<&moe_rows_kernels, &MoeRowsKernels::combine_backward>("combine_backward"));
}

}  // namespace

std::vector<ProfiledKernelEntry> profiled_kernel_entries() {
  Entries list;
  add_products(list);
  add_elementwise(list);
  add_rest(list);
  return list;
}

}  // namespace eft
