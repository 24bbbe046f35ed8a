#include "gateway/answer_cache.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace bastide::gateway {
namespace {

constexpr std::size_t entry_overhead_bytes = 256;

std::size_t size_of(const CachedAnswer& answer) {
  return answer.body.size() + answer.content_type.size() + entry_overhead_bytes;
}

}  // namespace

CacheWish cache_wish(std::string_view header) {
  header = trim(header);
  if (equal_ignoring_ascii_case(header, "use")) return CacheWish::use;
  if (equal_ignoring_ascii_case(header, "refresh")) return CacheWish::refresh;
  if (equal_ignoring_ascii_case(header, "off")) return CacheWish::off;
  return CacheWish::unsaid;
}

std::size_t AnswerCache::Hash::operator()(const Key& key) const {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data() + 1, sizeof(hash));
  return hash;
}

Result<AnswerCache::Key> AnswerCache::key_of(std::string_view rights, std::string_view model,
                                             dialects::Dialect dialect, std::string_view beside,
                                             std::string_view body) {
  auto json = parse_json(body);
  if (!json) return pass(json);
  Sha256Stream stream;
  // Lengths before texts: no two lists of texts have the same bytes.
  const auto add = [&](std::string_view text) {
    stream.update(std::to_string(text.size()) + ":");
    stream.update(text);
  };
  add(rights);
  add(model);
  add(dialects::dialect_name(dialect));
  add(beside);
  add(json->dump());  // fields in alphabetical order
  return stream.finish();
}

void AnswerCache::drop(Shard& shard, std::list<Entry>::iterator at) {
  shard.bytes -= size_of(*at->answer);
  shard.places.erase(at->key);
  shard.entries.erase(at);
}

std::shared_ptr<const CachedAnswer> AnswerCache::find(const Key& key, Steady::time_point now) {
  auto& mine = shard(key);
  const std::lock_guard lock(mine.mutex);
  const auto found = mine.places.find(key);
  if (found == mine.places.end()) return nullptr;
  const auto at = found->second;
  if (now - at->answer->made_at >= kept_for_) {
    drop(mine, at);
    return nullptr;
  }
  mine.entries.splice(mine.entries.begin(), mine.entries, at);
  return at->answer;
}

void AnswerCache::put(const Key& key, CachedAnswer answer) {
  const auto bytes = size_of(answer);
  if (answer.body.size() > answer_bytes_max || bytes > shard_bytes_max_) return;
  auto& mine = shard(key);
  const std::lock_guard lock(mine.mutex);
  if (const auto found = mine.places.find(key); found != mine.places.end()) drop(mine, found->second);
  while (mine.bytes + bytes > shard_bytes_max_) drop(mine, std::prev(mine.entries.end()));
  mine.entries.push_front({key, std::make_shared<const CachedAnswer>(std::move(answer))});
  mine.places[key] = mine.entries.begin();
  mine.bytes += bytes;
}

std::size_t AnswerCache::bytes() const {
  std::size_t sum = 0;
  for (const auto& each : shards_) {
    const std::lock_guard lock(each.mutex);
    sum += each.bytes;
  }
  return sum;
}

}  // namespace bastide::gateway
