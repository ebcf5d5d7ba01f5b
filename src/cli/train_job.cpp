#include "cli/train_job.h"

#include "base/hub_cache.h"
#include "config/run_config.h"
#include "models/adapter.h"

namespace eft {

TrainJob read_job(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  TrainJob job;
  const RunConfig config = read_config(path, overrides, job.notes);
  job.base_model = local_model(config.base_model, config.revision_of_model.value_or(""));
  job.base_model_name = config.base_model.string();
  job.tokenizer = config.tokenizer_config.empty() ? job.base_model : local_model(config.tokenizer_config);
  job.tokens = config.tokens;
  job.adapter =
      config.adapter.model_dir.empty() ? config.adapter : read_adapter_options(local_model(config.adapter.model_dir));
  job.quant = config.quant;
  if (!config.adapter.model_dir.empty()) job.reference_adapter = job.adapter;
  job.data = config.data;
  job.train = config.train;
  job.config = config_json(config);
  return job;
}

}  // namespace eft
