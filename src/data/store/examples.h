#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "data/media/media_decoder.h"
#include "data/store/example_store.h"

namespace eft {

/// Units of a store in some order, each one example or a pair of preferences. Cheap to copy: copies share the store and
/// the order.
class Examples {
 public:
  /// None.
  Examples() = default;
  /// A copy of `examples`, in memory.
  Examples(const std::vector<Example>& examples);
  /// The units of `store` that begin with the examples `order`.
  Examples(std::shared_ptr<const ExampleStore> store, std::vector<std::uint32_t> order,
           std::shared_ptr<const MediaDecoder> media = nullptr);

  std::size_t size() const { return order_ ? order_->size() : 0; }
  bool empty() const { return size() == 0; }
  /// The first example of a unit. Lives as long as any Examples of the same store.
  ExampleView operator[](std::size_t index) const { return member(index, 0); }
  /// How many examples a unit has, and the one at `member` of them.
  std::size_t members(std::size_t index) const { return store_->entry((*order_)[index]).members(); }
  ExampleView member(std::size_t index, std::size_t member) const { return (*store_)[(*order_)[index] + member]; }
  /// Of a unit's examples together, and of the longest one.
  std::int64_t length(std::size_t index) const;
  std::int64_t label_tokens(std::size_t index) const;
  std::int64_t longest(std::size_t index) const;
  /// Of all of them together.
  std::int64_t tokens() const;
  std::int64_t label_tokens() const;

  /// Those at `indices`.
  Examples select(const std::vector<std::uint32_t>& indices) const;
  std::vector<Example> copy() const;
  /// What makes images of what they name; null: they have none.
  const std::shared_ptr<const MediaDecoder>& media() const { return media_; }

 private:
  std::shared_ptr<const ExampleStore> store_;
  std::shared_ptr<const std::vector<std::uint32_t>> order_;
  std::shared_ptr<const MediaDecoder> media_;
};

}  // namespace eft
