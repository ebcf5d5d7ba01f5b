#pragma once

#include <memory>
#include <vector>

#include "autograd/tape.h"
#include "media/media_item.h"
#include "nn/scope.h"

namespace eft {

/// Makes rows for the text model of what stands in a text in the place of tokens.
class Tower {
 public:
  virtual ~Tower() = default;

  /// How many rows it makes of an item. Throws DataError for one of another kind or shape.
  virtual std::int64_t rows_of(const MediaItem& item) const = 0;
  /// An item as it takes them, without values.
  virtual std::shared_ptr<const MediaItem> planned() const = 0;
  /// The rows of an item, [rows_of(item), hidden], of `dtype`.
  virtual Var operator()(Context& ctx, const MediaItem& item, DType dtype) const = 0;
};

/// The parameters that a part of a model has declared, to see whether they train.
class DeclaredPart {
 public:
  /// What the store gets between the two calls.
  void begin(const ParameterStore& store) { first_ = store.size(); }
  void end(const ParameterStore& store) {
    for (auto it = store.begin() + static_cast<std::ptrdiff_t>(first_); it != store.end(); ++it) parts_.push_back(&*it);
  }

  /// A context in which to run it: without a tape, where nothing in it trains and nothing in front of it does, so that
  /// nothing is kept for a backward pass or recomputed there.
  Context context(const Context& ctx, bool input_wants_grad = false) const;

 private:
  std::size_t first_ = 0;
  std::vector<const Parameter*> parts_;
};

}  // namespace eft
