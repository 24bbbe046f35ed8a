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
  target_compile_options(bastide_profile INTERFACE -flto=thin -fprofile-use=${CMAKE_SOURCE_DIR}/cmake/gateway.profdata
    -Wno-profile-instr-out-of-date -Wno-profile-instr-unprofiled -Wno-backend-plugin)
endif()
