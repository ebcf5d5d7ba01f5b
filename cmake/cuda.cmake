# The CUDA backend: nvcc and cuBLASLt. Which GPUs the kernels are made for is CMAKE_CUDA_ARCHITECTURES, set by the presets.
# CMake 3.25 drops CMAKE_CUDA_STANDARD 20 for nvcc 13, hence the flag. fmt 9 takes nvcc for a compiler without constexpr.
string(APPEND CMAKE_CUDA_FLAGS " -std=c++20 --extended-lambda --expt-relaxed-constexpr -Werror=all-warnings"
       " -DFMT_USE_CONSTEXPR=1 -DFMT_CONSTEVAL= -Xcompiler=-Wall,-Wextra,-Werror")
if(NOT DEFINED CMAKE_CUDA_COMPILER)
  find_program(CMAKE_CUDA_COMPILER nvcc HINTS $ENV{CUDA_HOME}/bin /usr/local/cuda/bin REQUIRED)
endif()
enable_language(CUDA)
set(CMAKE_CUDA_STANDARD_REQUIRED OFF)
unset(CMAKE_CUDA_STANDARD)
set(CMAKE_CUDA_FLAGS_RELEASE "-O3")
if(CCACHE)
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${CCACHE})
endif()
find_package(CUDAToolkit REQUIRED)
