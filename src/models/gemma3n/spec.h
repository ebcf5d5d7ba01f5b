#pragma once

#include "models/decoder/spec.h"

namespace eft::gemma3n {

/// The sizes of a Gemma 3n text model. AltUp, LAuReL and sparse activations are its own.
struct TextSpec : decoder::TextSpec {
  std::int64_t altup_num_inputs;  ///< residual streams; stream 0 is the active one
  double altup_coef_clip;         ///< 0: none
  bool altup_correct_scale;
  std::int64_t laurel_rank;
  std::vector<double> activation_sparsity;  ///< by layer; 0: dense
};

/// Reads both spellings of RoPE and both of intermediate_size (one, or one a layer: MatFormer slices). Throws
/// ConfigError.
TextSpec read_text_spec(const ConfigJson& config);

}  // namespace eft::gemma3n
