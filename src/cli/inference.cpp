#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/hub_cache.h"
#include "cli/answers.h"
#include "cli/command.h"
#include "cli/converse.h"
#include "cli/storage_options.h"
#include "cli/terminal.h"
#include "models/image_layout.h"
#include "models/model_folder.h"

namespace eft {
namespace {

struct Arguments {
  SessionOptions session;
  std::optional<std::string> prompt;
  bool chat = false;
  std::string system;
  std::string chat_template;
  std::string dtype = "bfloat16";
  QuantOptions quant;
  bool json = false;
  std::vector<std::filesystem::path> images;
};

/// An adapter brings the tokenizer that it was trained with where its folder holds one, and the template likewise.
std::filesystem::path tokenizer_folder(const SessionOptions& session) {
  const bool own = !session.adapter.empty() && std::filesystem::exists(session.adapter / "tokenizer.json");
  return own ? session.adapter : session.model;
}

std::filesystem::path template_folder(const SessionOptions& session) {
  const bool own = !session.adapter.empty() && ChatTemplate::in_model(session.adapter);
  return own ? session.adapter : session.model;
}

std::string describe(const SamplingOptions& options) {
  if (options.temperature == 0) return "greedy";
  return fmt::format("temperature {:g}, top_k {}, top_p {:g}, seed {}", options.temperature,
                     options.top_k == 0 ? "off" : std::to_string(options.top_k), options.top_p, options.seed);
}

/// "<eos> <end_of_turn>"
std::string pieces(const std::vector<TokenId>& tokens, const Tokenizer& tokenizer) {
  std::string text;
  for (const TokenId token : tokens) {
    text += (text.empty() ? "" : " ") + (token < tokenizer.size() ? tokenizer.piece_of(token) : std::to_string(token));
  }
  return text;
}

/// Says on standard error what answers, and how.
void introduce(const Session& session, const Arguments& arguments) {
  std::string text;
  for (const std::string& note : session.notes()) text += note + "\n";
  const std::filesystem::path& adapter = arguments.session.adapter;
  text += fmt::format("{}, {}{}; {}; at most {} tokens, ends with {}", session.model().family, arguments.dtype,
                      adapter.empty() ? "" : ", adapter " + adapter.string(), describe(session.sampling()),
                      session.limits().max_new_tokens, pieces(session.limits().stop_tokens, session.tokenizer()));
  std::fprintf(stderr, "%s\n", standard_error().paint(text, Paint::dim).c_str());
}

void answer_once(const Arguments& arguments, const Tokenizer& tokenizer, const Prompt& prompt) {
  Session session(arguments.session, tokenizer);
  introduce(session, arguments);
  const AnswerPrinter printer(arguments.json);
  printer.print_summary(session, printer.print(session, prompt));
}

/// What brings images into prompts, where the model takes some. Throws ConfigError where images are given and it does
/// not.
std::optional<ImagePrompter> image_prompter(const Arguments& arguments, const Tokenizer& tokenizer) {
  auto layout = image_layout_of(arguments.session.model);
  if (layout) {
    try {
      return ImagePrompter(std::move(*layout), tokenizer);
    } catch (const ConfigError&) {  // of a tokenizer without tokens for images, which texts do not need
      if (!arguments.images.empty()) throw;
    }
  }
  if (arguments.images.empty()) return std::nullopt;
  throw ConfigError("--image: {} has no vision tower that eft knows; expected a multimodal gemma3 checkpoint",
                    arguments.session.model.string());
}

/// A prompt that is no turn: images stand where the text has marks for them, else in front of it.
Prompt plain_prompt(const Arguments& arguments, const Tokenizer& tokenizer, const ImagePrompter* prompter,
                    const std::vector<PromptImage>& images) {
  if (images.empty()) return {.tokens = encode_plain(tokenizer, *arguments.prompt)};
  std::string text = *arguments.prompt;
  if (text.find(prompter->mark()) == std::string::npos) {
    for (std::size_t i = 0; i < images.size(); ++i) text.insert(0, prompter->mark());
  }
  if (tokenizer.adds_bos() && !text.starts_with(tokenizer.bos_token())) text.insert(0, tokenizer.bos_token());
  return prompter->prompt(text, images);
}

void run(Arguments arguments) {
  if (!arguments.prompt && !arguments.chat) {
    throw ConfigError("inference: nothing to answer; give --prompt TEXT or --chat");
  }
  if (!arguments.prompt && !arguments.images.empty()) {
    throw ConfigError("--image: without --prompt; in a chat type /image FILE");
  }
  std::filesystem::path& model = arguments.session.model;
  model = local_model(model);
  arguments.session.adapter = local_model(arguments.session.adapter);
  arguments.session.frozen = frozen_storage(arguments.quant);
  arguments.session.dtype = arguments.dtype == "float32" ? DType::f32 : DType::bf16;
  if (!std::filesystem::is_directory(model)) {
    throw FileError("{}: no such folder; expected a Hugging Face checkpoint folder", model.string());
  }
  check_model_folder(model);
  const Tokenizer tokenizer = Tokenizer::load(tokenizer_folder(arguments.session));
  const auto own = image_prompter(arguments, tokenizer);
  const ImagePrompter* prompter = own ? &*own : nullptr;
  std::vector<PromptImage> images;
  for (const auto& file : arguments.images) images.push_back(prompter->read(file));
  if (!arguments.chat) {
    return answer_once(arguments, tokenizer, plain_prompt(arguments, tokenizer, prompter, images));
  }
  Chat chat(choose_chat_template(arguments.chat_template, template_folder(arguments.session), tokenizer), tokenizer,
            arguments.system, prompter);
  if (arguments.prompt) {
    chat.add_user(*arguments.prompt, std::move(images));
    return answer_once(arguments, tokenizer,
                       chat.prompt());  // what the template refuses is said before the model is opened
  }
  Session session(arguments.session, tokenizer);
  introduce(session, arguments);
  converse(session, chat, prompter, AnswerPrinter(arguments.json), std::cin, isatty(STDIN_FILENO) != 0);
}

}  // namespace

void add_inference_command(CLI::App& app, int& /*exit_code*/) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("inference", "Continue a prompt or chat with a model.");
  add_examples(*command,
               {"eft inference gemma-3-270m-it --chat", "eft inference gemma-3-270m-it --adapter outputs/run --chat",
                "eft inference gemma-3-270m --prompt 'Once upon a time' --temperature 0.7 --seed 1"});
  command
      ->add_option("model", arguments->session.model, "Hugging Face checkpoint: a folder, or a hub name in the cache")
      ->required();
  command->add_option("--adapter", arguments->session.adapter, "PEFT adapter: a folder, or a hub name in the cache");
  command->add_option("--prompt", arguments->prompt, "Text to continue; with --chat the user's turn");
  CLI::Option* chat =
      command->add_flag("--chat", arguments->chat, "Chat; without --prompt turns are read from standard input");
  command->add_option("--system", arguments->system, "System message of the chat")->needs(chat);
  command
      ->add_option("--chat-template", arguments->chat_template,
                   "Template by name or file, instead of the adapter's or the model's own")
      ->needs(chat);
  command
      ->add_option("--image", arguments->images,
                   "Image in front of the prompt, or where it has the mark for one; may be given several times")
      ->allow_extra_args(false);
  command->add_option("--temperature", arguments->session.temperature,
                      "Divides the logits; 0 takes the most probable token (default: generation_config.json, else 0)");
  command->add_option("--top-k", arguments->session.top_k, "Draw from the k most probable tokens; 0 from all");
  command->add_option("--top-p", arguments->session.top_p, "Draw from the most probable tokens that sum to this");
  command->add_option("--seed", arguments->session.seed, "Seed of the draws")->capture_default_str();
  command->add_option("--max-new-tokens", arguments->session.max_new_tokens, "Longest answer in tokens")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--dtype", arguments->dtype, "bfloat16 or float32")
      ->check(CLI::IsMember({"bfloat16", "float32"}))
      ->capture_default_str();
  add_storage_options(*command, arguments->quant, "Keep the weights as a run with that key does");
  command->add_option("--device", arguments->session.device, "cpu, cuda or cuda:N")->capture_default_str();
  command
      ->add_option("--stop", arguments->session.stop,
                   "A further token that ends the answer, as the vocabulary writes it")
      ->allow_extra_args(false);
  command->add_flag("--json", arguments->json, "Print one JSON object an answer, with token ids and speed");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace eft
