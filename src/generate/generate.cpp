#include "generate/generator.h"

#include <algorithm>
#include <numeric>

namespace eft {
namespace {

constexpr std::size_t kTokensAtOnce = 1024;  // of a prompt: bounds the memory of activations

}  // namespace

Generator::Generator(const Model& model, Pool& pool) : model_(model), pool_(pool), cache_(model.info().cache_windows) {}

void Generator::restart() {
  cache_ = KvCache(model_.info().cache_windows);
  read_.clear();
}

void Generator::check_room(std::span<const std::int32_t> tokens) const {
  expect(!tokens.empty(), "tokens to read");
  const std::int64_t vocabulary = model_.info().vocabulary;
  for (const std::int32_t token : tokens) {
    if (token < 0 || token >= vocabulary) {
      throw DataError("token {} is outside the model's vocabulary of {}; does the tokenizer belong to the model?",
                      token, vocabulary);
    }
  }
  const auto length = static_cast<std::int64_t>(read_.size() + tokens.size());
  if (length > model_.info().max_positions) {
    throw DataError("the prompt has {} tokens, the model reads at most {}", length, model_.info().max_positions);
  }
}

/// Hidden states of `tokens`, which are read with this.
Var Generator::hidden(Context& ctx, std::span<const std::int32_t> tokens) {
  std::vector<std::int32_t> positions(tokens.size());
  std::iota(positions.begin(), positions.end(), static_cast<std::int32_t>(read_.size()));
  const std::vector<std::int64_t> starts{0, static_cast<std::int64_t>(tokens.size())};
  const Var states = model_.hidden(ctx, {.tokens = tokens, .positions = positions, .starts = starts}, &cache_);
  read_.insert(read_.end(), tokens.begin(), tokens.end());
  return states;
}

Tensor Generator::read(std::span<const std::int32_t> tokens) {
  check_room(tokens);
  Context ctx{.pool = &pool_};
  Var states;
  for (std::size_t begin = 0; begin < tokens.size(); begin += kTokensAtOnce) {
    states = hidden(ctx, tokens.subspan(begin, std::min(kTokensAtOnce, tokens.size() - begin)));
  }
  const std::int64_t rows = states.shape()[0];
  // Logits of a bf16 model in f32: rounded to bf16, the best two are often equal.
  const Tensor last =
      cast(pool_, Category::workspace, states.value().slice(rows - 1, rows), accumulator_of(model_.dtype()));
  return model_.logits(ctx, Var(last)).value();
}

/// What of `prompt` has to be read. Unless all that was read is its beginning, that is forgotten.
std::span<const std::int32_t> Generator::unread(std::span<const std::int32_t> prompt) {
  const bool continues = read_.size() < prompt.size() && std::equal(read_.begin(), read_.end(), prompt.begin());
  if (!continues) restart();
  return prompt.subspan(read_.size());
}

Generated Generator::generate(std::span<const std::int32_t> prompt, const GenerateLimits& limits, Sampler& sampler,
                              const OnToken& on_token) {
  const std::span<const std::int32_t> rest = unread(prompt);
  Generated out;
  out.prompt_computed = static_cast<std::int64_t>(rest.size());
  Tensor logits = read(rest);
  while (static_cast<std::int64_t>(out.tokens.size()) < limits.max_new_tokens) {
    const Tensor floats = cast(pool_, Category::workspace, logits, DType::f32);
    const std::int32_t token = sampler.pick({floats.data<float>(), static_cast<std::size_t>(floats.elements())});
    if (std::ranges::find(limits.stop_tokens, token) != limits.stop_tokens.end()) {
      out.finish = Finish::stop_token;
      out.stop_token = token;
      return out;
    }
    out.tokens.push_back(token);
    if (on_token && !on_token(token)) {
      out.finish = Finish::caller;
      return out;
    }
    if (static_cast<std::int64_t>(out.tokens.size()) == limits.max_new_tokens) break;
    if (static_cast<std::int64_t>(read_.size()) >= model_.info().max_positions) {
      out.finish = Finish::context;
      return out;
    }
    logits = read({&token, 1});
  }
  return out;
}

}  // namespace eft
