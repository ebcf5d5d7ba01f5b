#include "data/store/examples.h"

#include <algorithm>
#include <utility>

namespace eft {

Examples::Examples(const std::vector<Example>& examples) : store_(ExampleStore::of(examples)) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t first = 0; first < examples.size(); first += store_->entry(first).members())
    order.push_back(first);
  order_ = std::make_shared<const std::vector<std::uint32_t>>(std::move(order));
}

Examples::Examples(std::shared_ptr<const ExampleStore> store, std::vector<std::uint32_t> order,
                   std::shared_ptr<const MediaDecoder> media)
    : store_(std::move(store)),
      order_(std::make_shared<const std::vector<std::uint32_t>>(std::move(order))),
      media_(std::move(media)) {}

std::int64_t Examples::length(std::size_t index) const {
  std::int64_t sum = 0;
  for (std::size_t m = 0; m < members(index); ++m) sum += store_->entry((*order_)[index] + m).tokens;
  return sum;
}

std::int64_t Examples::label_tokens(std::size_t index) const {
  std::int64_t sum = 0;
  for (std::size_t m = 0; m < members(index); ++m) sum += store_->entry((*order_)[index] + m).label_tokens;
  return sum;
}

std::int64_t Examples::longest(std::size_t index) const {
  std::int64_t most = 0;
  for (std::size_t m = 0; m < members(index); ++m) {
    most = std::max<std::int64_t>(most, store_->entry((*order_)[index] + m).tokens);
  }
  return most;
}

std::int64_t Examples::tokens() const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < size(); ++i) sum += length(i);
  return sum;
}

std::int64_t Examples::label_tokens() const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < size(); ++i) sum += label_tokens(i);
  return sum;
}

Examples Examples::select(const std::vector<std::uint32_t>& indices) const {
  std::vector<std::uint32_t> order;
  order.reserve(indices.size());
  for (const std::uint32_t index : indices) order.push_back((*order_)[index]);
  return {store_, std::move(order), media_};
}

std::vector<Example> Examples::copy() const {
  std::vector<Example> examples;
  for (std::size_t i = 0; i < size(); ++i) {
    for (std::size_t m = 0; m < members(i); ++m) examples.push_back(member(i, m).copy());
  }
  return examples;
}

}  // namespace eft
