# What every target here shares: warnings, sanitizers, the libraries, and how a module and its check are declared.
pkg_check_modules(ZMQ REQUIRED IMPORTED_TARGET libzmq)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
# A static libzmq (tools/wheel.py) takes the C++ runtime in as well, so that no certain one is asked of a machine.
if(ZMQ_LINK_LIBRARIES MATCHES "libzmq\\.a")
  execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libstdc++.a OUTPUT_VARIABLE mc_cxx_runtime
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  add_library(mc_arc4random STATIC ${CMAKE_CURRENT_LIST_DIR}/arc4random.c)
  target_link_libraries(PkgConfig::ZMQ INTERFACE ${mc_cxx_runtime} mc_arc4random m)
  target_link_options(PkgConfig::ZMQ INTERFACE LINKER:--exclude-libs,ALL)
endif()

add_library(mc_options INTERFACE)
target_compile_definitions(mc_options INTERFACE _GNU_SOURCE MC_VERSION="${PROJECT_VERSION}")
target_include_directories(mc_options INTERFACE ${PROJECT_SOURCE_DIR}/runtime)
target_compile_options(mc_options INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings
  -Wformat=2 -Wvla -fno-common -fstack-protector-strong)
if(MC_SANITIZE)
  target_compile_options(mc_options INTERFACE
    -fsanitize=${MC_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(mc_options INTERFACE -fsanitize=${MC_SANITIZE})
endif()
if(MC_FAULTS) # runtime/base/fault.h
  target_compile_definitions(mc_options INTERFACE MC_FAULTS)
endif()

if(MC_FUZZ) # a fuzzer is led by what it reaches in the libraries
  target_compile_options(mc_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# mc_module(base SOURCES err.c … DEPS …): the static library mc_<name>.
function(mc_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_library(mc_${name} STATIC ${arg_SOURCES})
  target_link_libraries(mc_${name} PUBLIC mc_options ${arg_DEPS})
endfunction()

# mc_check(err DEPS mc_base): tests/c/check_err.c as a test of that name.
function(mc_check name)
  cmake_parse_arguments(arg "" "" "DEPS;SOURCES" ${ARGN})
  pkg_check_modules(CHECK REQUIRED IMPORTED_TARGET check>=0.15)
  add_executable(check_${name} check_${name}.c ${arg_SOURCES})
  target_link_libraries(check_${name} PRIVATE mc_options ${arg_DEPS} PkgConfig::CHECK)
  add_test(NAME ${name} COMMAND check_${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()
