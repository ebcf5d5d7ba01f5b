#pragma once

#include "models/decoder/spec.h"

namespace eft::gemma3 {

using decoder::TextSpec;

/// The sizes of a Gemma 3 text model, from config.json (or its text_config). Reads both spellings (rope_theta and
/// rope_local_base_freq, or rope_parameters). Throws ConfigError.
TextSpec read_text_spec(const ConfigJson& config);

}  // namespace eft::gemma3
