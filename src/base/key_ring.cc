#include "base/key_ring.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <ctime>

#include "base/secret_file.h"
#include "base/text.h"
#include "base/turns.h"

namespace bastide {
namespace {

std::int64_t ticks(Steady::time_point at) { return at.time_since_epoch().count(); }

}  // namespace

void KeyRests::limited(std::size_t key, std::optional<Millis> wait, Steady::time_point now) {
  until_[key].store(ticks(now + std::clamp(wait.value_or(pause_default), Millis(0), pause_max)),
                    std::memory_order_relaxed);
}

Millis KeyRests::left(std::size_t key, Steady::time_point now) const {
  const Steady::duration until(until_[key].load(std::memory_order_relaxed));
  return std::max(Millis(0), std::chrono::ceil<Millis>(until - now.time_since_epoch()));
}

KeyRing::KeyRing(const ProviderConfig& provider) : provider_(provider.id) {
  std::vector<int> weights;
  const auto add = [&](const ProviderKeyConfig& from) {
    auto key = std::make_unique<Key>();
    key->name = from.name;
    key->file = from.file;
    key->secret = std::make_shared<const std::string>(from.secret.value);
    keys_.push_back(std::move(key));
    weights.push_back(from.weight);
  };
  for (const auto& key : provider.keys) add(key);
  if (keys_.empty()) add({});
  turns_ = fair_turns(weights);
}

std::optional<KeyRing::Pick> KeyRing::pick(const KeyRests& rests, Urgency urgency, Steady::time_point now) {
  const auto may_use = [&](std::size_t index) {
    auto until = keys_[index]->refused_until.load(std::memory_order_relaxed);
    if (until != 0 && ticks(now) < until) return false;
    if (!rests.allows(index, now)) return false;
    // One call tries a key that was refused; the others wait for another pause.
    return until == 0 ||
           keys_[index]->refused_until.compare_exchange_strong(until, ticks(now + refused_pause));
  };
  const auto turn = turns_.size() == 1 ? 0 : turn_.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < turns_.size(); ++i) {
    const auto index = turns_[(turn + i) % turns_.size()];
    if (may_use(index)) return Pick{index, keys_[index]->secret.load()};
  }
  if (urgency == Urgency::others_may_answer) return std::nullopt;
  std::size_t soonest = 0;
  const auto wait = [&](std::size_t index) {
    return std::pair(keys_[index]->refused_until.load(std::memory_order_relaxed), rests.left(index, now));
  };
  for (std::size_t index = 1; index < keys_.size(); ++index)
    if (wait(index) < wait(soonest)) soonest = index;
  return Pick{soonest, keys_[soonest]->secret.load()};
}

Error KeyRing::why_none(const KeyRests& rests, Steady::time_point now) const {
  if (refused_count() == keys_.size())
    return {Code::upstream, "The provider does not accept the organisation's key or address.", "provider_key",
            "Tell an administrator."};
  auto wait = KeyRests::pause_max;
  for (std::size_t i = 0; i < keys_.size(); ++i)
    if (keys_[i]->refused_until.load(std::memory_order_relaxed) == 0)
      wait = std::min(wait, rests.left(i, now));
  return {Code::rate_limited, "The provider is asked too much just now.", "provider_busy", "Try again later.",
          std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count())};
}

std::size_t KeyRing::refused_count() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      keys_, [](const auto& key) { return key->refused_until.load(std::memory_order_relaxed) != 0; }));
}

KeyRing::Stamp KeyRing::stamp_of(const std::string& file) {
  struct stat found{};
  if (::stat(file.c_str(), &found) != 0) return {-1, 0, 0};
  return {std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec, found.st_ino,
          static_cast<std::uint64_t>(found.st_size)};
}

void KeyRing::alert(const Key& key, std::string_view reason) {
  constexpr std::size_t alerts_max = 100;
  const std::lock_guard lock(alerts_mutex_);
  if (alerts_.size() < alerts_max) alerts_.push_back({provider_, key.name, std::string(reason)});
}

void KeyRing::refused(std::size_t index, Steady::time_point now) {
  auto& key = *keys_[index];
  if (key.refused_until.exchange(ticks(now + refused_pause)) == 0) alert(key, "refused");
}

void KeyRing::accepted(std::size_t index) {
  auto& until = keys_[index]->refused_until;
  if (until.load(std::memory_order_relaxed) != 0) until.store(0, std::memory_order_relaxed);
}

void KeyRing::follow_files() {
  const std::lock_guard lock(files_mutex_);
  for (const auto& key : keys_) {
    if (key->file.empty()) continue;
    const auto stamp = stamp_of(key->file);
    if (stamp == key->read) continue;
    key->read = stamp;
    auto secret = read_secret_file(key->file);
    if (!secret) {
      // The one that is known stays: files are often replaced in two steps.
      if (!std::exchange(key->unreadable, true)) alert(*key, "unreadable");
      continue;
    }
    key->unreadable = false;
    if (*secret == *key->secret.load()) continue;
    key->secret = std::make_shared<const std::string>(std::move(*secret));
    key->refused_until.store(0, std::memory_order_relaxed);
  }
}

std::vector<KeyAlert> KeyRing::take_alerts() {
  const std::lock_guard lock(alerts_mutex_);
  return std::exchange(alerts_, {});
}

KeyRings::KeyRings(const Config& config) {
  for (const auto& provider : config.providers)
    rings_.emplace(provider.id, std::make_unique<KeyRing>(provider));
}

void KeyRings::follow_files() {
  for (const auto& [id, ring] : rings_) ring->follow_files();
}

std::vector<KeyAlert> KeyRings::take_alerts() {
  std::vector<KeyAlert> all;
  for (const auto& [id, ring] : rings_)
    for (auto& one : ring->take_alerts()) all.push_back(std::move(one));
  return all;
}

std::optional<Millis> retry_after_of(std::string_view header, UnixMillis now) {
  header = trim(header);
  double seconds = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  if (error == std::errc() && end == header.data() + header.size() && seconds >= 0 && seconds < 1e9)
    return Millis(static_cast<std::int64_t>(seconds * 1000));
  std::tm day{};
  const std::string text(header);
  const char* rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &day);
  if (!rest || *rest != '\0') return std::nullopt;
  return Millis(std::max<std::int64_t>(0, std::int64_t{::timegm(&day)} * 1000 - now));
}

}  // namespace bastide
