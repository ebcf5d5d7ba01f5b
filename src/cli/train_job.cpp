#include "cli/train_job.h"

#include "config/run_config.h"
#include "models/adapter.h"

namespace eft {

TrainJob read_job(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  TrainJob job;
  const RunConfig config = read_config(path, overrides, job.notes);
  job.base_model = config.base_model;
  job.tokenizer = config.tokenizer_config.empty() ? config.base_model : config.tokenizer_config;
  job.adapter = config.adapter.model_dir.empty() ? config.adapter : read_adapter_options(config.adapter.model_dir);
  job.data = config.data;
  job.train = config.train;
  job.config = config_json(config);
  return job;
}

}  // namespace eft
