// A folder of a test's own, and the demonstration models, fetched once for all tests.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "models/install/install.h"

namespace bastide::models::test {

class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bastide-models-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::string path(const std::string& name = {}) const {
    return name.empty() ? path_ : path_ + "/" + name;
  }

 private:
  std::string path_;
};

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The installed demonstration model, or nothing where no package index is reached.
inline std::optional<Manifest> demo_model(const std::string& id) {
  const char* cache = std::getenv("BASTIDE_CACHE");
  const char* home = std::getenv("HOME");
  const std::string folder =
      (cache ? std::string(cache) : std::string(home ? home : "/tmp") + "/.cache/bastide") + "/test-models";
  std::filesystem::create_directories(folder);
  for (const auto& each : read_manifests(folder))
    if (each.id == id && check_file(each)) return each;
  const auto& known = installable_models();
  const auto model = std::ranges::find(known, id, [](const Installable& each) { return each.model.id; });
  auto pulled = pull_model(*model, folder, *tell_person());
  if (!pulled) return std::nullopt;
  return *pulled;
}

}  // namespace bastide::models::test
