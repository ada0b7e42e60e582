# What building takes, looked for before anything else, so that all that is missing is said at once.
# mc_lacks(WHAT …): ends the configuration with all that this machine lacks and how to get it.
function(mc_lacks)
  list(JOIN ARGN "\n    " missing)
  message(FATAL_ERROR "To build Mojocell, this machine lacks
    ${missing}
  Debian, Ubuntu:  apt-get install gcc libc6-dev pkg-config libzmq3-dev libjansson-dev libssl-dev python3-dev
  Fedora:          dnf install gcc pkgconf zeromq-devel jansson-devel openssl-devel python3-devel
  A wheel needs none of it: ./dev wheel makes one.
")
endfunction()

include(CheckLanguage)
check_language(C)
find_package(PkgConfig QUIET)

set(mc_missing "")
if(NOT CMAKE_C_COMPILER)
  list(APPEND mc_missing "a C compiler")
endif()
if(NOT PKG_CONFIG_FOUND)
  list(APPEND mc_missing "pkg-config")
else()
  foreach(library "ZMQ libzmq 4.3" "JANSSON jansson 2.13" "CRYPTO libcrypto 3.0")
    separate_arguments(library)
    list(POP_FRONT library prefix name version)
    pkg_check_modules(${prefix} QUIET ${name}>=${version})
    if(NOT ${prefix}_FOUND)
      list(APPEND mc_missing "${name} ${version} or later, with its headers")
    endif()
  endforeach()
endif()

if(mc_missing)
  mc_lacks(${mc_missing})
endif()
