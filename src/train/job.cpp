#include "train/job.h"

#include "base/error.h"
#include "models/adapter.h"

namespace eft {

OpenedModel open_for_training(const TrainJob& job, Pool& pool) {
  OpenedModel opened = open_model(
      job.base_model, {.dtype = job.dtype(), .train_base = !job.trains_adapter(), .adapter = job.adapter}, pool);
  if (!job.trains_adapter()) return opened;
  if (job.adapter.model_dir.empty()) {
    initialise_adapter(*opened.model, pool, static_cast<std::uint64_t>(job.train.seed));
  } else {
    load_adapter(*opened.model, pool, job.adapter.model_dir);
  }
  train_adapter(*opened.model, pool);
  return opened;
}

Device resolve_device(DeviceChoice choice) {
  if (choice == DeviceChoice::cuda) throw DeviceError("device: cuda: this build has no CUDA backend; use device: auto");
  return Device::cpu;
}

}  // namespace eft
