#include "config/keys.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace eft {
namespace {

constexpr const char* kRemove = "remove the key";
constexpr const char* kMetrics = "remove the key; every step is in OUTPUT_DIR/metrics.jsonl";
constexpr const char* kBestModel = "remove the key; the best model is the one with the smallest eval_loss";
constexpr const char* kOneProcess = "remove the key; eft trains in one process";
constexpr const char* kPlainWeights = "remove the key; train adapter: lora on bf16 weights";
constexpr const char* kObjectives =
    "remove the key; eft learns from texts and from pairs of answers or good and bad ones";

constexpr std::array kRunGroups = {
    KeyGroup{
        KeyClass::does_anyway, "*", "chooses its attention kernels by head size and never forms S x S scores",
        "flash_attention sdp_attention xformers_attention flex_attention flex_attn_compile_kwargs sage_attention "
        "eager_attention attn_implementation gemma4_hybrid_attn_impl large_head_attention flash_attn_d512 sdpa_varlen "
        "fused_attn_kernel flash_attn_fuse_mlp flash_attn_cross_entropy flash_optimum pretrain_multipack_attn"},
    KeyGroup{KeyClass::does_anyway, "*", "computes the loss without the full logits",
             "cut_cross_entropy chunked_cross_entropy chunked_cross_entropy_num_chunks liger_cross_entropy "
             "liger_fused_linear_cross_entropy"},
    KeyGroup{KeyClass::does_anyway, "*", "has fused kernels and nothing to compile at run time",
             "liger_rope liger_rms_norm liger_rms_norm_gated liger_layer_norm liger_swiglu liger_glu_activation "
             "liger_kernel_impl lora_mlp_kernel lora_qkv_kernel lora_o_kernel lora_embedding_kernel torch_compile "
             "torch_compile_backend torch_compile_mode torch_compile_options tiled_mlp tiled_mlp_num_shards "
             "tiled_mlp_use_original_mlp use_kernels use_scattermoe use_sonicmoe experts_implementation expert_backend "
             "moe_grouped_backend moe_dequant_chunk_size moe_bnb_fast deepcompile dsv4_fp4_grouped_mode"},
    KeyGroup{KeyClass::does_anyway, "*", "maps weights from the files and reports tokens per second",
             "low_cpu_mem_usage include_tokens_per_second include_tkps batch_flattening"},
    KeyGroup{KeyClass::does_anyway, "true", "remove the key; eft writes safetensors only", "save_safetensors"},
    KeyGroup{KeyClass::does_anyway, "- eval_loss loss", kBestModel, "metric_for_best_model"},
    KeyGroup{KeyClass::does_anyway, "-", kBestModel, "greater_is_better"},

    KeyGroup{KeyClass::without_effect, "*", "runs no code of a checkpoint and has one tokenizer",
             "trust_remote_code tokenizer_type tokenizer_use_fast tokenizer_legacy tokenizer_save_jinja_files "
             "hf_use_auth_token is_falcon_derived_model is_llama_derived_model is_mistral_derived_model "
             "is_qwen_derived_model"},
    KeyGroup{KeyClass::without_effect, "*", "tokenises rows on all cores before a run starts",
             "dataset_processes dataset_num_proc dataset_keep_in_memory skip_prepare_dataset "
             "remove_unused_columns num_dataset_shards_to_save dataloader_pin_memory dataloader_num_workers "
             "dataloader_prefetch_factor is_preprocess preprocess_iterable sample_packing_mp_start_method "
             "streaming_multipack_buffer_size pretrain_multipack_buffer_size"},
    KeyGroup{KeyClass::without_effect, "*", "never pads, and packs in its own way",
             "pad_to_sequence_len pad_to_multiple_of sample_packing_group_size sample_packing_bin_size "
             "multipack_real_batches sample_packing_eff_est total_num_tokens total_supervised_tokens eval_batch_size"},
    KeyGroup{
        KeyClass::without_effect, "*", "is not built on PyTorch",
        "strict tf32 gradient_checkpointing_kwargs ddp_find_unused_parameters ddp_timeout ddp_bucket_cap_mb "
        "ddp_broadcast_buffers world_size local_rank gc_steps torch_empty_cache_steps gc_collect_steps lora_on_cpu "
        "merge_method experimental_skip_move_to_device axolotl_config_path selective_checkpointing"},
    KeyGroup{KeyClass::without_effect, "*", "is not a key of Axolotl either, which ignores it",
             "lora_target_linear_modules"},
    KeyGroup{KeyClass::without_effect, "*", "neither resizes nor upcasts embeddings",
             "mean_resizing_embeddings embeddings_skip_upcast"},
    KeyGroup{KeyClass::unsupported, "-", "remove the key, which Axolotl has given up",
             "debug gptq_groupsize gptq_model_v1 relora_steps relora_warmup_steps relora_anneal_steps lora_out_dir "
             "push_to_hub_model_id eval_table_max_new_tokens log_sweep_min_lr log_sweep_max_lr bettertransformer "
             "flash_attn_fuse_qkv unsloth_cross_entropy_loss unsloth_lora_mlp unsloth_lora_qkv unsloth_lora_o "
             "unsloth_rms_norm unsloth_rope rope_theta collator_pad_to_longest"},
    KeyGroup{
        KeyClass::without_effect, "*", "has no gradio page",
        "gradio_title gradio_share gradio_server_name gradio_server_port gradio_max_new_tokens gradio_temperature"},
    KeyGroup{KeyClass::without_effect,
             "- auto balanced AutoModelForCausalLM AutoModelForImageTextToText AutoModelForMultimodalLM "
             "Gemma3ForCausalLM Gemma3ForConditionalGeneration Gemma4ForCausalLM Gemma4ForConditionalGeneration "
             "Gemma3TextConfig Gemma3Config Gemma3nTextConfig Gemma3nConfig Gemma4TextConfig Gemma4Config",
             "remove the key; config.json tells the kind of model",
             "device_map model_type type_of_model cls_model_config"},

    KeyGroup{KeyClass::unsupported, "-", "use bf16: auto; Gemma's activations overflow 16-bit floats of the fp16 kind",
             "fp16 float16"},
    KeyGroup{KeyClass::unsupported, "-", kPlainWeights,
             "gptq model_quantization_config "
             "model_quantization_config_kwargs use_onebitllms qat quantization fp8 fp8_config "
             "fp8_enable_fsdp_float8_all_gather nonexpert_quantization gemma4_fp8_nonexpert gemma4_nf4_nonexpert "
             "nvfp4_merge_aware nvfp4_merge_aware_start_step qlora_sharded_model_loading llmcompressor"},
    KeyGroup{KeyClass::unsupported, "-", kRemove,
             "lora_fan_in_fan_out "
             "peft_layers_to_transform peft_layers_pattern peft peft_use_dora "
             "peft_layer_replication peft_trainable_token_indices peft_ensure_weight_tying merge_lora "
             "relora relora_prune_ratio relora_cpu_offload lisa_n_layers lisa_step_interval mora"},
    KeyGroup{KeyClass::without_effect, "*", "has no adapters of embeddings", "loraplus_lr_embedding"},
    KeyGroup{KeyClass::unsupported, "- magnitude", kRemove, "relora_prune_method"},
    KeyGroup{KeyClass::unsupported, "- model.layers", kRemove, "lisa_layers_attribute"},
    KeyGroup{KeyClass::unsupported, "true", "remove the key; adapters are kept in float32",
             "peft_autocast_adapter_dtype"},
    KeyGroup{KeyClass::unsupported, "true", "remove the key; adapters start as PEFT's do", "peft_init_lora_weights"},
    KeyGroup{KeyClass::unsupported, "- 1", kRemove, "dataset_shard_num"},
    KeyGroup{KeyClass::unsupported, "-", "set gradient_accumulation_steps to batch_size / micro_batch_size",
             "batch_size"},
    KeyGroup{KeyClass::unsupported, "-", kRemove,
             "auto_find_batch_size optim_target_modules "
             "torchdistx_path "
             "lr_div_factor dion_lr dion_momentum dion_rank_fraction "
             "dion_rank_multiple_of qgalore_rank qgalore_update_proj_gap qgalore_scale qgalore_proj_type "
             "qgalore_proj_quant qgalore_proj_bits qgalore_proj_group_size qgalore_cos_threshold qgalore_gamma_proj "
             "qgalore_queue_size "
             "neftune_noise_alpha noisy_embedding_alpha use_dynamic_finetuning use_eaft eaft_alpha eaft_k "
             "liger_use_token_scaling "
             "grokfast_alpha grokfast_lamb spectrum_top_fraction spectrum_model_name dense_mixer diffusion hatchery"},
    KeyGroup{
        KeyClass::unsupported, "- disabled", kMetrics,
        "use_wandb wandb_name wandb_run_id wandb_mode wandb_project wandb_entity wandb_watch wandb_log_model "
        "use_mlflow mlflow_tracking_uri mlflow_experiment_name mlflow_run_name hf_mlflow_log_artifacts use_comet "
        "comet_api_key comet_workspace comet_project_name comet_experiment_key comet_mode comet_online "
        "comet_experiment_config use_trackio trackio_project_name trackio_run_name trackio_space_id use_otel_metrics "
        "otel_metrics_host otel_metrics_port use_tensorboard use_swanlab swanlab_project swanlab_experiment_name "
        "swanlab_description swanlab_mode swanlab_workspace swanlab_api_key swanlab_log_model swanlab_web_host "
        "swanlab_api_host swanlab_lark_webhook_url swanlab_lark_secret swanlab_log_completions "
        "swanlab_completion_log_interval swanlab_completion_max_buffer"},
    KeyGroup{KeyClass::unsupported, "-", "remove the key; the result stays in OUTPUT_DIR",
             "hub_model_id hub_strategy hub_revision push_dataset_to_hub"},
    KeyGroup{KeyClass::unsupported, "- 1", kOneProcess,
             "ddp deepspeed fsdp fsdp_config fsdp_version fsdp_final_state_dict_type dp_shard_size dp_replicate_size "
             "sequence_parallel_degree context_parallel_size heads_k_stride ring_attn_func tensor_parallel_size "
             "accelerator_config use_ray ray_run_name ray_num_workers resources_per_worker expert_parallel_size "
             "expert_parallel_backend expert_parallel_num_nvl_bytes expert_parallel_num_rdma_bytes "
             "expert_parallel_token_capacity expert_parallel_fallback_on_unsupported"},
    KeyGroup{KeyClass::without_effect, "*",
             "offloads no activations; gradient_checkpointing keeps only what enters each block",
             "activation_offloading"},
    KeyGroup{KeyClass::unsupported, "-", "remove the key; gradient_checkpointing: true saves memory too",
             "layer_offloading max_memory gpu_memory_limit"},
    KeyGroup{KeyClass::without_effect, "*",
             "never pads pairs nor cuts prompts, and has kernels of its own for their loss",
             "dpo_padding_free dpo_use_liger_kernel dpo_use_logits_to_keep max_prompt_len"},
    KeyGroup{KeyClass::unsupported, "-", "remove the key; eft chat answers with the result",
             "dpo_generate_during_eval"},
    KeyGroup{KeyClass::unsupported, "-", "use dpo_loss_type: [sigmoid_norm]", "dpo_norm_loss"},
    KeyGroup{KeyClass::unsupported, "-", "use dpo_loss_type: [sigmoid, sft] and dpo_loss_weights", "rpo_alpha"},
    KeyGroup{KeyClass::unsupported, "-", kObjectives,
             "trl vllm ebft reward_model process_reward_model center_rewards_coefficient num_labels trainer_cls "
             "kd_trainer kd_ce_alpha kd_alpha kd_temperature kd_beta kd_normalize_topk kd_online_server_base_url "
             "kd_online_topk kd_online_server kd_online_timeout kd_temperature_min nemo_gym_enabled nemo_gym_dir "
             "nemo_gym_auto_clone nemo_gym_config_paths nemo_gym_head_port nemo_gym_server_timeout "
             "nemo_gym_verify_timeout nemo_gym_run_timeout nemo_gym_datasets nemo_gym_auto_start nemo_gym_model_name "
             "nemo_gym_multi_turn nemo_gym_max_turns"},
    KeyGroup{KeyClass::unsupported, "-", kRemove,
             "dataset_shard_idx dataloader_drop_last "
             "pretraining_sample_concatenation use_pose pose_split_on_token_ids pose_max_context_len pose_num_chunks "
             "image_size image_resize_algorithm role_boundaries processor_kwargs"},
    KeyGroup{KeyClass::unsupported, "-", "remove the key; the tokenizer's own special tokens hold",
             "added_tokens_overrides resize_token_embeddings_to_32x shrink_embeddings fix_untrained_tokens "
             "tokenizer_use_mistral_common"},
    KeyGroup{
        KeyClass::unsupported, "-", kRemove,
        "base_model_config overrides_of_model_config model_config overrides_of_model_kwargs "
        "model_kwargs model_revision reinit_weights fp32_norms "
        "fp32_norm_classes scaling_softmax scaling_softmax_factor scaling_softmax_bias llama4_linearized_experts "
        "rope_scaling s2_attention flash_attn_rms_norm max_packed_sequence_len use_dsv4_kernels use_glm_dsa_kernels "
        "dsv4_fp8_nonexpert_mode dsv4_fp8_lora_kernel dsv4_shared_mlp_lora_kernel dsv4_bf16_all"},
    KeyGroup{KeyClass::unsupported, "-", "remove the key; eft train --profile times every kernel and writes a trace",
             "profiler_steps profiler_steps_start"},
    KeyGroup{KeyClass::unsupported, "-",
             "remove the key; a file checkpoint_now in output_dir asks for a checkpoint while a run goes on",
             "dynamic_checkpoint"},
    KeyGroup{KeyClass::unsupported, "-",
             "remove the key; eft inference answers prompts with a checkpoint, eft evaluate gives loss and perplexity",
             "do_causal_lm_eval eval_causal_lm_metrics do_bench_eval bench_dataset bench_split eval_table_size "
             "eval_max_new_tokens generate_samples num_generation_samples generation_max_new_tokens "
             "generation_temperature generation_top_p generation_top_k generation_prompt_ratio generation_do_sample "
             "lm_eval_tasks lm_eval_batch_size lm_eval_post_train lm_eval_model"},
};

constexpr const char* kUseAdamw =
    "use adamw_torch_fused, the closest, or adamw_torch_8bit, which takes a quarter of its memory";
constexpr const char* kUseLora =
    "train adapter: lora, or the whole model with optimizer: adamw_torch_8bit (2 bytes a parameter)";

constexpr std::array kRunValues = {
    UnsupportedValues{"adapter", "llama-adapter", "use adapter: lora"},
    UnsupportedValues{
        "optimizer",
        "adamw_torch_4bit ao_adamw_4bit ao_adamw_fp8 flash_adamw flash_adam flash_sgd flash_sgdw flash_lion ademamix "
        "ademamix_8bit paged_ademamix_32bit paged_ademamix_8bit stable_adamw rmsprop rmsprop_bnb rmsprop_bnb_8bit "
        "rmsprop_bnb_32bit adagrad schedule_free_sgd schedule_free_radam dion sinkgd polora adamc grokadamw",
        kUseAdamw},
    UnsupportedValues{"optimizer",
                      "galore_adamw galore_adamw_8bit galore_adafactor galore_adamw_layerwise "
                      "galore_adamw_8bit_layerwise galore_adafactor_layerwise q_galore_adamw8bit apollo_adamw "
                      "apollo_adamw_layerwise lomo adalomo",
                      kUseLora},
    UnsupportedValues{"lr_scheduler", "greedy log_sweep",
                      "use cosine, or reduce_lr_on_plateau, which looks at losses too"},
    UnsupportedValues{"rl", "grpo gdpo ebft", "use dpo, ipo, simpo, orpo, cpo or kto"},
    UnsupportedValues{"save_strategy", "best", "use steps or epoch"},
    UnsupportedValues{"eval_strategy", "best", "use steps or epoch"},
};

constexpr std::array kDatasetGroups = {
    KeyGroup{KeyClass::without_effect, "*", "runs no code of a dataset", "trust_remote_code"},
    KeyGroup{KeyClass::unsupported, "-", kRemove,
             "input_transform shards shards_idx preprocess_shards conversation input_format field_human "
             "field_model logprobs_field temperature text_column skip length sequence_length min_input_id "
             "max_input_id seed"},
    KeyGroup{KeyClass::unsupported, "-", kObjectives, "step_separator max_completion_length train_on_last_step_only"},
};

constexpr std::array kDatasetValues = {
    UnsupportedValues{"type", "sharegpt sharegpt:chat",
                      "use type: chat_template with field_messages: conversations and message_property_mappings: "
                      "{role: from, content: value}"},
    UnsupportedValues{
        "type",
        "context_qa metharme orcamini pygmalion jeopardy reflection explainchoice concisechoice creative_acr "
        "stepwise_supervised pretrain _synthetic messages llama3 zephyr bradley_terry llama2_chat",
        "use chat_template, alpaca, input_output or completion"},
};

bool holds(const char* list, std::string_view word) {
  const std::vector<std::string> all = words(list);
  return std::find(all.begin(), all.end(), word) != all.end();
}

}  // namespace

const KeyTable& run_keys() {
  static constexpr KeyTable kTable{kRunGroups, kRunValues};
  return kTable;
}

const KeyTable& dataset_keys() {
  static constexpr KeyTable kTable{kDatasetGroups, kDatasetValues};
  return kTable;
}

const KeyGroup* group_of(const KeyTable& table, std::string_view key) {
  for (const KeyGroup& group : table.groups) {
    if (holds(group.keys, key)) return &group;
  }
  return nullptr;
}

std::vector<std::string> keys_of_class(const KeyTable& table, KeyClass kind) {
  std::vector<std::string> keys;
  for (const KeyGroup& group : table.groups) {
    if (group.kind != kind) continue;
    for (std::string& key : words(group.keys)) keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<std::string> words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> found;
  std::string word;
  while (stream >> word) found.push_back(word);
  return found;
}

}  // namespace eft
