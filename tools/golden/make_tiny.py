#!/usr/bin/env python3
"""Writes the tiny random models of the golden tests with their references: make_tiny.py OUT [NAME...]

Every kind of layer occurs, sizes are odd on purpose (nothing a multiple of 8), and every stored tensor that is the
identity at initialisation is random here, so that a forgotten multiplication shows. Per model: config.json (and
config.old.json, the same model as earlier releases of Transformers spelled it), weights, reference.safetensors,
adapter/ and reference_lora.safetensors.
"""
import json
import pathlib
import shutil
import sys

from reference import make_reference, random_batch, with_images

import torch
import transformers as hf
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SLIDING, FULL = "sliding_attention", "full_attention"
COMMON = {"vocab_size": 251, "intermediate_size": 50, "sliding_window": 5, "max_position_embeddings": 512}


def layers(pattern):
    return [{"s": SLIDING, "f": FULL}[c] for c in pattern]


def gemma3():
    rope = {SLIDING: {"rope_type": "default", "rope_theta": 10_000.0},
            FULL: {"rope_type": "linear", "factor": 8.0, "rope_theta": 1_000_000.0}}
    config = hf.Gemma3TextConfig(**COMMON, hidden_size=36, num_attention_heads=6, num_key_value_heads=3, head_dim=10,
                                 num_hidden_layers=6, query_pre_attn_scalar=14, rope_parameters=rope,
                                 layer_types=layers("ssfssf"))
    old = {"rope_theta": 1_000_000.0, "rope_local_base_freq": 10_000.0, "sliding_window_pattern": 3,
           "rope_scaling": {"rope_type": "linear", "factor": 8.0}}
    return hf.Gemma3ForCausalLM, config, (["rope_parameters", "layer_types", "_sliding_window_pattern"], old)


def gemma3_container():
    text = hf.Gemma3TextConfig(**COMMON, hidden_size=36, num_attention_heads=6, num_key_value_heads=2, head_dim=14,
                               num_hidden_layers=4, query_pre_attn_scalar=14, layer_types=layers("sfsf"),
                               final_logit_softcapping=9.0)
    vision = hf.SiglipVisionConfig(hidden_size=12, intermediate_size=10, num_hidden_layers=1, num_attention_heads=2,
                                   image_size=12, patch_size=6, vision_use_head=False)
    config = hf.Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4, image_token_index=245,
                             boi_token_index=246, eoi_token_index=247)
    return hf.Gemma3ForConditionalGeneration, config, None


def gemma3_vision():
    """With a tower, and images longer than the window."""
    text = hf.Gemma3TextConfig(**(COMMON | {"vocab_size": 131, "intermediate_size": 26}), hidden_size=20,
                               num_attention_heads=4, num_key_value_heads=2, head_dim=10, num_hidden_layers=3,
                               query_pre_attn_scalar=14, layer_types=layers("sfs"))
    vision = hf.SiglipVisionConfig(hidden_size=18, intermediate_size=13, num_hidden_layers=2, num_attention_heads=3,
                                   image_size=18, patch_size=3, vision_use_head=False)
    config = hf.Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=9, image_token_index=125,
                             boi_token_index=126, eoi_token_index=127)
    return hf.Gemma3ForConditionalGeneration, config, None


def gemma4_e():
    config = hf.Gemma4TextConfig(**(COMMON | {"intermediate_size": 34}), vocab_size_per_layer_input=251,
                                 hidden_size=38, num_attention_heads=6, num_key_value_heads=2, head_dim=10,
                                 global_head_dim=18, num_hidden_layers=9, num_kv_shared_layers=4,
                                 layer_types=layers("ssfsfsfsf"), hidden_size_per_layer_input=14,
                                 use_double_wide_mlp=True, final_logit_softcapping=30.0)
    old = {"global_head_dim": 18, "num_global_key_value_heads": None}
    return hf.Gemma4ForCausalLM, config, (["per_layer_config"], old)


def gemma4_dense():
    config = hf.Gemma4TextConfig(**COMMON, hidden_size=34, num_attention_heads=6, num_key_value_heads=3, head_dim=10,
                                 global_head_dim=18, num_global_key_value_heads=2, attention_k_eq_v=True,
                                 num_hidden_layers=6, layer_types=layers("ssfssf"), hidden_size_per_layer_input=0,
                                 use_bidirectional_attention="vision", final_logit_softcapping=7.0)
    old = {"global_head_dim": 18, "num_global_key_value_heads": 2}
    return hf.Gemma4ForCausalLM, config, (["per_layer_config"], old)


def gemma4_moe():
    config = hf.Gemma4TextConfig(**(COMMON | {"intermediate_size": 30}), hidden_size=26, num_attention_heads=4,
                                 num_key_value_heads=2, head_dim=10, global_head_dim=14, num_global_key_value_heads=1,
                                 attention_k_eq_v=True, num_hidden_layers=4, layer_types=layers("sfsf"),
                                 hidden_size_per_layer_input=0, enable_moe_block=True, num_experts=7, top_k_experts=3,
                                 moe_intermediate_size=15, use_bidirectional_attention="vision",
                                 final_logit_softcapping=30.0)
    old = {"global_head_dim": 14, "num_global_key_value_heads": 1}
    return hf.Gemma4ForCausalLM, config, (["per_layer_config"], old)


def gemma4_container():
    text = hf.Gemma4TextConfig(**COMMON, vocab_size_per_layer_input=251, hidden_size=34, num_attention_heads=6,
                               num_key_value_heads=1, head_dim=10, global_head_dim=18, num_hidden_layers=6,
                               num_kv_shared_layers=2, layer_types=layers("sfsfsf"), hidden_size_per_layer_input=14,
                               use_double_wide_mlp=False, final_logit_softcapping=30.0)
    vision = hf.Gemma4VisionConfig(hidden_size=12, intermediate_size=10, num_hidden_layers=1, num_attention_heads=2,
                                   num_key_value_heads=2, head_dim=4, patch_size=4, position_embedding_size=20,
                                   use_clipped_linears=True)
    audio = hf.Gemma4AudioConfig(hidden_size=12, num_hidden_layers=1, num_attention_heads=2,
                                 subsampling_conv_channels=[4, 2], output_proj_dims=10)
    config = hf.Gemma4Config(text_config=text, vision_config=vision, audio_config=audio, image_token_id=245,
                             boi_token_id=246, eoi_token_id=247, audio_token_id=248, boa_token_id=249,
                             eoa_token_index=250, video_token_id=244)
    return hf.Gemma4ForConditionalGeneration, config, None


THREE_N = {"hidden_size": 36, "num_attention_heads": 6, "num_key_value_heads": 3, "head_dim": 10, "laurel_rank": 5,
           "hidden_size_per_layer_input": 14, "vocab_size_per_layer_input": 239, "final_logit_softcapping": 30.0}


def gemma3n():
    rope = {SLIDING: {"rope_type": "default", "rope_theta": 10_000.0},
            FULL: {"rope_type": "default", "rope_theta": 1_000_000.0}}
    config = hf.Gemma3nTextConfig(**(COMMON | THREE_N | {"intermediate_size": [50, 42, 50, 34, 50, 42, 34]}),
                                  num_hidden_layers=7, num_kv_shared_layers=3, layer_types=layers("ssfsfsf"),
                                  altup_num_inputs=4, rope_parameters=rope,
                                  activation_sparsity_pattern=[0.6, 0.8, 0.0, 0.0, 0.5, 0.0, 0.0])
    old = {"rope_theta": 1_000_000.0, "rope_local_base_freq": 10_000.0}
    return hf.Gemma3nForCausalLM, config, (["rope_parameters"], old)


def gemma3n_container():
    text = hf.Gemma3nTextConfig(**(COMMON | THREE_N), num_hidden_layers=5, num_kv_shared_layers=2,
                                layer_types=layers("sfsfs"), altup_num_inputs=3, altup_correct_scale=False,
                                activation_sparsity_pattern=[0.7, 0.0, 0.0, 0.0, 0.0])
    audio = hf.Gemma3nAudioConfig(hidden_size=12, conf_num_hidden_layers=1, conf_num_attention_heads=2,
                                  sscp_conv_channel_size=(4, 2), vocab_offset=247, vocab_size=4)
    vision = hf.Gemma3nVisionConfig(hidden_size=12, vocab_offset=243, vocab_size=4,
                                    model_args={"channels": (4, 4), "layers": (1, 1)}, architecture="resnet18")
    config = hf.Gemma3nConfig(text_config=text, vision_config=vision, audio_config=audio)
    return hf.Gemma3nForConditionalGeneration, config, None


def gemma4_unified():
    text = hf.Gemma4UnifiedTextConfig(**COMMON, hidden_size=34, num_attention_heads=6, num_key_value_heads=3, head_dim=10,
                                      global_head_dim=18, num_global_key_value_heads=1, attention_k_eq_v=True,
                                      num_hidden_layers=4, layer_types=layers("sfsf"), final_logit_softcapping=30.0)
    vision = hf.Gemma4UnifiedVisionConfig(patch_size=2, pooling_kernel_size=2, mm_embed_dim=12,
                                          mm_posemb_size=8, output_proj_dims=12)
    audio = hf.Gemma4UnifiedAudioConfig(audio_embed_dim=10)
    config = hf.Gemma4UnifiedConfig(text_config=text, vision_config=vision, audio_config=audio, image_token_id=245,
                                    boi_token_id=246, eoi_token_id=247, audio_token_id=248, boa_token_id=249,
                                    eoa_token_index=250, video_token_id=244)
    return hf.Gemma4UnifiedForConditionalGeneration, config, None


ONLY_LANGUAGE = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
MODELS = {  # name: (maker, storage dtype, shard size, LoRA targets)
    "gemma3": (gemma3, torch.float32, "50GB", LINEARS),
    "gemma3_container": (gemma3_container, torch.float32, "50GB", ONLY_LANGUAGE),
    "gemma3_vision": (gemma3_vision, torch.float32, "50GB", LINEARS + ["out_proj", "fc1", "fc2"]),
    "gemma3n": (gemma3n, torch.float32, "50GB", "all-linear"),
    "gemma3n_container": (gemma3n_container, torch.float32, "50GB", ONLY_LANGUAGE),  # needs timm
    "gemma4_e": (gemma4_e, torch.float32, "50GB", LINEARS),
    "gemma4_dense": (gemma4_dense, torch.float32, "160KB", ["q_proj", "v_proj"]),
    "gemma4_moe": (gemma4_moe, torch.float32, "50GB", LINEARS),
    "gemma4_unified": (gemma4_unified, torch.bfloat16, "50GB", ONLY_LANGUAGE),
    "gemma4_container": (gemma4_container, torch.bfloat16, "50GB", ONLY_LANGUAGE),
}

TARGET_PARAMETERS = {"gemma4_moe": ["experts.gate_up_proj", "experts.down_proj"]}

# Of 7, 21…25 the one on which both float32 runs stay closest to the truth; for gemma4_moe the one whose bfloat16 runs,
# in which rounding sends some tokens to other experts, are of usual distance.
# [row, first column] of the images of a model with a tower: two in a row, one behind the other, one, none.
IMAGES = {"gemma3_vision": [[0, 3], [0, 14], [1, 12]]}

BATCH_SEEDS = {"gemma3n": 21, "gemma4_container": 21, "gemma4_moe": 21}


@torch.no_grad()
def randomise(model, rng):
    """Only what a checkpoint saves: constants in unsaved buffers stay as they are."""
    gemma3 = model.config.model_type in ("gemma3_text", "gemma3")
    for name, tensor in model.state_dict().items():
        noise = torch.randn(tensor.shape, generator=rng)
        if name.endswith("layer_scalar"):
            value = 0.5 + torch.rand(tensor.shape, generator=rng)
        elif name.endswith(("_min", "_max")):
            value = 1.5 * (1 if name.endswith("_max") else -1) + 0.25 * noise
        elif name.endswith("correct_output_scale"):
            value = 0.5 + torch.rand(tensor.shape, generator=rng)
        elif name.endswith("k_norm.weight") and not gemma3:
            value = 0.3 + 0.1 * noise  # scores have no 1/sqrt(D) in this family: the released weights carry it here
        elif gemma3 and "vision_tower" in name and "norm" in name and name.endswith("weight"):
            value = 1 + 0.25 * noise  # a LayerNorm, whose weight is no distance from one
        elif gemma3 and "vision_tower" in name and name.endswith("bias"):
            value = 0.25 * noise
        elif "norm" in name and tensor.ndim == 1:
            value = 0.25 * noise + (0 if gemma3 else 1)
        elif tensor.ndim < 2:
            value = 1 + 0.25 * noise
        elif name.endswith("router.proj.weight"):
            value = noise  # its input is divided by sqrt(hidden)
        elif ".experts." in name:
            value = noise / tensor.shape[-1] ** 0.5
        elif "embed_tokens" in name or "position" in name:
            value = 0.35 * noise
        else:
            value = noise / tensor[0].numel() ** 0.5
        tensor.copy_(value.to(tensor.dtype))


def write_old_config(folder, spelling):
    """The same model in the spelling of earlier releases; it has to load to the same configuration."""
    dropped, added = spelling
    config = json.loads((folder / "config.json").read_text())
    for key in dropped:
        config.pop(key, None)
    config |= added
    other = folder / "config.old.json"
    other.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    new, old = (hf.AutoConfig.from_pretrained(path).to_dict() for path in (folder, other))
    ignored = {"sliding_window_pattern", "_sliding_window_pattern", "_name_or_path"}
    different = {k for k in new.keys() | old.keys() if k not in ignored and new.get(k) != old.get(k)}
    if different:
        raise SystemExit(f"{folder}: the old spelling differs in {different}")


def add_dead_tensors(folder, text, rng):
    """Released E checkpoints still hold the keys and values of the layers that borrow them; nothing reads those."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    for layer in range(text.num_hidden_layers - text.num_kv_shared_layers, text.num_hidden_layers):
        size = text.per_layer_config[layer].head_dim
        prefix = f"model.language_model.layers.{layer}.self_attn"
        shapes = {"k_proj": (text.num_key_value_heads * size, text.hidden_size), "k_norm": (size,)}
        for name, shape in (shapes | {"v_proj": shapes["k_proj"]}).items():
            tensors[f"{prefix}.{name}.weight"] = torch.randn(shape, generator=rng).to(torch.bfloat16)
    save_file(tensors, path, {"format": "pt"})


def save_adapter(model, folder, targets, parameters, rng, **other):
    adapted = get_peft_model(model, LoraConfig(r=3, lora_alpha=7, lora_dropout=0.0, target_modules=targets,
                                               target_parameters=parameters, **other))
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=rng) * (0.3 if "lora_A" in name else 0.1))
            elif "modules_to_save" in name:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=rng))
    for config in adapted.peft_config.values():
        config.base_model_name_or_path = None
    adapted.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    adapted.unload()


def make(out, name):
    maker, dtype, shard, targets = MODELS[name]
    folder = pathlib.Path(out) / name
    shutil.rmtree(folder, ignore_errors=True)
    rng = torch.Generator().manual_seed(1234)
    kind, config, old = maker()
    torch.manual_seed(0)
    model = kind(config)
    randomise(model, rng)
    model.to(dtype).save_pretrained(folder, max_shard_size=shard)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if name == "gemma4_container":
        add_dead_tensors(folder, config.text_config, rng)
    if old:
        write_old_config(folder, old)
    save_adapter(model.to(torch.float32), folder / "adapter", targets, TARGET_PARAMETERS.get(name), rng)
    if name in IMAGES:
        batch = with_images(random_batch(config.image_token_index, 3, 28, 7, pad=False), config, IMAGES[name], 11)
    else:
        batch = random_batch(COMMON["vocab_size"] - 10, 3, 19, BATCH_SEEDS.get(name, 7), pad=False)
    for file, arguments in (("reference.safetensors", {"lr": 1e-3}),
                            ("reference_lora.safetensors", {"lr": 2e-3, "adapter": folder / "adapter"})):
        metadata = make_reference(folder, folder / file, batch=batch, **arguments)
        print(name, file, "loss", metadata["loss"], flush=True)
        print("  f32", metadata["f32_noise"], "\n  bf16", metadata["bf16_noise"], flush=True)
    if name == "gemma3":
        save_adapter(model, folder / "adapter_patterns", LINEARS, None, rng, use_rslora=True,
                     rank_pattern={"q_proj": 5, "layers.1.mlp.down_proj": 2}, alpha_pattern={"(up|gate)_proj": 11},
                     exclude_modules=r".*\.layers\.[03]\..*")
        make_reference(folder, folder / "reference_patterns.safetensors", batch=batch, lr=2e-3,
                       adapter=folder / "adapter_patterns")
    if name == "gemma4_e":
        save_adapter(model, folder / "adapter_saved", ["q_proj", "v_proj"], None, rng,
                     modules_to_save=["embed_tokens", "norm", "layers.2.mlp"])
        make_reference(folder, folder / "reference_saved.safetensors", batch=batch, lr=2e-3,
                       adapter=folder / "adapter_saved")
        padded = random_batch(COMMON["vocab_size"] - 10, 3, 19, 8, pad=True)
        make_reference(folder, folder / "reference_padded.safetensors", batch=padded, steps=0, grads=False)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for model_name in sys.argv[2:] or MODELS:
        make(sys.argv[1], model_name)
