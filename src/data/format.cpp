#include "data/format.h"

#include "base/error.h"
#include "data/chat_format.h"
#include "data/text_format.h"

namespace eft {

std::unique_ptr<RowFormat> make_format(const DatasetOptions& dataset, const DataOptions& options,
                                       const std::filesystem::path& base_model, const Tokenizer& tokenizer) {
  switch (dataset.type) {
    case DatasetType::chat_template:
      return std::make_unique<ChatFormat>(dataset, options, choose_template(dataset, options, base_model, tokenizer),
                                          tokenizer);
    case DatasetType::alpaca:
      return std::make_unique<AlpacaFormat>(options, tokenizer);
    case DatasetType::completion:
      return std::make_unique<CompletionFormat>(dataset, options, tokenizer);
  }
  throw InternalError("a dataset type without a format");
}

}  // namespace eft
