// Ends what runs under a key that is over: revoked, expired, or its owner gone.
#pragma once

#include <string>
#include <string_view>

#include "identity/key_table.h"

namespace bastide::gateway {

/// Lives as long as a call, on the loop on which it was made. While it lives, its key is looked at twice a
/// second; once it is over, `on_key_over` is called at each look, on that loop. Costs a call that ends before
/// two links of a list.
class KeyWatched {
 public:
  KeyWatched(const KeyWatched&) = delete;
  KeyWatched& operator=(const KeyWatched&) = delete;

  static constexpr std::string_view detail = "key_over";
  /// What the caller is told.
  [[nodiscard]] static Error over();

 protected:
  /// `keys` and `key`, an id, outlive it. Without a key nothing is watched.
  KeyWatched(const identity::KeyTable& keys, const std::string& key);
  ~KeyWatched();
  /// May end the call.
  virtual void on_key_over() = 0;

 private:
  struct Watched;
  static Watched& watched();
  static void look();

  const identity::KeyTable& keys_;
  const std::string& key_;
  KeyWatched* before_ = nullptr;
  KeyWatched* next_ = nullptr;
  bool linked_ = false;
  bool due_ = false;  // its key is over, as this look found
};

}  // namespace bastide::gateway
