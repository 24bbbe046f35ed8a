#include "knowledge/library/page_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/id.h"

namespace bastide::knowledge::detail {
namespace fs = std::filesystem;

std::string PageCache::path_of(std::string_view blob, int page, int width) const {
  return fmt::format("{}/{}-{}-{}.png", folder_, blob, page, width);
}

std::optional<std::string> PageCache::get(std::string_view blob, int page, int width) const {
  if (folder_.empty()) return std::nullopt;
  const auto path = path_of(blob, page, width);
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  std::error_code ignored;
  fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
  return bytes;
}

void PageCache::put(std::string_view blob, int page, int width, std::string_view png) {
  if (folder_.empty() || png.size() > bytes_max_ / 4) return;
  std::error_code error;
  fs::create_directories(folder_, error);
  const auto path = path_of(blob, page, width);
  const auto draft = path + "." + new_id("tmp");
  {
    std::ofstream out(draft, std::ios::binary);
    out.write(png.data(), static_cast<std::streamsize>(png.size()));
    if (!out.flush()) {
      fs::remove(draft, error);
      return;
    }
  }
  fs::rename(draft, path, error);
  std::lock_guard lock(mutex_);
  written_since_ = written_since_ > bytes_max_ ? written_since_ : written_since_ + png.size();
  if (written_since_ > bytes_max_ / 8) make_room();
}

void PageCache::forget(std::string_view blob) {
  if (folder_.empty()) return;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error))
    if (entry.path().filename().string().starts_with(fmt::format("{}-", blob))) {
      std::error_code ignored;
      fs::remove(entry.path(), ignored);
    }
}

void PageCache::make_room() {
  struct File {
    fs::path path;
    std::uint64_t bytes;
    fs::file_time_type used;
  };
  std::vector<File> files;
  std::uint64_t sum = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    std::error_code gone;
    files.push_back({entry.path(), entry.file_size(gone), entry.last_write_time(gone)});
    if (gone)
      files.pop_back();
    else
      sum += files.back().bytes;
  }
  std::ranges::sort(files, {}, &File::used);
  for (const auto& file : files) {
    if (sum <= bytes_max_ / 8 * 7) break;
    fs::remove(file.path, error);
    sum -= file.bytes;
  }
  written_since_ = 0;
}

}  // namespace bastide::knowledge::detail
