# SPDX-License-Identifier: Apache-2.0
# What is installed, and the Debian package (tools/package.sh). The two libraries that Debian has not, ONNX Runtime and
# LiveKit's, lie in a folder of their own, where only this program looks (its RUNPATH).
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib/avatar-worker")
set(AVATAR_LIVEKIT "${CMAKE_SOURCE_DIR}/.deps/livekit")  # tools/fetch_livekit.sh
list(APPEND CMAKE_BUILD_RPATH ${AVATAR_LIVEKIT})

# Called when all targets are there.
function(avatar_package)
  set(made ${CMAKE_BINARY_DIR}/package)
  set(document share/doc/avatar-worker)
  # In the build folder the package's program does not find its libraries by itself.
  get_filename_component(onnxruntime ${ONNXRUNTIME_LIB} DIRECTORY)
  set(run ${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${onnxruntime})
  set(program $<TARGET_FILE:avatar-worker>)
  file(MAKE_DIRECTORY ${made})
  # The program knows its own words.
  add_custom_command(
    OUTPUT ${made}/avatar-worker.1.gz ${made}/avatar-worker ${made}/_avatar-worker ${made}/changelog.gz
    COMMAND ${run} sh -c "\"$0\" manual man | gzip -9n >avatar-worker.1.gz" ${program}
    COMMAND ${run} sh -c "\"$0\" manual bash >avatar-worker" ${program}
    COMMAND ${run} sh -c "\"$0\" manual zsh >_avatar-worker" ${program}
    COMMAND sh -c "gzip -9n <\"$0\" >changelog.gz" ${CMAKE_SOURCE_DIR}/CHANGELOG.md
    WORKING_DIRECTORY ${made}
    DEPENDS avatar-worker ${CMAKE_SOURCE_DIR}/CHANGELOG.md VERBATIM)
  add_custom_command(
    OUTPUT ${made}/sbom.cdx.json ${made}/licences.txt
    COMMAND ${run} ${AVATAR_PYTHON} ${CMAKE_SOURCE_DIR}/tools/sbom.py --program ${program} --system ${made}
    DEPENDS avatar-worker ${CMAKE_SOURCE_DIR}/tools/sbom.py VERBATIM)
  add_custom_target(package_files
    DEPENDS ${made}/avatar-worker.1.gz ${made}/avatar-worker ${made}/_avatar-worker ${made}/changelog.gz
            ${made}/sbom.cdx.json ${made}/licences.txt)

  install(TARGETS avatar-worker DESTINATION bin)
  install(FILES ${ONNXRUNTIME_LIB} ${AVATAR_LIVEKIT}/liblivekit_ffi.so DESTINATION lib/avatar-worker)
  install(FILES deploy/systemd/avatar-worker.service DESTINATION lib/systemd/system)
  install(FILES deploy/debian/sysusers.conf DESTINATION lib/sysusers.d RENAME avatar-worker.conf)
  install(FILES deploy/systemd/avatar-worker.env DESTINATION /etc/avatar-worker RENAME env
          PERMISSIONS OWNER_READ OWNER_WRITE)  # a token is written into it
  install(DIRECTORY DESTINATION /var/lib/avatar-worker/preset-avatars)
  install(DIRECTORY DESTINATION /var/lib/avatar-worker/avatar-model)
  install(FILES ${made}/avatar-worker.1.gz DESTINATION share/man/man1)
  install(FILES ${made}/avatar-worker DESTINATION share/bash-completion/completions)
  install(FILES ${made}/_avatar-worker DESTINATION share/zsh/vendor-completions)
  install(FILES ${made}/changelog.gz ${made}/sbom.cdx.json ${made}/licences.txt deploy/debian/copyright NOTICE
          DESTINATION ${document})
  install(FILES ${AVATAR_LIVEKIT}/LICENSE.md DESTINATION ${document} RENAME LICENSE.livekit.md)
  install(FILES deploy/systemd/gpu.conf DESTINATION ${document}/examples)

  set(CPACK_GENERATOR DEB)
  set(CPACK_PACKAGE_NAME avatar-worker)
  set(CPACK_PACKAGE_CONTACT "the authors of avatar-worker <avatar-worker@localhost>")
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "talking avatars, live in browsers and LiveKit rooms")
  set(CPACK_PACKAGE_DESCRIPTION "A portrait picture that talks: speech goes in, a lip-synced video with its sound comes out,
into a LiveKit room, over WebRTC into browsers, or into a file. On this machine alone; nothing is sent elsewhere.")
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_STRIP_FILES ON)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_SECTION video)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${onnxruntime} ${AVATAR_LIVEKIT})
  # What is opened or run by name: GStreamer's plugins (stream/gstreamer.cc), voices, a font, certificates.
  string(JOIN ", " CPACK_DEBIAN_PACKAGE_DEPENDS
    gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-nice
    ca-certificates fonts-dejavu-core "systemd-standalone-sysusers | systemd" init-system-helpers)
  set(CPACK_DEBIAN_PACKAGE_RECOMMENDS espeak-ng)
  set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
  set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/deploy/debian/postinst
      ${CMAKE_SOURCE_DIR}/deploy/debian/prerm ${CMAKE_SOURCE_DIR}/deploy/debian/postrm
      ${CMAKE_SOURCE_DIR}/deploy/debian/conffiles)
  include(CPack)
endfunction()
