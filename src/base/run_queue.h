// Work that waits for its turn: first come, first served, among those whose person has not too much running.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bastide {

struct RunBounds {
  std::size_t running_max = 8;
  std::size_t running_per_person_max = 2;
  std::size_t waiting_max = 2000;  // the running ones included
  std::size_t waiting_per_person_max = 100;
};

struct RunCounts {
  std::size_t running = 0, waiting = 0;
};

/// `Item` has an `id` and a `person`, which stay as they are. Thread-safe; `start` is called without a lock,
/// by whoever makes the place free.
template <class Item>
class RunQueue {
 public:
  using Start = std::function<void(std::shared_ptr<Item>)>;
  RunQueue(RunBounds bounds, Start start) : bounds_(bounds), start_(std::move(start)) {}

  /// Takes a place; it waits there until `queue`. False beyond the bounds.
  [[nodiscard]] bool enter(const std::shared_ptr<Item>& item) {
    const std::lock_guard lock(mutex_);
    const auto theirs = theirs_.find(item->person);
    const bool has_room = theirs == theirs_.end() || theirs->second.all < bounds_.waiting_per_person_max;
    if (!has_room || places_.size() >= bounds_.waiting_max) return false;
    take_place(item);
    return true;
  }
  /// Its turn may come from here on, perhaps at once.
  void queue(std::shared_ptr<Item> item) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(item));
    }
    pump();
  }
  /// Both, whatever the bounds: what was accepted before a restart.
  void resume(std::vector<std::shared_ptr<Item>> items) {
    {
      const std::lock_guard lock(mutex_);
      for (auto& item : items) {
        take_place(item);
        queue_.push_back(std::move(item));
      }
    }
    pump();
  }
  /// Starts one that waits, whoever runs: it only wants to end.
  void start_now(const std::shared_ptr<Item>& item) {
    {
      const std::lock_guard lock(mutex_);
      if (std::erase(queue_, item) == 0) return;
      note_running(*item);
    }
    start_(item);
  }
  /// Its place, running or not, is free.
  void leave(const std::shared_ptr<Item>& item) {
    {
      const std::lock_guard lock(mutex_);
      const auto place = places_.find(item->id);
      if (place == places_.end()) return;
      auto& theirs = theirs_[item->person];
      if (place->second.runs) {
        --running_;
        --theirs.running;
      }
      if (--theirs.all == 0) theirs_.erase(item->person);
      std::erase(queue_, item);
      places_.erase(place);
    }
    pump();
  }
  /// Starts no more; gives all that are there.
  [[nodiscard]] std::vector<std::shared_ptr<Item>> close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    return those([](const Item&) { return true; });
  }

  /// Null when it is not there.
  [[nodiscard]] std::shared_ptr<Item> find(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(id);
    return found == places_.end() ? nullptr : found->second.item;
  }
  [[nodiscard]] std::vector<std::shared_ptr<Item>> of(std::string_view person) const {
    const std::lock_guard lock(mutex_);
    return those([person](const Item& item) { return item.person == person; });
  }
  [[nodiscard]] RunCounts counts() const {
    const std::lock_guard lock(mutex_);
    return {running_, places_.size() - running_};
  }

 private:
  struct Place {
    std::shared_ptr<Item> item;
    bool runs = false;
  };
  struct Theirs {
    std::size_t all = 0, running = 0;
  };

  void take_place(const std::shared_ptr<Item>& item) {
    places_.emplace(item->id, Place{item});
    ++theirs_[item->person].all;
  }
  void note_running(const Item& item) {
    places_.find(item.id)->second.runs = true;
    ++running_;
    ++theirs_[item.person].running;
  }
  template <class Fn>
  [[nodiscard]] std::vector<std::shared_ptr<Item>> those(Fn wanted) const {
    std::vector<std::shared_ptr<Item>> out;
    for (const auto& [id, place] : places_)
      if (wanted(*place.item)) out.push_back(place.item);
    return out;
  }
  void pump() {
    std::vector<std::shared_ptr<Item>> begins;
    {
      const std::lock_guard lock(mutex_);
      const auto may_run = [this](const std::shared_ptr<Item>& item) {
        return theirs_[item->person].running < bounds_.running_per_person_max;
      };
      while (!closed_ && running_ < bounds_.running_max) {
        const auto next = std::ranges::find_if(queue_, may_run);
        if (next == queue_.end()) break;
        note_running(**next);
        begins.push_back(std::move(*next));
        queue_.erase(next);
      }
    }
    for (auto& item : begins) start_(std::move(item));
  }

  const RunBounds bounds_;
  const Start start_;
  mutable std::mutex mutex_;
  std::map<std::string, Place, std::less<>> places_;  // by id
  std::map<std::string, Theirs> theirs_;              // by person
  std::deque<std::shared_ptr<Item>> queue_;
  std::size_t running_ = 0;
  bool closed_ = false;
};

}  // namespace bastide
