#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "app/commands.h"

namespace bastide::app {

Result<Config> load_config(const Common& common) {
  if (!common.config_file.empty()) return read_config(common.config_file);
  for (const auto& place : {common.data_folder + "/bastide.toml", std::string("bastide.toml")}) {
    std::error_code ignored;
    if (std::filesystem::exists(place, ignored)) return read_config(place);
  }
  return default_config();
}

int complain(const Error& error) {
  fmt::print(stderr, "bastide: {}\n", error.message);
  if (!error.action.empty()) fmt::print(stderr, "  {}\n", error.action);
  return 1;
}

}  // namespace bastide::app
