#include "models/local/prefix_store.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ranges>

#include "models/local/slot.h"

namespace bastide::models::local {
namespace {

/// Changes when blocks or states change their form: older files then never match.
constexpr std::string_view form = "bastide prefix 1";
constexpr std::string_view ending = ".kv";

std::string_view view(const BlockKey& key) { return {reinterpret_cast<const char*>(key.data()), key.size()}; }

}  // namespace

std::size_t PrefixStore::HashOfKey::operator()(const BlockKey& key) const {
  std::size_t out = 0;
  std::memcpy(&out, key.data(), sizeof out);
  return out;
}

PrefixStore::PrefixStore(PrefixStoreOptions options) : options_(std::move(options)) {
  if (options_.folder.empty() || options_.disk_bytes_max == 0) return;
  scan();
  thread_ = std::thread([this] { write_files(); });
}

PrefixStore::~PrefixStore() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  if (thread_.joinable()) thread_.join();
}

/// What an earlier process left, the newest as the last used.
void PrefixStore::scan() {
  std::error_code failed;
  std::filesystem::create_directories(options_.folder, failed);
  std::filesystem::permissions(options_.folder, std::filesystem::perms::owner_all, failed);
  struct Found {
    std::filesystem::file_time_type when;
    BlockKey key;
    std::uint64_t bytes;
  };
  std::vector<Found> found;
  for (const auto& file : std::filesystem::directory_iterator(options_.folder, failed)) {
    const auto name = unhex(file.path().stem().string());
    std::error_code gone;
    const auto bytes = file.file_size(gone);
    if (gone) continue;
    if (file.path().extension() != ending || !name || name->size() != BlockKey{}.size()) {
      std::filesystem::remove(file.path(), gone);  // half written when a process ended
      continue;
    }
    BlockKey key;
    std::ranges::copy(*name, key.begin());
    found.push_back({file.last_write_time(gone), key, bytes});
  }
  std::ranges::sort(found, {}, &Found::when);
  std::vector<std::string> gone;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& each : found) {
      entries_[each.key] = {nullptr, each.bytes, ++turn_};
      disk_bytes_ += each.bytes;
    }
    gone = shrink_disk();
  }
  for (const auto& file : gone) std::filesystem::remove(file, failed);
}

std::vector<BlockKey> PrefixStore::keys_of(std::span<const Token> tokens, const CacheScope& scope) const {
  std::vector<BlockKey> out;
  if (options_.memory_bytes_max == 0) return out;
  BlockKey before = hmac_sha256(options_.key, std::string(form) + options_.model + scope.adapters);
  for (std::size_t at = 0; at + block_tokens <= tokens.size(); at += block_tokens) {
    const bool is_instruction = at + block_tokens <= scope.instruction_tokens;
    std::string what(view(before));
    what.append(reinterpret_cast<const char*>(tokens.data() + at), block_tokens * sizeof(Token));
    // Marked, so that an organisation's name is nobody's rights.
    what.append(is_instruction ? "o" + scope.organisation : "r" + scope.rights);
    before = hmac_sha256(options_.key, what);
    out.push_back(before);
  }
  return out;
}

std::size_t PrefixStore::known(std::span<const BlockKey> keys) const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  while (count < keys.size() && entries_.contains(keys[count])) ++count;
  return count;
}

std::size_t PrefixStore::fetch(std::span<const BlockKey> keys) {
  std::uint64_t brought = 0;
  for (std::size_t at = 0; at < keys.size(); ++at) {
    {
      const std::lock_guard lock(mutex_);
      touch(keys.first(at + 1));
      const auto found = entries_.find(keys[at]);
      if (found == entries_.end()) return at;
      if (found->second.bytes) continue;
      // What is brought in now must not push out what was brought in a moment ago.
      if (brought + found->second.file_bytes > options_.memory_bytes_max) return at;
    }
    const Bytes bytes = read_file(keys[at]);
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(keys[at]);
    if (found == entries_.end()) return at;
    if (!bytes) {
      disk_bytes_ -= found->second.file_bytes;
      if (found->second.bytes) memory_bytes_ -= found->second.bytes->size();
      entries_.erase(found);
      return at;
    }
    if (!found->second.bytes) {
      found->second.bytes = bytes;
      memory_bytes_ += bytes->size();
      brought += bytes->size();
      shrink_memory();
    }
  }
  return keys.size();
}

std::vector<PrefixStore::Bytes> PrefixStore::take(std::span<const BlockKey> keys, std::size_t count) {
  std::vector<Bytes> out;
  const std::lock_guard lock(mutex_);
  for (const auto& key : keys.first(std::min(count, keys.size()))) {
    const auto found = entries_.find(key);
    if (found == entries_.end() || !found->second.bytes) break;
    out.push_back(found->second.bytes);
  }
  touch(keys.first(out.size()));
  return out;
}

void PrefixStore::touch(std::span<const BlockKey> keys) {
  for (const auto& key : std::views::reverse(keys))
    if (const auto found = entries_.find(key); found != entries_.end()) found->second.used = ++turn_;
}

void PrefixStore::put(std::span<const BlockKey> keys, std::string bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes.size() > options_.memory_bytes_max) return;
  const auto& key = keys.back();
  auto& entry = entries_[key];
  touch(keys);
  if (entry.bytes) return;
  entry.bytes = std::make_shared<const std::string>(std::move(bytes));
  memory_bytes_ += entry.bytes->size();
  const bool is_written = entry.file_bytes > 0;
  if (thread_.joinable() && !is_written && unwritten_bytes_ + entry.bytes->size() <= unwritten_max_bytes) {
    unwritten_bytes_ += entry.bytes->size();
    unwritten_.emplace_back(key, entry.bytes);
    entry.is_written_soon = true;
    work_.notify_one();
  }
  shrink_memory();
}

void PrefixStore::shrink_memory() {
  while (memory_bytes_ > options_.memory_bytes_max) {
    auto oldest = entries_.end();
    for (auto at = entries_.begin(); at != entries_.end(); ++at)
      if (at->second.bytes && (oldest == entries_.end() || at->second.used < oldest->second.used))
        oldest = at;
    if (oldest == entries_.end()) return;
    memory_bytes_ -= oldest->second.bytes->size();
    oldest->second.bytes.reset();
    if (oldest->second.file_bytes == 0 && !oldest->second.is_written_soon) entries_.erase(oldest);
  }
}

std::vector<std::string> PrefixStore::shrink_disk() {
  std::vector<std::string> out;
  while (disk_bytes_ > options_.disk_bytes_max) {
    auto oldest = entries_.end();
    for (auto at = entries_.begin(); at != entries_.end(); ++at)
      if (at->second.file_bytes > 0 && (oldest == entries_.end() || at->second.used < oldest->second.used))
        oldest = at;
    if (oldest == entries_.end()) break;
    out.push_back(path(oldest->first));
    disk_bytes_ -= std::exchange(oldest->second.file_bytes, 0);
    if (!oldest->second.bytes) entries_.erase(oldest);
  }
  return out;
}

std::string PrefixStore::path(const BlockKey& key) const {
  return options_.folder + "/" + hex(key) + std::string(ending);
}

PrefixStore::Bytes PrefixStore::read_file(const BlockKey& key) const {
  std::ifstream in(path(key), std::ios::binary | std::ios::ate);
  std::string sealed(in ? static_cast<std::size_t>(in.tellg()) : 0, '\0');
  in.seekg(0).read(sealed.data(), static_cast<std::streamsize>(sealed.size()));
  auto opened = open_sealed(options_.key, sealed, view(key));
  if (opened) return std::make_shared<const std::string>(std::move(*opened));
  std::error_code failed;
  std::filesystem::remove(path(key), failed);
  return nullptr;
}

void PrefixStore::write_files() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [&] { return stopping_ || !unwritten_.empty(); });
    if (unwritten_.empty()) return;
    const auto [key, bytes] = std::move(unwritten_.front());
    unwritten_.pop_front();
    unwritten_bytes_ -= bytes->size();
    writing_ = true;
    lock.unlock();

    const std::string sealed = seal(options_.key, *bytes, view(key));
    const std::string half = path(key) + ".part";
    std::error_code failed;
    bool whole = false;
    {
      std::ofstream out(half, std::ios::binary | std::ios::trunc);
      out.write(sealed.data(), static_cast<std::streamsize>(sealed.size()));
      out.close();
      whole = !out.fail();
    }
    // Not synced: what a power cut damages is a miss.
    if (whole) std::filesystem::rename(half, path(key), failed);
    if (!whole || failed) std::filesystem::remove(half, failed);

    lock.lock();
    std::vector<std::string> gone;
    auto& entry = entries_[key];
    entry.is_written_soon = false;
    if (!whole || failed) {
      if (!entry.bytes) entries_.erase(key);
    } else {
      if (entry.used == 0) entry.used = ++turn_;
      if (entry.file_bytes == 0) disk_bytes_ += entry.file_bytes = sealed.size();
      gone = shrink_disk();
    }
    for (const auto& file : gone) std::filesystem::remove(file, failed);
    writing_ = false;
    written_.notify_all();
  }
}

void PrefixStore::flush() {
  std::unique_lock lock(mutex_);
  written_.wait(lock, [&] { return !thread_.joinable() || (unwritten_.empty() && !writing_); });
}

std::uint64_t PrefixStore::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  return memory_bytes_;
}
std::uint64_t PrefixStore::disk_bytes() const {
  const std::lock_guard lock(mutex_);
  return disk_bytes_;
}

}  // namespace bastide::models::local
