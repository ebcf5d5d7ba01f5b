#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "train/job/job.h"

namespace eft {

/// The job that a YAML file with overrides asks for. Throws ConfigError or FileError.
TrainJob read_job(const std::filesystem::path& config, const std::vector<std::string>& overrides);

}  // namespace eft
