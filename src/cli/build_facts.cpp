#include "cli/build_facts.h"

#include <dnnl.h>
#include <fmt/format.h>

#include <generated/build_facts.h>
#include "ops/support/kernel_names.h"

namespace eft {

std::string version() { return build::kVersion; }

std::string version_page() {
  const dnnl_version_t* products = dnnl_version();
  return fmt::format(
      "eft {}\n"
      "commit    {}\n"
      "compiler  {}\n"
      "CPU       {} kernels here; oneDNN {}.{}.{}; {}\n"
      "CUDA      {}\n"
      "Arrow     {}",
      build::kVersion, build::kCommit, build::kCompiler, simd_name(), products->major, products->minor, products->patch,
      product_kernel_name(DType::bf16), build::kCuda, build::kArrow);
}

}  // namespace eft
