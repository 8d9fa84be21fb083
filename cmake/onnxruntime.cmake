# SPDX-License-Identifier: Apache-2.0
# ONNX Runtime as the imported target onnxruntime::onnxruntime. The default is the CPU library that
# tools/fetch_packages.sh brought; a host with a GPU names its own build. Programs find the library by their RPATH.
set(ONNXRUNTIME_LIB "${CMAKE_SOURCE_DIR}/.deps/onnxruntime/lib/libonnxruntime.so.1" CACHE FILEPATH
    "ONNX Runtime's shared library, 1.21 or later")
set(ONNXRUNTIME_INCLUDE "${CMAKE_SOURCE_DIR}/.deps/onnxruntime/include" CACHE PATH "folder of onnxruntime_c_api.h")

if(NOT EXISTS "${ONNXRUNTIME_LIB}" OR NOT EXISTS "${ONNXRUNTIME_INCLUDE}/onnxruntime_c_api.h")
  message(FATAL_ERROR "ONNX Runtime is missing: run tools/fetch_packages.sh, or set ONNXRUNTIME_LIB and ONNXRUNTIME_INCLUDE")
endif()
add_library(onnxruntime::onnxruntime SHARED IMPORTED GLOBAL)
set_target_properties(onnxruntime::onnxruntime PROPERTIES
  IMPORTED_LOCATION "${ONNXRUNTIME_LIB}" INTERFACE_INCLUDE_DIRECTORIES "${ONNXRUNTIME_INCLUDE}")
