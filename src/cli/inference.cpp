#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.h"
#include "cli/standard_streams.h"
#include "generate/chat.h"
#include "generate/generate.h"
#include "generate/settings.h"
#include "models/adapter.h"
#include "models/load.h"
#include "models/model_folder.h"
#include "tensor/device_memory.h"

namespace eft {
namespace {

struct Arguments {
  std::filesystem::path model;
  std::filesystem::path adapter;
  std::optional<std::string> prompt;
  bool chat = false;
  std::string system;
  std::string chat_template;
  std::optional<double> temperature;
  std::optional<std::int64_t> top_k;
  std::optional<double> top_p;
  std::uint64_t seed = 0;
  std::int64_t max_new_tokens = 512;
  std::string dtype = "bfloat16";
  std::string device = "cpu";
  std::vector<std::string> stop;
  bool json = false;
};

OpenedModel open(const Arguments& arguments, Pool& pool) {
  LoadOptions options{.dtype = arguments.dtype == "float32" ? DType::f32 : DType::bf16, .adapter = {}};
  if (!arguments.adapter.empty()) options.adapter = read_adapter_options(arguments.adapter);
  OpenedModel opened = open_model(arguments.model, options, pool);
  if (!arguments.adapter.empty()) load_adapter(*opened.model, pool, arguments.adapter);
  for (const std::string& note : opened.notes) std::fprintf(stderr, "%s\n", note.c_str());
  return opened;
}

/// An adapter brings the tokenizer that it was trained with where its folder holds one, and the template likewise.
std::filesystem::path tokenizer_folder(const Arguments& arguments) {
  const bool own = !arguments.adapter.empty() && std::filesystem::exists(arguments.adapter / "tokenizer.json");
  return own ? arguments.adapter : arguments.model;
}

std::filesystem::path template_folder(const Arguments& arguments) {
  const bool own = !arguments.adapter.empty() && ChatTemplate::in_model(arguments.adapter);
  return own ? arguments.adapter : arguments.model;
}

/// What the command line says, else what the model folder says.
SamplingOptions sampling(const Arguments& arguments, const GenerationConfig& config) {
  SamplingOptions options = config.sampling;
  options.seed = arguments.seed;
  const bool asked = arguments.top_k || arguments.top_p;
  if (asked && options.temperature == 0) options.temperature = 1.0;
  if (arguments.temperature) options.temperature = *arguments.temperature;
  if (arguments.top_k) options.top_k = *arguments.top_k;
  if (arguments.top_p) options.top_p = *arguments.top_p;
  return options;
}

std::string describe(const SamplingOptions& options) {
  if (options.temperature == 0) return "greedy";
  return fmt::format("temperature {:g}, top_k {}, top_p {:g}, seed {}", options.temperature,
                     options.top_k == 0 ? "off" : std::to_string(options.top_k), options.top_p, options.seed);
}

GenerateLimits limits(const Arguments& arguments, const GenerationConfig& config, const ModelInfo& model,
                      const Tokenizer& tokenizer) {
  GenerateLimits out{.max_new_tokens = arguments.max_new_tokens, .stop_tokens = stop_tokens(config, model, tokenizer)};
  for (const std::string& piece : arguments.stop) {
    const auto token = tokenizer.id_of(piece);
    if (!token) throw ConfigError("--stop: '{}' is no single token of {}", piece, arguments.model.string());
    out.stop_tokens.push_back(*token);
  }
  return out;
}

/// "<eos> <end_of_turn>"
std::string pieces(const std::vector<TokenId>& tokens, const Tokenizer& tokenizer) {
  std::string text;
  for (const TokenId token : tokens) {
    text += (text.empty() ? "" : " ") + (token < tokenizer.size() ? tokenizer.piece_of(token) : std::to_string(token));
  }
  return text;
}

/// A continuation with what it took.
struct Answer {
  Generated generated;
  std::string text;
  double prompt_seconds = 0;  // until the first token
  double seconds = 0;         // for the tokens after it

  double tokens_per_second() const {
    const auto later = static_cast<double>(generated.tokens.size()) - 1;
    return later > 0 && seconds > 0 ? later / seconds : 0;
  }
};

std::string why_it_ended(const Answer& answer, const Tokenizer& tokenizer) {
  switch (answer.generated.finish) {
    case Finish::stop_token:
      return "ended with " + tokenizer.piece_of(*answer.generated.stop_token);
    case Finish::length:
      return "cut off by --max-new-tokens";
    case Finish::context:
      return "cut off: the model reads no more tokens";
    case Finish::caller:
      break;
  }
  return "interrupted";
}

/// A loaded model that answers prompts on the terminal.
class Session {
 public:
  Session(const Arguments& arguments, Tokenizer tokenizer)
      : json_(arguments.json),
        pool_(take_device(arguments.device)),
        tokenizer_(std::move(tokenizer)),
        opened_(open(arguments, pool_)),
        config_(read_generation_config(arguments.model)),
        sampling_(sampling(arguments, config_)),
        sampler_(sampling_),
        limits_(limits(arguments, config_, opened_.model->info(), tokenizer_)),
        decoder_(*opened_.model, pool_) {
    std::fprintf(stderr, "%s, %s%s; %s; at most %lld tokens, ends with %s\n", opened_.model->info().family.c_str(),
                 arguments.dtype.c_str(),
                 arguments.adapter.empty() ? "" : (", adapter " + arguments.adapter.string()).c_str(),
                 describe(sampling_).c_str(), static_cast<long long>(limits_.max_new_tokens),
                 pieces(limits_.stop_tokens, tokenizer_).c_str());
  }

  /// Continues `prompt`, printing as it goes.
  Answer answer(const std::vector<TokenId>& prompt) {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    std::optional<Clock::time_point> first;
    StreamDecoder decoder(tokenizer_);
    Answer out;
    out.generated = generate(decoder_, prompt, limits_, sampler_, [&](TokenId token) {
      if (!first) first = Clock::now();
      emit(decoder.push(token), out.text);
      return !output_failed();
    });
    emit(decoder.finish(), out.text);
    const auto end = Clock::now();
    out.prompt_seconds = std::chrono::duration<double>(first.value_or(end) - begin).count();
    out.seconds = std::chrono::duration<double>(end - first.value_or(end)).count();
    json_ ? print_json(out, prompt) : static_cast<void>(std::printf("\n"));
    std::fflush(stdout);
    return out;
  }

  void print_summary(const Answer& answer) const {
    std::fprintf(stderr, "%lld tokens read in %.2f s, %zu written at %.1f tokens/s, %s\n",
                 static_cast<long long>(answer.generated.prompt_computed), answer.prompt_seconds,
                 answer.generated.tokens.size(), answer.tokens_per_second(), why_it_ended(answer, tokenizer_).c_str());
  }

 private:
  void emit(const std::string& text, std::string& all) const {
    all += text;
    if (json_ || text.empty()) return;
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }

  void print_json(const Answer& answer, const std::vector<TokenId>& prompt) const {
    const Generated& generated = answer.generated;
    nlohmann::ordered_json object{{"text", answer.text},
                                  {"tokens", generated.tokens},
                                  {"prompt_tokens", prompt},
                                  {"ended", why_it_ended(answer, tokenizer_)},
                                  {"prompt_computed", generated.prompt_computed},
                                  {"prompt_seconds", answer.prompt_seconds},
                                  {"tokens_per_second", answer.tokens_per_second()},
                                  {"memory", pool_.peak().total}};
    std::printf("%s\n", object.dump().c_str());
  }

  bool json_;
  Pool pool_;
  Tokenizer tokenizer_;
  OpenedModel opened_;
  GenerationConfig config_;
  SamplingOptions sampling_;
  Sampler sampler_;
  GenerateLimits limits_;
  Decoder decoder_;
};

/// Reads turns from standard input, one a line, until it ends or says /quit.
void converse(Session& session, Chat& chat) {
  const bool terminal = isatty(STDIN_FILENO) != 0;
  if (terminal) std::fprintf(stderr, "One line is one turn; /quit or Ctrl-D ends.\n");
  std::string line;
  while (true) {
    if (terminal) std::fprintf(stderr, "> ");
    if (!std::getline(std::cin, line)) {
      if (terminal) std::fprintf(stderr, "\n");
      break;
    }
    if (line.ends_with('\r')) line.pop_back();
    if (line == "/quit") break;
    if (line.empty()) continue;
    chat.add_user(line);
    const Answer answer = session.answer(chat.prompt());
    require_written_output();
    chat.add_model(answer.generated.tokens);
    if (answer.generated.finish != Finish::stop_token) session.print_summary(answer);
  }
}

void run(const Arguments& arguments) {
  if (!arguments.prompt && !arguments.chat) {
    throw ConfigError("inference: nothing to answer; give --prompt TEXT or --chat");
  }
  if (!std::filesystem::is_directory(arguments.model)) {
    throw FileError("{}: no such folder; expected a Hugging Face checkpoint folder", arguments.model.string());
  }
  check_model_folder(arguments.model);
  const Tokenizer tokenizer = Tokenizer::load(tokenizer_folder(arguments));
  if (!arguments.chat) {
    const std::vector<TokenId> prompt = encode_plain(tokenizer, *arguments.prompt);
    Session session(arguments, tokenizer);
    session.print_summary(session.answer(prompt));
    return;
  }
  Chat chat(choose_chat_template(arguments.chat_template, template_folder(arguments), tokenizer), tokenizer,
            arguments.system);
  if (!arguments.prompt) {
    Session session(arguments, tokenizer);
    return converse(session, chat);
  }
  chat.add_user(*arguments.prompt);
  const std::vector<TokenId> prompt = chat.prompt();  // what the template refuses is said before the model is opened
  Session session(arguments, tokenizer);
  session.print_summary(session.answer(prompt));
}

}  // namespace

void add_inference_command(CLI::App& app, int& /*exit_code*/) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("inference", "Continue a prompt or chat with a model.");
  add_examples(*command,
               {"eft inference gemma-3-270m-it --chat", "eft inference gemma-3-270m-it --adapter outputs/run --chat",
                "eft inference gemma-3-270m --prompt 'Once upon a time' --temperature 0.7 --seed 1"});
  command->add_option("model", arguments->model, "Hugging Face checkpoint folder")->required();
  command->add_option("--adapter", arguments->adapter, "PEFT adapter folder");
  command->add_option("--prompt", arguments->prompt, "Text to continue; with --chat the user's turn");
  CLI::Option* chat =
      command->add_flag("--chat", arguments->chat, "Chat; without --prompt turns are read from standard input");
  command->add_option("--system", arguments->system, "System message of the chat")->needs(chat);
  command
      ->add_option("--chat-template", arguments->chat_template,
                   "Template by name or file, instead of the adapter's or the model's own")
      ->needs(chat);
  command->add_option("--temperature", arguments->temperature,
                      "Divides the logits; 0 takes the most probable token (default: generation_config.json, else 0)");
  command->add_option("--top-k", arguments->top_k, "Draw from the k most probable tokens; 0 from all");
  command->add_option("--top-p", arguments->top_p, "Draw from the most probable tokens that sum to this");
  command->add_option("--seed", arguments->seed, "Seed of the draws")->capture_default_str();
  command->add_option("--max-new-tokens", arguments->max_new_tokens, "Longest answer in tokens")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--dtype", arguments->dtype, "bfloat16 or float32")
      ->check(CLI::IsMember({"bfloat16", "float32"}))
      ->capture_default_str();
  command->add_option("--device", arguments->device, "cpu, cuda or cuda:N")->capture_default_str();
  command->add_option("--stop", arguments->stop, "A further token that ends the answer, as the vocabulary writes it")
      ->allow_extra_args(false);
  command->add_flag("--json", arguments->json, "Print one JSON object an answer, with token ids and speed");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace eft
