#include "generate/decoder.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace eft {
namespace {

constexpr std::size_t kTokensAtOnce = 1024;  // of a prompt: bounds the memory of activations

}  // namespace

Decoder::Decoder(const Model& model, Pool& pool, std::int64_t slots)
    : model_(model),
      pool_(pool),
      cache_(model.info().cache_windows, slots),
      read_(static_cast<std::size_t>(slots)),
      media_(static_cast<std::size_t>(slots)) {}

void Decoder::forget(std::int64_t slot) {
  read_.at(static_cast<std::size_t>(slot)).clear();
  media_.at(static_cast<std::size_t>(slot)).clear();
  cache_.clear(slot);
}

bool Decoder::full(std::int64_t slot) const {
  return static_cast<std::int64_t>(history(slot).size()) >= model_.info().max_positions;
}

void Decoder::check_room(std::int64_t slot, std::span<const std::int32_t> tokens) const {
  expect(!tokens.empty(), "tokens to read");
  const std::int64_t vocabulary = model_.info().vocabulary;
  for (const std::int32_t token : tokens) {
    if (token < 0 || token >= vocabulary) {
      throw DataError("token {} is outside the model's vocabulary of {}; does the tokenizer belong to the model?",
                      token, vocabulary);
    }
  }
  const auto length = static_cast<std::int64_t>(history(slot).size() + tokens.size());
  if (length > model_.info().max_positions) {
    throw DataError("the prompt has {} tokens, the model reads at most {}", length, model_.info().max_positions);
  }
}

/// Hidden states of the tokens, which their slots have read with this.
Var Decoder::hidden(Context& ctx, const ModelInput& input) {
  const Var states = model_.hidden(ctx, input, &cache_);
  for (const CacheRun& run : cache_runs(input)) {
    const auto tokens = input.tokens.subspan(static_cast<std::size_t>(run.begin), static_cast<std::size_t>(run.count));
    auto& history = read_.at(static_cast<std::size_t>(run.slot));
    history.insert(history.end(), tokens.begin(), tokens.end());
  }
  return states;
}

/// Logits of a bf16 model in f32: rounded to bf16, the best two are often equal.
Tensor Decoder::logits(Context& ctx, const Tensor& states) const {
  return model_.logits(ctx, Var(cast(pool_, Category::workspace, states, accumulator_of(model_.dtype())))).value();
}

Tensor Decoder::read(std::int64_t slot, std::span<const std::int32_t> tokens, std::span<const MediaSpan> media) {
  check_room(slot, tokens);
  Context ctx{.pool = &pool_};
  Var states;
  for (const MediaSpan& span : media) {
    const auto before = static_cast<std::int64_t>(history(slot).size());
    media_.at(static_cast<std::size_t>(slot)).push_back({before + span.begin, span.count, span.item});
  }
  for (std::size_t begin = 0, end = 0; begin < tokens.size(); begin = end) {
    end = std::min(begin + kTokensAtOnce, tokens.size());
    while (cuts_media(media, static_cast<std::int64_t>(end))) ++end;
    const auto part = tokens.subspan(begin, end - begin);
    const std::vector<MediaSpan> own =
        media_in(media, static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end));
    std::vector<std::int32_t> positions(part.size());
    std::iota(positions.begin(), positions.end(), static_cast<std::int32_t>(history(slot).size()));
    const std::vector<std::int64_t> starts{0, static_cast<std::int64_t>(part.size())};
    states = hidden(ctx, {.tokens = part, .positions = positions, .starts = starts, .slots = {&slot, 1}, .media = own});
  }
  const std::int64_t rows = states.shape()[0];
  return logits(ctx, states.value().slice(rows - 1, rows));
}

Tensor Decoder::step(std::span<const std::int64_t> slots, std::span<const std::int32_t> tokens) {
  expect(slots.size() == tokens.size(), "a token for each slot");
  std::vector<std::int32_t> positions;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    check_room(slots[i], tokens.subspan(i, 1));
    positions.push_back(static_cast<std::int32_t>(history(slots[i]).size()));
  }
  std::vector<std::int64_t> starts(slots.size() + 1);
  std::iota(starts.begin(), starts.end(), 0);
  Context ctx{.pool = &pool_};
  const Var states = hidden(ctx, {.tokens = tokens, .positions = positions, .starts = starts, .slots = slots});
  return logits(ctx, states.value());
}

}  // namespace eft
