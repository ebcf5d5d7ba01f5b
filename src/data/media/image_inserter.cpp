#include "data/media/image_inserter.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/media/media_ref.h"
#include "text/stable_pieces.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

/// The first of `marks` that stands in a string of `value`, at any depth; empty when there is none.
std::string mark_in(const Json& value, const std::vector<std::string>& marks) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const auto found = std::ranges::find_if(marks, [&](const auto& m) { return text.find(m) != std::string::npos; });
    return found == marks.end() ? "" : *found;
  }
  if (!value.is_structured()) return "";
  for (const Json& item : value) {
    std::string found = mark_in(item, marks);
    if (!found.empty()) return found;
  }
  return "";
}

/// Makes a place for `count` images behind what the first user, or whoever comes first, says.
void add_places(Conversation& conversation, const ImageColumn& column) {
  std::size_t turn = 0;
  while (turn < conversation.messages.size() && conversation.role(turn) != "user") ++turn;
  if (turn == conversation.messages.size()) turn = 0;
  Json& content = conversation.messages[turn]["content"];
  if (!content.is_array()) {
    const std::string text = content.is_string() ? content.get<std::string>() : "";
    content = Json::array({Json{{"type", "text"}, {"text", text}}});
  }
  for (std::size_t i = 0; i < column.images.size(); ++i) {
    content.push_back({{"type", "image"}});
    conversation.images.push_back({.field = fmt::format("{}[{}]", column.name, i), .source = nullptr});
  }
}

}  // namespace

ImageInserter::ImageInserter(const ImageLayout& layout, const Tokenizer& tokenizer) : layout_(layout) {
  const auto pieces = stable_pieces(tokenizer, std::array{layout.begin, layout.soft, layout.end}, "images");
  marks_ = {.begin = pieces[0], .soft = pieces[1], .end = pieces[2]};
}

void ImageInserter::refuse_marks(const Conversation& conversation, const std::string& where) const {
  const std::vector<std::string> marks{marks_.begin, marks_.soft, marks_.end};
  std::string found = mark_in(conversation.messages, marks);
  if (found.empty()) found = mark_in(conversation.tools, marks);
  for (const TurnTraining& training : conversation.training) {
    if (found.empty()) found = mark_in(training.thought, marks);
  }
  if (found.empty()) return;
  throw DataError("{}: a text has the mark '{}', which stands for an image; expected an image part", where, found);
}

std::vector<FoundImage> ImageInserter::find(const Json& row, Conversation& conversation,
                                            const ImagePlaces& places) const {
  const ImageColumn column = image_column(row);
  if (conversation.images.empty() && !column.images.empty()) add_places(conversation, column);
  std::vector<FoundImage> found;
  std::size_t next = 0;
  for (const ImagePart& part : conversation.images) {
    if (!part.source.is_null()) {
      found.push_back(find_image(part.source, part.field, part.base64, places));
      continue;
    }
    const std::size_t index = part.index ? static_cast<std::size_t>(*part.index) : next;
    ++next;
    if (column.name.empty()) {
      throw DataError("{}: {}: an image without path, url, base64 or image, and no column images", places.where,
                      part.field);
    }
    if (index >= column.images.size()) {
      throw DataError("{}: {}: image {} of the column '{}', which has {}", places.where, part.field, index + 1,
                      column.name, column.images.size());
    }
    found.push_back(find_image(column.images[index], fmt::format("{}[{}]", column.name, index), false, places));
  }
  if (next != column.images.size()) {
    throw DataError("{}: {}: {} images, expected {}: one for each image part without a source", places.where,
                    column.name, column.images.size(), next);
  }
  return found;
}

void ImageInserter::expand(RenderedConversation& rendered, const std::vector<FoundImage>& images) const {
  std::vector<ImageExpansion> expansions;
  for (const FoundImage& image : images) expansions.push_back(expand_image(marks_, crops(image)));
  rendered.expand_images(marks_.begin, expansions);
}

void ImageInserter::insert(Example& example, const std::vector<FoundImage>& images) const {
  const Example before = std::move(example);
  example = {.tokens = {}, .labels = {}, .weights = {}, .source = before.source};
  std::size_t image = 0, crop = 0;
  const auto put = [&](std::int64_t count, TokenId token, std::int32_t label, float weight) {
    const auto size = example.tokens.size() + static_cast<std::size_t>(count);
    example.tokens.resize(size, token);
    example.labels.resize(size, label);
    if (!before.weights.empty()) example.weights.resize(size, weight);
  };
  for (std::size_t i = 0; i < before.tokens.size(); ++i) {
    const TokenId token = before.tokens[i];
    const bool of_image = token == layout_.begin || token == layout_.soft || token == layout_.end;
    const float weight = before.weights.empty() ? 1 : before.weights[i];
    if (token != layout_.soft) {
      put(1, token, of_image ? kIgnoreLabel : before.labels[i], of_image ? 0 : weight);
      continue;
    }
    const FoundImage& found = images.at(image);
    append_media(example.media, {.begin = static_cast<std::uint32_t>(example.tokens.size()),
                                 .count = static_cast<std::uint32_t>(layout_.rows),
                                 .crop = static_cast<std::uint32_t>(crop),
                                 .width = found.header.width,
                                 .height = found.header.height,
                                 .field = found.field,
                                 .name = found.name,
                                 .path = found.path,
                                 .bytes = found.bytes});
    put(layout_.rows, token, kIgnoreLabel, 0);
    const bool last = crop == crops(found);
    crop = last ? 0 : crop + 1;
    if (last) ++image;
  }
  expect(image == images.size(), "a place for each image");
}

}  // namespace eft
