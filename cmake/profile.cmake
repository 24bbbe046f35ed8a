# What every call through the gateway walks is compiled after a profile of such calls, and linked as one: the compiler then knows which
# branch is the common one, what to inline across files and what to keep together. A function that changed since the profile was
# recorded (bench/gateway/record_profile.py) is compiled as if there were none.
set(BASTIDE_PROFILED_ROOMS base net dialects exchange gateway guard identity policy observe http_api)
set(BASTIDE_PROFILE off CACHE STRING "use, record or off")
add_library(bastide_profile INTERFACE)
if(BASTIDE_PROFILE STREQUAL record)
  target_compile_options(bastide_profile INTERFACE -fprofile-generate)
  add_link_options(-fprofile-generate)
elseif(BASTIDE_PROFILE STREQUAL use)
  # Objects of two profiles cannot be linked as one: another profile has another name, so that all are compiled again.
  set(profile ${CMAKE_SOURCE_DIR}/cmake/gateway.profdata)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${profile})
  file(SHA256 ${profile} profile_hash)
  string(SUBSTRING ${profile_hash} 0 8 profile_hash)
  configure_file(${profile} ${CMAKE_BINARY_DIR}/gateway-${profile_hash}.profdata COPYONLY)
  target_compile_options(bastide_profile INTERFACE -flto=thin -fprofile-use=${CMAKE_BINARY_DIR}/gateway-${profile_hash}.profdata
    -Wno-profile-instr-out-of-date -Wno-profile-instr-unprofiled -Wno-backend-plugin)
endif()
