#include "train/job/job.h"

#include <mutex>

#include "base/error.h"
#include "base/log.h"
#include "models/adapter.h"
#include "models/image_layout.h"
#include "tensor/device_memory.h"

namespace eft {

std::int64_t vocabulary_of(const TrainJob& job) {
  return build_model(job.base_model / "config.json", LinearPolicy(), nullptr).model->info().vocabulary;
}

std::shared_ptr<const MediaDecoder> media_of(const TrainJob& job) {
  if (!job.data.processor_type || job.data.rl) return nullptr;
  auto layout = image_layout_of(job.base_model);
  if (!layout) return nullptr;
  layout->limits = {.pixels = job.data.media_max_pixels, .bytes = job.data.media_max_bytes};
  return std::make_shared<const MediaDecoder>(std::move(*layout), job.data.on_bad_row);
}

OpenedModel open_for_training(const TrainJob& job, Pool& pool) {
  AdapterOptions adapter = job.adapter;
  if (job.data.rl) adapter.dropout = 0;  // a reference and a policy that drop differ for no other reason
  OpenedModel opened = open_model(job.base_model,
                                  {.dtype = job.dtype(),
                                   .train_base = !job.trains_adapter(),
                                   .unfrozen = job.train.unfrozen_parameters,
                                   .adapter = adapter,
                                   .frozen = frozen_storage(job.quant),
                                   .vision = media_of(job) != nullptr ? Vision::wanted : Vision::none,
                                   .freeze_towers = job.train.freeze_mm_modules,
                                   .ple_cpu_offload = job.train.ple_cpu_offload},
                                  pool);
  if (!job.trains_adapter()) return opened;
  if (job.adapter.model_dir.empty()) {
    initialise_adapter(*opened.model, pool, static_cast<std::uint64_t>(job.train.seed));
  } else {
    load_adapter(*opened.model, pool, job.adapter.model_dir);
  }
  train_adapter(*opened.model, pool);
  if (job.train.freeze_mm_modules) freeze_towers(*opened.model);
  return opened;
}

Device resolve_device(DeviceChoice choice) {
  if (choice != DeviceChoice::automatic) {
    for (const auto& name : enum_names(choice)) {
      if (name.value == choice) return take_device(name.name);
    }
  }
  if (!device_memory.has(Device::cuda)) return Device::cpu;
  try {
    return take_device(name_of(Device::cuda));
  } catch (const DeviceError& error) {
    static std::once_flag told;
    std::call_once(told, [&] { note(fmt::format("device: auto takes the cpu; {}", error.what())); });
    return Device::cpu;
  }
}

}  // namespace eft
