# SPDX-License-Identifier: Apache-2.0
# The face networks, converted at build time into ${AVATAR_MODELS} (tools/convert_models.py).
# AVATAR_MODEL_FILES are the files that end up inside the program (infer/embedded_models.S).
set(AVATAR_MODELS ${CMAKE_BINARY_DIR}/models)
set(AVATAR_MODEL_FILES)
foreach(name face_detection_short_range.onnx face_detection_full_range.onnx face_landmark_with_attention.onnx
        selfie_segmentation.onnx canonical_face.bin)
  list(APPEND AVATAR_MODEL_FILES ${AVATAR_MODELS}/${name})
endforeach()

set(packages ${CMAKE_SOURCE_DIR}/.deps/models)
set(package_files ${packages}/face_mesh/face_mesh_solution_packed_assets.data
    ${packages}/face_mesh/face_mesh_solution_packed_assets_loader.js
    ${packages}/face_detection/face_detection_short_range.tflite
    ${packages}/face_detection/face_detection_full_range.tflite
    ${packages}/selfie_segmentation/selfie_segmentation.tflite)
foreach(file ${package_files})
  if(NOT EXISTS ${file})
    message(FATAL_ERROR "${file} is missing: run tools/fetch_packages.sh")
  endif()
endforeach()

# Debian's own interpreter has python3-onnx; one that a version manager put first on the PATH has not.
find_program(AVATAR_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH DOC "a Python 3 with onnx and numpy")
find_program(AVATAR_PYTHON NAMES python3 REQUIRED)
execute_process(COMMAND ${AVATAR_PYTHON} -c "import numpy, onnx" RESULT_VARIABLE lacking OUTPUT_QUIET ERROR_QUIET)
if(lacking)
  message(FATAL_ERROR "${AVATAR_PYTHON} has no onnx or numpy: install python3-onnx, or set AVATAR_PYTHON")
endif()
add_custom_command(
  OUTPUT ${AVATAR_MODEL_FILES} ${AVATAR_MODELS}/face_landmark.onnx
  COMMAND ${AVATAR_PYTHON} ${CMAKE_SOURCE_DIR}/tools/convert_models.py --packages ${packages} --out ${AVATAR_MODELS}
  DEPENDS ${CMAKE_SOURCE_DIR}/tools/convert_models.py ${package_files}
  COMMENT "converting the face networks" VERBATIM)

# What infer/conversion_test.cc compares the converter's work with. The portraits are not part of the repository.
if(AVATAR_TESTS)
  set(AVATAR_OPERATOR_CASES ${CMAKE_BINARY_DIR}/operator_cases/stamp)
  set(shared)
  if(EXISTS ${CMAKE_SOURCE_DIR}/../shared/tools/talkscore.py)
    set(shared --shared ${CMAKE_SOURCE_DIR}/../shared)
  endif()
  add_custom_command(
    OUTPUT ${AVATAR_OPERATOR_CASES}
    COMMAND ${AVATAR_PYTHON} ${CMAKE_SOURCE_DIR}/tools/operator_cases.py --packages ${packages}
            --out ${CMAKE_BINARY_DIR}/operator_cases ${shared}
    COMMAND ${CMAKE_COMMAND} -E touch ${AVATAR_OPERATOR_CASES}
    DEPENDS ${CMAKE_SOURCE_DIR}/tools/operator_cases.py ${CMAKE_SOURCE_DIR}/tools/convert_models.py ${package_files}
    COMMENT "making cases to test the conversion with" VERBATIM)
endif()
