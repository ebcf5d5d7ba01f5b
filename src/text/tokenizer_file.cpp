#include "text/tokenizer_file.h"

#include <initializer_list>
#include <utility>

#include "base/json.h"
#include "text/tokenizer_json.h"
#include "text/utf8.h"

namespace eft {
namespace {

using nlohmann::json;

/// A member of the file with its name, for errors.
class Part {
 public:
  Part(const json& value, std::string name, const std::string& where)
      : value_(value), name_(std::move(name)), where_(where) {}

  const json& value() const { return value_; }
  bool is_null() const { return value_.is_null(); }

  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> text, Args&&... args) const {
    throw DataError("{}: {} {}", where_, name_, fmt::format(text, std::forward<Args>(args)...));
  }
  [[noreturn]] void unsupported(std::string_view what, std::string_view expected) const {
    fail("{} is not supported, expected {}; only tokenizers like Gemma's are read", what, expected);
  }

  /// The member `key`; null when absent.
  Part operator[](const char* key) const {
    static const json absent;
    if (!value_.is_object()) fail("is a JSON {}, expected an object", value_.type_name());
    const auto found = value_.find(key);
    return {found == value_.end() ? absent : *found, name_.empty() ? key : name_ + "." + key, where_};
  }
  std::vector<Part> items() const {
    if (!value_.is_array()) fail("is a JSON {}, expected an array", value_.type_name());
    std::vector<Part> parts;
    for (std::size_t i = 0; i < value_.size(); ++i)
      parts.emplace_back(value_[i], fmt::format("{}[{}]", name_, i), where_);
    return parts;
  }
  std::string text() const {
    if (!value_.is_string()) fail("is a JSON {}, expected a string", value_.type_name());
    return value_.get<std::string>();
  }
  bool flag() const {
    if (!value_.is_boolean()) fail("is a JSON {}, expected true or false", value_.type_name());
    return value_.get<bool>();
  }
  bool flag_or(bool otherwise) const { return is_null() ? otherwise : flag(); }
  std::string type() const { return (*this)["type"].text(); }

 private:
  const json& value_;
  std::string name_;
  const std::string& where_;
};

/// The parts of a Sequence one by one, nested ones too; none for null.
void flatten(const Part& part, const char* list, std::vector<Part>& out) {
  if (part.is_null()) return;
  if (part.type() != "Sequence") {
    out.push_back(part);
    return;
  }
  for (const Part& item : part[list].items()) flatten(item, list, out);
}

std::vector<Part> steps_of(const Part& part, const char* list) {
  std::vector<Part> steps;
  flatten(part, list, steps);
  return steps;
}

std::string pattern_of(const Part& part) {
  const Part pattern = part["pattern"];
  if (!pattern["Regex"].is_null()) pattern.unsupported("Regex", "String");
  std::string text = pattern["String"].text();
  if (text.empty()) pattern.unsupported("an empty String", "characters");
  return text;
}

std::vector<Replacement> read_normalizer(const Part& part) {
  std::vector<Replacement> out;
  for (const Part& step : steps_of(part, "normalizers")) {
    if (step.type() != "Replace") step.unsupported(step.type(), "Replace");
    Replacement now{pattern_of(step), step["content"].text()};
    if (utf8::width(now.pattern[0]) != now.pattern.size()) {
      step.unsupported(fmt::format("the pattern \"{}\"", now.pattern), "one character");
    }
    out.push_back(std::move(now));
  }
  return out;
}

std::string read_pre_tokenizer(const Part& part) {
  const std::vector<Part> steps = steps_of(part, "pretokenizers");
  if (steps.empty()) return "";
  if (steps.size() > 1) part.unsupported("a Sequence of several", "one Split");
  const Part& step = steps.front();
  if (step.type() != "Split") step.unsupported(step.type(), "Split");
  if (step["behavior"].text() != "MergedWithPrevious" || step["invert"].flag_or(false)) {
    step.unsupported("this Split", "behavior MergedWithPrevious, invert false");
  }
  return pattern_of(step);
}

void read_decoder(const Part& part, TokenizerFile& out) {
  if (part.is_null()) part.unsupported("null", "Replace, ByteFallback and Fuse");
  bool is_fused = false;
  for (const Part& step : steps_of(part, "decoders")) {
    const std::string type = step.type();
    if (type == "Fuse") {
      is_fused = true;
    } else if (is_fused || (type == "Replace" && out.decodes_bytes)) {
      step.unsupported(type + " in this place", "the order Replace, ByteFallback, Fuse");
    } else if (type == "Replace") {
      out.decoder.push_back({pattern_of(step), step["content"].text()});
    } else if (type == "ByteFallback") {
      out.decodes_bytes = true;
    } else {
      step.unsupported(type, "Replace, ByteFallback or Fuse");
    }
  }
}

std::optional<std::string> read_post_processor(const Part& part) {
  std::optional<std::string> first;
  for (const Part& step : steps_of(part, "processors")) {
    if (step.type() != "TemplateProcessing") step.unsupported(step.type(), "TemplateProcessing");
    const std::vector<Part> single = step["single"].items();
    if (single.empty() || single.front()["SpecialToken"].is_null()) continue;
    if (!first) first = single.front()["SpecialToken"]["id"].text();
  }
  return first;
}

BpeOptions read_model(const Part& model) {
  if (!model.value().is_object()) model.fail("is missing, expected a BPE model");
  if (const std::string type = model.type(); type != "BPE") model.unsupported("type " + type, "BPE");
  const Part dropout = model["dropout"];
  if (!dropout.is_null() && dropout.value() != 0) dropout.unsupported(dropout.value().dump(), "null");
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const Part affix = model[key];
    if (!affix.is_null() && !affix.text().empty()) affix.unsupported("\"" + affix.text() + "\"", "null");
  }
  BpeOptions options;
  if (const Part unk = model["unk_token"]; !unk.is_null()) options.unk_token = unk.text();
  options.fuse_unk = model["fuse_unk"].flag_or(false);
  options.byte_fallback = model["byte_fallback"].flag_or(false);
  options.ignore_merges = model["ignore_merges"].flag_or(false);
  return options;
}

std::vector<AddedToken> read_added_tokens(const Part& part) {
  std::vector<AddedToken> out;
  if (part.is_null()) return out;
  for (const Part& item : part.items()) {
    const Part id = item["id"];
    if (!id.value().is_number_integer()) id.fail("is a JSON {}, expected a number", id.value().type_name());
    out.push_back({.id = id.value().get<TokenId>(),
                   .content = item["content"].text(),
                   .single_word = item["single_word"].flag(),
                   .lstrip = item["lstrip"].flag(),
                   .rstrip = item["rstrip"].flag(),
                   .normalized = item["normalized"].flag(),
                   .special = item["special"].flag()});
  }
  return out;
}

/// A token's name in tokenizer_config.json: a string, or an object with its content.
std::string named_token(const Part& part) {
  if (part.is_null()) return "";
  return part.value().is_object() ? part["content"].text() : part.text();
}

}  // namespace

TokenizerFile read_tokenizer_file(const std::filesystem::path& path) {
  const std::string where = path.string();
  TokenizerJson file = read_tokenizer_json(path);
  if (!file.rest.is_object()) throw DataError("{}: is a JSON {}, expected an object", where, file.rest.type_name());
  const Part root(file.rest, "", where);
  // `truncation` and `padding` are left alone: how long an example may be is not the tokenizer's business.
  TokenizerFile out;
  if (const Part version = root["version"]; !version.is_null() && version.text() != "1.0") {
    version.unsupported("\"" + version.text() + "\"", "\"1.0\"");
  }
  out.bpe = read_model(root["model"]);
  for (const char* list : {"vocab", "merges"}) {
    if (const Part part = root["model"][list]; !part.is_null()) part.fail("has another form than a BPE model's");
  }
  if (file.pieces.empty()) throw DataError("{}: model.vocab is missing or empty", where);
  out.added_tokens = read_added_tokens(root["added_tokens"]);
  out.normalizer = read_normalizer(root["normalizer"]);
  out.split_behind = read_pre_tokenizer(root["pre_tokenizer"]);
  read_decoder(root["decoder"], out);
  out.first_token = read_post_processor(root["post_processor"]);
  out.pieces = std::move(file.pieces);
  out.merges = std::move(file.merges);
  return out;
}

TokenizerConfig read_tokenizer_config(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return {};
  const std::string where = path.string();
  const json file = read_json_object<DataError>(path);
  const Part root(file, "", where);
  TokenizerConfig out;
  out.bos_token = named_token(root["bos_token"]);
  out.eos_token = named_token(root["eos_token"]);
  out.pad_token = named_token(root["pad_token"]);
  if (const Part add = root["add_bos_token"]; !add.is_null()) out.add_bos_token = add.flag();
  return out;
}

}  // namespace eft
