#include "text/model_templates.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/tokenizer_files.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

TemplateSources jinja_files(const fs::path& folder) {
  TemplateSources templates;
  const fs::path first = folder / "chat_template.jinja";
  if (fs::exists(first)) templates.push_back({kDefaultTemplate, read_json_text(first), first.string()});
  std::vector<fs::path> others;
  if (fs::is_directory(folder / kTemplateFolder)) {
    for (const auto& entry : fs::directory_iterator(folder / kTemplateFolder)) {
      if (entry.path().extension() == ".jinja") others.push_back(entry.path());
    }
  }
  std::ranges::sort(others);
  for (const fs::path& file : others) templates.push_back({file.stem().string(), read_json_text(file), file.string()});
  return templates;
}

/// "chat_template" of a JSON file: a text, a list of named texts, or an object of them.
TemplateSources in_json(const fs::path& file) {
  if (!fs::exists(file)) return {};
  const std::string where = file.string();
  const Json json = read_json_object<DataError>(file);
  const auto found = json.find("chat_template");
  if (found == json.end() || found->is_null()) return {};
  if (found->is_string()) return {{kDefaultTemplate, found->get<std::string>(), where}};
  TemplateSources templates;
  const auto add = [&](const Json& name, const Json& source) {
    if (!name.is_string() || !source.is_string()) {
      throw DataError("{}: an entry of chat_template has no name or no template, expected both as strings", where);
    }
    templates.push_back({name.get<std::string>(), source.get<std::string>(), where});
  };
  if (found->is_object()) {
    for (const auto& [name, source] : found->items()) add(name, source);
  } else if (found->is_array()) {
    for (const Json& entry : *found) {
      const bool good = entry.is_object();
      add(good ? entry.value("name", Json()) : Json(), good ? entry.value("template", Json()) : Json());
    }
  } else {
    throw DataError("{}: chat_template is {}, expected a string or a list of named templates", where,
                    found->type_name());
  }
  return templates;
}

}  // namespace

TemplateSources read_templates(const fs::path& folder) {
  TemplateSources templates = jinja_files(folder);
  if (templates.empty()) templates = in_json(folder / "tokenizer_config.json");
  if (templates.empty()) templates = in_json(folder / kProcessorTemplate);
  return templates;
}

std::string joined_templates(const std::string& plain, const std::string& for_tools) {
  // Jinja drops one line break at the end of a template, and one behind each of these tags; the plus keeps white space
  // in front of them.
  const auto body = [](std::string source) {
    if (source.ends_with('\n')) source.pop_back();
    return source;
  };
  return "{% if tools is defined and tools is not none %}\n" + body(for_tools) + "{%+ else %}\n" + body(plain) +
         "{%+ endif %}";
}

const TemplateSource* find_template(const TemplateSources& templates, const std::string& name) {
  const auto found = std::ranges::find(templates, name, &TemplateSource::name);
  return found == templates.end() ? nullptr : &*found;
}

}  // namespace eft
