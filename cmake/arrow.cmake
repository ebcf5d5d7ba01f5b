# Parquet and Arrow files, through Apache Arrow C++: off unless EFT_ARROW says where it is.
#   -DEFT_ARROW=FOLDER  the folder of the Python package pyarrow, which holds headers and libraries, or the prefix of an installation
#   -DEFT_ARROW=ON      an installation that CMake finds by itself (libarrow-dev, libparquet-dev)
# A wheel's libraries use the C++11 ABI of libstdc++, as g++ does by default. Leaves EFT_ARROW_FOUND, EFT_ARROW_LIBRARIES,
# EFT_ARROW_INCLUDE.
set(EFT_ARROW "" CACHE STRING "Folder of pyarrow or prefix of Apache Arrow C++; ON to find an installation; empty for none")
set(EFT_ARROW_FOUND FALSE)
if(NOT EFT_ARROW)
  return()
endif()
if(EFT_ARROW STREQUAL "ON")
  find_package(Arrow REQUIRED)
  find_package(Parquet REQUIRED)
  set(EFT_ARROW_LIBRARIES Arrow::arrow_shared Parquet::parquet_shared)
  get_target_property(EFT_ARROW_INCLUDE Arrow::arrow_shared INTERFACE_INCLUDE_DIRECTORIES)
else()
  find_path(EFT_ARROW_INCLUDE arrow/api.h HINTS ${EFT_ARROW}/include NO_DEFAULT_PATH REQUIRED)
  set(EFT_ARROW_LIBRARIES)
  foreach(library parquet arrow)
    # A wheel has libarrow.so.2600 only, an installation a link without the number too.
    file(GLOB found ${EFT_ARROW}/lib${library}.so* ${EFT_ARROW}/lib*/lib${library}.so*)
    if(NOT found)
      message(FATAL_ERROR "EFT_ARROW: no lib${library}.so in ${EFT_ARROW}, expected the folder of pyarrow or a prefix")
    endif()
    list(GET found 0 file)
    list(APPEND EFT_ARROW_LIBRARIES ${file})
  endforeach()
endif()
set(EFT_ARROW_FOUND TRUE)
