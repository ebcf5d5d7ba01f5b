#include "models/gemma3/vision.h"

#include <cmath>
#include <numeric>
#include <optional>

#include "autograd/checkpoint.h"
#include "models/patches.h"
#include "nn/layers.h"
#include "ops/add/add.h"
#include "ops/add_bias/add_bias.h"
#include "ops/attention/attention.h"
#include "ops/average_pool/average_pool.h"
#include "ops/embedding/embedding.h"
#include "ops/gelu/gelu.h"
#include "ops/linear/linear.h"

namespace eft::gemma3 {
namespace {

constexpr LinearOptions kWithBias{.bias = true};
/// A constant added to every key of a query cancels in the softmax, so its gradient is zero; computed, it would be
/// rounding, which AdamW takes for a direction.
constexpr LinearOptions kKeys{.bias = true, .bias_trains = false};

class Attention {
 public:
  Attention(const Scope& s, const VisionSpec& spec)
      : heads_(spec.num_attention_heads),
        k_proj_(s / "k_proj", spec.hidden_size, spec.hidden_size, kKeys),
        v_proj_(s / "v_proj", spec.hidden_size, spec.hidden_size, kWithBias),
        q_proj_(s / "q_proj", spec.hidden_size, spec.hidden_size, kWithBias),
        out_proj_(s / "out_proj", spec.hidden_size, spec.hidden_size, kWithBias) {}

  Var operator()(Context& ctx, const Var& x) const {
    const std::int64_t patches = x.shape()[0], head_dim = x.shape()[1] / heads_;
    const Shape split{patches, heads_, head_dim};
    const Var mixed =
        attention(ctx, q_proj_(ctx, x).reshape(split), k_proj_(ctx, x).reshape(split), v_proj_(ctx, x).reshape(split),
                  {{0, patches, 0, patches, false}}, {.scale = 1.0 / std::sqrt(static_cast<double>(head_dim))});
    return out_proj_(ctx, mixed.reshape(x.shape()));
  }

 private:
  std::int64_t heads_;
  Linear k_proj_, v_proj_, q_proj_, out_proj_;
};

class Layer {
 public:
  Layer(const Scope& s, const VisionSpec& spec)
      : layer_norm1_(s / "layer_norm1", spec.hidden_size, spec.layer_norm_eps),
        self_attn_(s / "self_attn", spec),
        layer_norm2_(s / "layer_norm2", spec.hidden_size, spec.layer_norm_eps),
        fc1_(s / "mlp" / "fc1", spec.hidden_size, spec.intermediate_size, kWithBias),
        fc2_(s / "mlp" / "fc2", spec.intermediate_size, spec.hidden_size, kWithBias) {}

  Var operator()(Context& ctx, const Var& input) const {
    const Var x = add(ctx, input, self_attn_(ctx, layer_norm1_(ctx, input)));
    return add(ctx, x, fc2_(ctx, gelu(ctx, fc1_(ctx, layer_norm2_(ctx, x)))));
  }

 private:
  LayerNorm layer_norm1_;
  Attention self_attn_;
  LayerNorm layer_norm2_;
  Linear fc1_, fc2_;
};

/// The pixels of each patch times a matrix (a convolution whose stride is its size), and what stands for its place.
class Embeddings {
 public:
  Embeddings(const Scope& s, const VisionSpec& spec)
      : spec_(spec),
        patch_embedding_(s / "patch_embedding", spec),
        position_embedding_(&(s / "position_embedding").parameter("weight", {spec.patches(), spec.hidden_size})) {}

  Var operator()(Context& ctx, const MediaItem& image, DType dtype) const {
    std::vector<std::int32_t> all(static_cast<std::size_t>(spec_.patches()));
    std::iota(all.begin(), all.end(), 0);
    const Var places = embedding(ctx, position_embedding_->var(), all, dtype, {.scale = 1.0, .padding_id = -1});
    return add(ctx, patch_embedding_(ctx, Var(square_patches(ctx, image, spec_.patch_size, dtype))), places);
  }

 private:
  /// A convolution as a linear over the (channel, row, column) of a patch.
  class PatchEmbedding {
   public:
    PatchEmbedding(const Scope& s, const VisionSpec& spec)
        : weight_(&s.parameter("weight", {spec.hidden_size, spec.num_channels, spec.patch_size, spec.patch_size})),
          bias_(&s.parameter("bias", {spec.hidden_size}, Init::zeros)) {
      s.policy().leave_plain(s.module(), "adapters on convolutions are not supported yet");
    }
    Var operator()(Context& ctx, const Var& patches) const {
      const Var weight = weight_->var().reshape({weight_->shape[0], patches.shape()[1]});
      return add_bias(ctx, linear(ctx, patches, weight), bias_->var());
    }

   private:
    Parameter* weight_;
    Parameter* bias_;
  };

  const VisionSpec& spec_;
  PatchEmbedding patch_embedding_;
  Parameter* position_embedding_;
};

/// Means of neighbouring patches, normalised and brought to the width of the text model.
class Projector {
 public:
  Projector(const Scope& s, const VisionSpec& spec)
      : spec_(spec),
        projection_(&s.parameter("mm_input_projection_weight", {spec.hidden_size, spec.text_hidden_size})),
        norm_(s / "mm_soft_emb_norm", spec.hidden_size, spec.layer_norm_eps, 1.0) {}

  Var operator()(Context& ctx, const Var& x) const {
    const Var pooled = average_pool(ctx, x, {.side = spec_.patches_per_side(), .size = spec_.pool_size()});
    return linear_input_first(ctx, norm_(ctx, pooled), projection_->var());
  }

 private:
  const VisionSpec& spec_;
  Parameter* projection_;
  RmsNorm norm_;
};

class VisionTower : public Tower {
 public:
  VisionTower(const VisionSpec& spec, const Scope& tower, const Scope& projector) : spec_(spec) {
    tower_part_.begin(tower.store());
    embeddings_.emplace(tower / "embeddings", spec_);
    for (std::int64_t i = 0; i < spec_.num_hidden_layers; ++i) {
      layers_.push_back(std::make_unique<Layer>(tower / "encoder" / "layers" / i, spec_));
    }
    post_layernorm_.emplace(tower / "post_layernorm", spec_.hidden_size, spec_.layer_norm_eps);
    tower_part_.end(tower.store());
    projector_part_.begin(projector.store());
    projector_.emplace(projector, spec_);
    projector_part_.end(projector.store());
  }

  std::shared_ptr<const MediaItem> planned() const override {
    auto item = std::make_shared<MediaItem>();
    item->extents = {spec_.num_channels, spec_.image_size, spec_.image_size};
    return item;
  }

  std::int64_t rows_of(const MediaItem& item) const override {
    if (item.kind != MediaKind::image || item.extents != planned()->extents) {
      throw DataError("an image of {} x {} in {} channels, expected {} x {} in {}", item.extents.at(1),
                      item.extents.at(2), item.extents.at(0), spec_.image_size, spec_.image_size, spec_.num_channels);
    }
    return spec_.tokens_per_image;
  }

  Var operator()(Context& ctx, const MediaItem& item, DType dtype) const override {
    Context own = tower_part_.context(ctx);
    Var x = (*embeddings_)(own, item, dtype);
    for (const auto& layer : layers_) {
      x = block(own, {x}, [&layer = *layer](Context& inner, const std::vector<Var>& in) {
        return std::vector<Var>{layer(inner, in[0])};
      })[0];
    }
    x = (*post_layernorm_)(own, x);
    ctx.dropout_counter = own.dropout_counter;
    Context behind = projector_part_.context(ctx, x.wants_grad());
    return (*projector_)(behind, x);
  }

 private:
  VisionSpec spec_;
  DeclaredPart tower_part_, projector_part_;
  std::optional<Embeddings> embeddings_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::optional<LayerNorm> post_layernorm_;
  std::optional<Projector> projector_;
};

}  // namespace

std::unique_ptr<Tower> make_vision_tower(const VisionSpec& spec, const Scope& tower, const Scope& projector) {
  return std::make_unique<VisionTower>(spec, tower, projector);
}

}  // namespace eft::gemma3
