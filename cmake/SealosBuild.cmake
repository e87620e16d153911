# What every target of this project shares: warnings, sanitizers, and how a test is made.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)

add_library(sealos_build INTERFACE)
target_compile_options(sealos_build INTERFACE -Wall -Wextra $<$<BOOL:${SEALOS_WERROR}>:-Werror>)
if(SEALOS_SANITIZE)
  target_compile_options(sealos_build INTERFACE -fsanitize=${SEALOS_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(sealos_build INTERFACE -fsanitize=${SEALOS_SANITIZE})
endif()
target_link_libraries(sealos_build INTERFACE Threads::Threads)

if(BUILD_TESTING)
  find_package(doctest REQUIRED)
  add_library(sealos_doctest_main OBJECT ${PROJECT_SOURCE_DIR}/cmake/doctest_main.cpp)
  target_link_libraries(sealos_doctest_main PUBLIC doctest::doctest PRIVATE sealos_build)
endif()

# sealos_library(NAME SOURCES a.cpp ... [LIBRARIES x ...] [TESTS a_test.cpp ...])
# A static library whose headers are included as "<folder>/<file>" from the folder above it.
function(sealos_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES;TESTS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC sealos_sdk ${arg_LIBRARIES} PRIVATE sealos_build fmt::fmt)
  if(arg_TESTS)
    sealos_test(${name}_test SOURCES ${arg_TESTS} LIBRARIES ${name})
  endif()
endfunction()

# sealos_test(NAME SOURCES a_test.cpp ... [LIBRARIES x ...])
# A doctest binary, registered with CTest. SOURCES are the tests, and code under test that is in no library.
function(sealos_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE sealos_sdk ${arg_LIBRARIES} sealos_build fmt::fmt sealos_doctest_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()
