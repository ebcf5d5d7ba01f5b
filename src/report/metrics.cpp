#include "report/metrics.h"

#include <nlohmann/json.hpp>

namespace eft {

std::string to_json(const StepMetrics& m) {
  nlohmann::ordered_json object{{"step", m.step},           {"loss", m.loss},
                                {"grad_norm", m.grad_norm}, {"learning_rate", m.learning_rate},
                                {"tokens", m.tokens},       {"label_tokens", m.label_tokens},
                                {"seconds", m.seconds},     {"memory", m.memory}};
  for (const auto& [name, value] : m.extra) object[name] = value;
  if (m.skipped) object["skipped"] = true;
  return object.dump();
}

std::string to_json(const EvalMetrics& m) {
  nlohmann::ordered_json object{{"step", m.step},
                                {"eval_loss", m.eval_loss},
                                {"tokens", m.tokens},
                                {"label_tokens", m.label_tokens},
                                {"seconds", m.seconds}};
  for (const auto& [name, value] : m.extra) object["eval_" + name] = value;
  return object.dump();
}

}  // namespace eft
