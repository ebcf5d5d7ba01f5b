# What a build knows about itself, for `eft --version`. At configure time it makes the target build_facts; run as a script at
# build time (cmake -DOUT=… -P), it writes the header, and only when it says something new: the commit moves between builds.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(facts "version=${PROJECT_VERSION}" "compiler=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}, ${CMAKE_BUILD_TYPE}")
  if(EFT_CUDA)
    string(REPLACE ";" " " architectures "${CMAKE_CUDA_ARCHITECTURES}")
    list(APPEND facts "cuda=${CUDAToolkit_VERSION}, architectures ${architectures}")
  endif()
  if(EFT_ARROW_FOUND)
    list(APPEND facts arrow=found)
  endif()
  list(TRANSFORM facts PREPEND "-D")
  # In a folder of its own, so that nothing else is found there.
  set(EFT_BUILD_FACTS ${CMAKE_BINARY_DIR}/facts)
  add_custom_target(build_facts BYPRODUCTS ${EFT_BUILD_FACTS}/generated/build_facts.h VERBATIM
                    COMMAND ${CMAKE_COMMAND} ${facts} -DOUT=${EFT_BUILD_FACTS}/generated/build_facts.h
                            -P ${CMAKE_CURRENT_LIST_FILE}
                    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} COMMENT "")
  return()
endif()

execute_process(COMMAND git describe --always --abbrev=12 --dirty OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE
                RESULT_VARIABLE failed ERROR_QUIET)
if(failed)
  set(commit "not known: no git repository")
endif()
foreach(part cuda arrow)
  if(NOT ${part})
    set(${part} "not built")
  endif()
endforeach()
file(CONFIGURE OUTPUT ${OUT} @ONLY CONTENT [[#pragma once

namespace eft::build {
inline constexpr const char* kVersion = "@version@";
inline constexpr const char* kCommit = "@commit@";
inline constexpr const char* kCompiler = "@compiler@";
inline constexpr const char* kCuda = "@cuda@";
inline constexpr const char* kArrow = "@arrow@";
}  // namespace eft::build
]])
