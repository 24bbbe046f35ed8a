// Sends notices as letters, each at least once.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/metrics.h"
#include "base/result.h"
#include "notices/letter.h"
#include "notices/notice_store.h"

namespace bastide::notices {

struct Addressee {
  std::string email;
  std::string language;
};

/// A thread that looks for letters every few seconds. What is due stands in the store until the mail server
/// has taken it: a letter that a killed process had just handed over is sent again, with the same id.
class Postman {
 public:
  static constexpr Millis looks_every{5'000};
  static constexpr Millis first_pause{60'000};  // after a failure; doubled with each, up to the longest
  static constexpr Millis longest_pause{6 * 3'600'000};
  static constexpr int tries_max = 12;  // over two days
  static constexpr std::size_t letters_a_look = 50;

  struct Rooms {
    NoticeStore& store;
    /// Hands a message over to a mail server; blocks. Code::invalid: it will never take this one.
    std::function<Result<void>(const std::string& to, const std::string& message)> send;
    /// Nothing for somebody who is gone. Blocks.
    std::function<Result<std::optional<Addressee>>(std::string_view person)> address_of;
    Metrics& metrics;
  };
  Postman(Rooms rooms, LetterFrame frame);
  ~Postman();
  Postman(const Postman&) = delete;
  Postman& operator=(const Postman&) = delete;

  /// Until when a letter rests that failed `tries` times before; nothing: it is given up.
  [[nodiscard]] static std::optional<Millis> pause_after(int tries);

 private:
  void work();
  void send_due();
  [[nodiscard]] Result<void> send(const DueLetter& letter);
  [[nodiscard]] bool stopping();

  const Rooms rooms_;
  const LetterFrame frame_;
  Counter& sent_;
  Counter& failed_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bastide::notices
