// Which instruction sets Highway kernels are compiled for: the baseline, AVX2 and AVX-512. Include before
// <hwy/foreach_target.h>. The targets in between differ too little to be worth their compile time.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)
