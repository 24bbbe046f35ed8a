#include "identity/key_table.h"

#include <algorithm>
#include <cstring>

#include "identity/detail.h"

namespace bastide::identity {
namespace {

// A time of use is kept by the second: many loops use one key, and none should wait for its cache line.
constexpr UnixMillis use_step_ms = 1000;

std::vector<AddressRange> ranges_of(const ApiKey& key) {
  std::vector<AddressRange> out;
  for (const auto& text : key.settings.addresses)
    if (auto range = AddressRange::parse(text)) out.push_back(*range);
  return out;
}

ApiKey without_hashes(ApiKey key) {
  key.hash.clear();
  key.previous_hash.clear();
  return key;
}

Sha256 digest_of(std::string_view bytes) {
  Sha256 out{};
  std::memcpy(out.data(), bytes.data(), std::min(bytes.size(), out.size()));
  return out;
}

/// But for its last use, and for secrets, which only decide who finds it.
bool same(const ApiKey& a, const ApiKey& b) { return a.person == b.person && a.settings == b.settings; }
bool same(const Principal& a, const Principal& b) {
  return a.role == b.role && a.groups == b.groups && a.email == b.email && a.name == b.name;
}

}  // namespace

KeyEntry::KeyEntry(ApiKey the_key, Principal principal)
    : key(without_hashes(std::move(the_key))),
      who(std::move(principal)),
      expires_at_(key.settings.expires_at.value_or(0)),
      ranges_(ranges_of(key)),
      used_at_(key.used_at.value_or(0)),
      use_taken_at_(key.used_at.value_or(0)) {}

bool KeyEntry::allows_address(std::string_view address) const {
  if (key.settings.addresses.empty()) return true;
  const auto parsed = parse_address(address);
  return parsed && std::ranges::any_of(ranges_, [&](const auto& range) { return range.contains(*parsed); });
}

bool KeyEntry::allows_model(std::string_view model) const {
  return key.settings.models.empty() ||
         std::ranges::find(key.settings.models, model) != key.settings.models.end();
}

std::size_t KeyTable::Hash::operator()(const Sha256& digest) const {
  std::size_t out = 0;
  std::memcpy(&out, digest.data(), sizeof(out));
  return out;
}

/// A secret that this thread has met, known by its mark, and what the table of that version said of it.
struct KeyTable::Met {
  std::uint64_t version = 0;
  ShortHash mark{};
  Secret said;
};

// OpenSSL takes longer to begin and to end a SHA-256 than to compute it, a hundredth of what a call costs.
// Nobody knows the marks' key, so that none can make another secret with the same one.
const KeyTable::Secret* KeyTable::look_up(std::string_view secret) const {
  constexpr std::size_t kept = 256;
  thread_local std::array<Met, kept> all;
  const auto mark = short_hash(secret);
  auto& met = all[mark[0]];
  const auto version = version_.load(std::memory_order_acquire);
  if (version != 0 && met.version == version && met.mark == mark) return &met.said;
  const auto table = table_.load(std::memory_order_acquire);
  const auto found = table->by_secret.find(sha256(secret));
  if (found == table->by_secret.end()) return nullptr;
  met = {version, mark, found->second};
  return &met.said;
}

std::shared_ptr<const KeyEntry> KeyTable::find(std::string_view secret, UnixMillis now) const {
  if (!detail::is_key(secret)) return nullptr;
  const auto* found = look_up(secret);
  if (!found) return nullptr;
  const auto& [entry, until] = *found;
  if (until != 0 && now >= until) return nullptr;
  if (entry->used_at_.load(std::memory_order_relaxed) + use_step_ms <= now)
    entry->used_at_.store(now, std::memory_order_relaxed);
  return entry;
}

void KeyTable::replace(std::vector<KeyStore::Found> keys, const std::string& organisation) {
  const std::lock_guard lock(replacing_);
  const auto before = table_.load();
  auto after = std::make_shared<Table>();
  for (auto& [key, owner] : keys) {
    const auto hash = digest_of(key.hash);
    const auto previous = key.previous_hash.empty() ? std::optional<Sha256>() : digest_of(key.previous_hash);
    const auto until = key.previous_until.value_or(0);
    auto who = detail::principal_of(owner, Via::key, organisation);
    who.key = key.id;
    who.scopes = key.settings.scopes;
    who.application = key.settings.application;
    who.assistant = key.settings.assistant;
    who.models = key.settings.models;
    who.guard = key.settings.guard;
    who.priority = key.settings.priority;
    const auto known = before->by_id.find(key.id);
    std::shared_ptr<const KeyEntry> entry;
    if (known != before->by_id.end() && same(known->second->key, key) && same(known->second->who, who))
      entry = known->second;
    else
      entry = std::make_shared<const KeyEntry>(std::move(key), std::move(who));
    after->by_id.emplace(entry->key.id, entry);
    after->by_secret[hash] = {entry, 0};
    if (previous) after->by_secret[*previous] = {entry, until};
  }
  static std::atomic<std::uint64_t> versions{0};
  // First the table, then its version: who sees the new number sees the new table, and what was read from it
  // under the old one is not believed any longer.
  table_.store(after);
  version_.store(versions.fetch_add(1) + 1, std::memory_order_release);
  for (const auto& [id, entry] : before->by_id) {
    const auto now = after->by_id.find(id);
    // A key whose owner is merely in another group goes on for what it has begun.
    if (now == after->by_id.end() || !same(now->second->key, entry->key)) entry->revoked_.store(true);
  }
}

std::shared_ptr<const KeyEntry> KeyTable::with_id(const std::string& id) const {
  const auto table = table_.load(std::memory_order_acquire);
  const auto found = table->by_id.find(id);
  return found == table->by_id.end() ? nullptr : found->second;
}

std::size_t KeyTable::size() const { return table_.load()->by_id.size(); }

std::vector<Use> KeyTable::take_uses() {
  const std::lock_guard lock(replacing_);
  std::vector<Use> out;
  for (const auto& [id, entry] : table_.load()->by_id) {
    const auto used_at = entry->used_at_.load(std::memory_order_relaxed);
    auto& taken = entry->use_taken_at_;
    if (used_at <= taken) continue;
    taken = used_at;
    out.push_back({id, used_at});
  }
  return out;
}

}  // namespace bastide::identity
