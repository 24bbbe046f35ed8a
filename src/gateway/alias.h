// Alias: a name that several models share, as one model: a pool.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/prefix_map.h"

namespace bastide::gateway {

struct Plan;

/// Immutable but for what runs, what was sent where, and whose turn it is; thread-safe.
class Alias {
 public:
  static constexpr std::size_t members_max = 16;
  struct Member {
    std::string id;
    const Plan* plan = nullptr;  // null: only the long way reaches it
    int weight = 1;              // 0: drained, it gets nothing as long as there are others
  };
  explicit Alias(std::vector<Member> members);

  /// A call that runs at a member, until it is destroyed.
  class Place {
   public:
    Place() = default;
    explicit Place(std::atomic<int>& running) : running_(&running) { running.fetch_add(1); }
    Place(Place&& other) noexcept : running_(std::exchange(other.running_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(running_, other.running_);
      return *this;
    }
    ~Place() {
      if (running_) running_->fetch_sub(1);
    }

   private:
    std::atomic<int>* running_ = nullptr;
  };
  enum class Why : std::uint8_t { turn, prefix, least_busy };
  struct Choice {
    const Member* member = nullptr;
    Why why = Why::turn;
    std::size_t prefix_bytes = 0;
    Place place;
  };
  /// The member that was sent the longest beginning of `prompt`, unless it is much busier than another; else
  /// the least busy for its weight; of equals the one whose turn it is by weight. One that fails, or takes
  /// twice as long as the quickest, is passed over save now and then; one that failed and is back gets a
  /// growing share.
  [[nodiscard]] Choice choose(std::string_view prompt) const;
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }

 private:
  [[nodiscard]] bool is_well(std::size_t index, std::uint32_t quickest_us) const;
  [[nodiscard]] double load(std::size_t index) const;

  const std::vector<Member> members_;
  const std::vector<std::uint8_t> turns_;
  mutable PrefixMap prefixes_;
  mutable std::array<std::atomic<int>, members_max> running_{};
  mutable std::atomic<std::uint32_t> turn_{0};
};

/// Why a member was taken, as usage rows and receipts say it: turn prefix least_busy.
[[nodiscard]] std::string_view name_of(Alias::Why why);
/// The same for a person.
[[nodiscard]] std::string sentence_of(Alias::Why why);

}  // namespace bastide::gateway
