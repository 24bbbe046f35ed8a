# Third-party parts as imported targets named part::NAME. Debian's come from pkg-config, the others from tools/setup.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(bastide_pkg name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${ARGN})
  add_library(part_${name} INTERFACE)
  target_link_libraries(part_${name} INTERFACE PkgConfig::${name})
  add_library(part::${name} ALIAS part_${name})
endfunction()

bastide_pkg(fmt fmt)
bastide_pkg(spdlog spdlog)
bastide_pkg(openssl openssl)
bastide_pkg(simdjson simdjson)
bastide_pkg(sqlite sqlite3)
bastide_pkg(icu icu-uc icu-i18n)
bastide_pkg(sodium libsodium)
bastide_pkg(xxhash libxxhash)
bastide_pkg(zstd libzstd)
bastide_pkg(zlib zlib)
bastide_pkg(hyperscan libhs)
bastide_pkg(re2 re2)
bastide_pkg(pugixml pugixml)
bastide_pkg(libzip libzip)
bastide_pkg(gumbo gumbo)
bastide_pkg(uchardet uchardet)
bastide_pkg(seccomp libseccomp)

# Debian ships these two without pkg-config files.
foreach(plain md4c roaring)
  add_library(part_${plain} INTERFACE)
  target_link_libraries(part_${plain} INTERFACE ${plain})
  add_library(part::${plain} ALIAS part_${plain})
endforeach()

find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)

add_library(part_picohttpparser STATIC ${BASTIDE_PARTS}/picohttpparser/picohttpparser.c)
target_include_directories(part_picohttpparser SYSTEM PUBLIC ${BASTIDE_PARTS}/picohttpparser)
add_library(part::picohttpparser ALIAS part_picohttpparser)

# llama.cpp as tools/setup built it; only src/models/local/ may link it. Its vendor/ folder stays off the include path:
# it holds another nlohmann/json than Debian's.
add_library(part_llama INTERFACE)
target_include_directories(part_llama SYSTEM INTERFACE
  ${BASTIDE_LLAMA_SOURCE}/include ${BASTIDE_LLAMA_SOURCE}/ggml/include ${BASTIDE_LLAMA_SOURCE}/common)
# A checkout whose patches are others than those that tools/setup applied last would fail in ways that nobody understands.
file(GLOB llama_patches ${CMAKE_SOURCE_DIR}/third_party/llama.cpp/*.patch)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${llama_patches})
set(llama_patches_text "")
foreach(each ${llama_patches})
  file(READ ${each} llama_patch)
  string(APPEND llama_patches_text "${llama_patch}")
endforeach()
string(SHA256 llama_patches_hash "${llama_patches_text}")
string(SUBSTRING ${llama_patches_hash} 0 8 llama_patches_hash)
if(NOT BASTIDE_LLAMA_SOURCE MATCHES "-${llama_patches_hash}$")
  message(FATAL_ERROR "llama.cpp was set up with other patches than this checkout's: run tools/setup, then cmake again")
endif()
file(GLOB llama_archives ${BASTIDE_LLAMA_LIB}/*.a)
target_link_libraries(part_llama INTERFACE -Wl,--start-group ${llama_archives} -Wl,--end-group Threads::Threads dl)
add_library(part::llama ALIAS part_llama)
