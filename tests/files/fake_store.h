// files::FileStore in memory.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "files/file_store.h"

namespace bastide::files::testing {

class FakeStore final : public FileStore {
 public:
  Result<void> add(const StoredFile& file, const std::optional<FileBounds>& bounds) override {
    const std::lock_guard lock(mutex);
    if (full) return fail(Code::storage_full, "Full.");
    if (bounds && static_cast<std::int64_t>(files.size()) >= bounds->files_max)
      return fail(Code::too_large, "Too many.", "too_many_files");
    if (!files.emplace(file.id, file).second) return fail(Code::conflict, "There is one.");
    return {};
  }
  Result<StoredFile> find(std::string_view id, std::string_view person, UnixMillis now) override {
    const std::lock_guard lock(mutex);
    const auto found = files.find(std::string(id));
    if (found == files.end() || !is_theirs(found->second, person, now))
      return fail(Code::not_found, "There is no such file.", "no_file_of_id");
    return found->second;
  }
  Result<std::vector<StoredFile>> list(std::string_view person, const FileQuery&, UnixMillis now) override {
    const std::lock_guard lock(mutex);
    std::vector<StoredFile> out;
    for (const auto& [id, file] : files)
      if (is_theirs(file, person, now)) out.push_back(file);
    return out;
  }
  Result<void> remove(std::string_view id, std::string_view person) override {
    auto found = find(id, person, 0);
    if (!found) return pass(found);
    const std::lock_guard lock(mutex);
    left.insert(found->blob);
    files.erase(found->id);
    return {};
  }
  Result<std::int64_t> remove_all(std::string_view person) override {
    return remove_if([&](const StoredFile& file) { return file.person == person; });
  }
  Result<std::int64_t> remove_expired(UnixMillis now, std::size_t) override {
    return remove_if([&](const StoredFile& file) { return file.expires_at > 0 && file.expires_at <= now; });
  }
  Result<std::vector<std::string>> gone(std::size_t) override {
    const std::lock_guard lock(mutex);
    return std::vector<std::string>(left.begin(), left.end());
  }
  Result<void> forget(std::string_view blob) override {
    const std::lock_guard lock(mutex);
    left.erase(std::string(blob));
    return {};
  }
  Result<bool> holds(std::string_view blob) override {
    const std::lock_guard lock(mutex);
    return std::ranges::any_of(files, [&](const auto& entry) { return entry.second.blob == blob; });
  }

  std::map<std::string, StoredFile> files;
  std::set<std::string> left;
  bool full = false;

 private:
  static bool is_theirs(const StoredFile& file, std::string_view person, UnixMillis now) {
    return file.person == person && (file.expires_at == 0 || file.expires_at > now);
  }
  template <class Predicate>
  std::int64_t remove_if(Predicate wanted) {
    const std::lock_guard lock(mutex);
    return static_cast<std::int64_t>(std::erase_if(files, [&](const auto& entry) {
      if (wanted(entry.second)) left.insert(entry.second.blob);
      return wanted(entry.second);
    }));
  }
  std::mutex mutex;
};

}  // namespace bastide::files::testing
