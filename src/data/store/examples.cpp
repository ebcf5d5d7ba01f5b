#include "data/store/examples.h"

#include <numeric>
#include <utility>

namespace eft {

Examples::Examples(const std::vector<Example>& examples) : store_(ExampleStore::of(examples)) {
  std::vector<std::uint32_t> order(examples.size());
  std::iota(order.begin(), order.end(), 0U);
  order_ = std::make_shared<const std::vector<std::uint32_t>>(std::move(order));
}

Examples::Examples(std::shared_ptr<const ExampleStore> store, std::vector<std::uint32_t> order,
                   std::shared_ptr<const MediaDecoder> media)
    : store_(std::move(store)),
      order_(std::make_shared<const std::vector<std::uint32_t>>(std::move(order))),
      media_(std::move(media)) {}

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
  for (std::size_t i = 0; i < size(); ++i) examples.push_back((*this)[i].copy());
  return examples;
}

}  // namespace eft
