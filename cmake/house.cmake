# SPDX-License-Identifier: Apache-2.0
# How every folder under src/ is built: one static library, its unit tests beside it.
#
#   avatar_library(<folder> SOURCES a.cc b.cc [TESTS a_test.cc ...] [USES base types ...] [LINKS PkgConfig::x ...])
#
# USES repeats the arrows of docs/design.md: the house's own libraries that this folder may include.
option(AVATAR_TESTS "build the tests" ON)
option(AVATAR_BENCH "build the benchmarks" ON)
set(AVATAR_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=")

add_library(house_flags INTERFACE)
target_include_directories(house_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
# No contraction of a*b+c: the same picture on every machine and at every optimisation level.
target_compile_options(house_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror=return-type
                       -ffp-contract=off -fno-math-errno)
# The oldest x86 we run on: SSE4.1 (2008). Kernels that gain from more choose at run time.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(house_flags INTERFACE -march=x86-64-v2)
endif()
if(AVATAR_SANITIZE)
  target_compile_options(house_flags INTERFACE -fsanitize=${AVATAR_SANITIZE} -fno-omit-frame-pointer -g)
  target_link_options(house_flags INTERFACE -fsanitize=${AVATAR_SANITIZE})
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
if(AVATAR_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

# A test program: avatar_test(<name> SOURCES ... USES ... LINKS ...)
function(avatar_test name)
  cmake_parse_arguments(A "" "" "SOURCES;USES;LINKS" ${ARGN})
  if(AVATAR_TESTS)
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE house_flags ${A_LINKS} GTest::gmock GTest::gtest GTest::gtest_main)
    foreach(lib ${A_USES})
      target_link_libraries(${name} PRIVATE avatar_${lib})
    endforeach()
    target_compile_definitions(${name} PRIVATE AVATAR_SOURCE_DIR="${CMAKE_SOURCE_DIR}" AVATAR_BINARY_DIR="${CMAKE_BINARY_DIR}")
    gtest_discover_tests(${name} PROPERTIES TIMEOUT 300 DISCOVERY_TIMEOUT 60)
  endif()
endfunction()

function(avatar_library folder)
  cmake_parse_arguments(A "" "" "SOURCES;TESTS;USES;LINKS" ${ARGN})
  if(A_SOURCES)
    add_library(avatar_${folder} STATIC ${A_SOURCES})
    target_link_libraries(avatar_${folder} PUBLIC house_flags Threads::Threads PRIVATE ${A_LINKS})
    set(kind PUBLIC)
  else()
    add_library(avatar_${folder} INTERFACE)
    target_link_libraries(avatar_${folder} INTERFACE house_flags)
    set(kind INTERFACE)
  endif()
  foreach(lib ${A_USES})
    target_link_libraries(avatar_${folder} ${kind} avatar_${lib})
  endforeach()
  if(A_TESTS)
    avatar_test(${folder}_test SOURCES ${A_TESTS} USES ${folder} ${A_USES} LINKS ${A_LINKS})
  endif()
endfunction()
