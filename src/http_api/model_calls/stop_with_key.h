// Ends an exchange with its caller.
#pragma once

#include <functional>
#include <stop_token>
#include <utility>

#include "gateway/key_watch.h"
#include "http_api/call.h"

namespace bastide::http_api {

/// Stops an exchange when the client leaves, and when the key ends under which it runs. Lives as long as the
/// call, on its loop.
class StopWithKey final : gateway::KeyWatched {
 public:
  explicit StopWithKey(Call& call)
      : KeyWatched(call.services.identity.key_table(), call.who.key),
        client_left_(call.http.gone(), [this] { source_.request_stop(); }) {}
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  /// `tell` hears what the caller is to be told, before the exchange is stopped.
  void on_key_over(std::function<void(Error)> tell) { tell_ = std::move(tell); }

 private:
  void on_key_over() override {
    if (tell_) tell_(over());
    source_.request_stop();
  }
  std::stop_source source_;
  std::function<void(Error)> tell_;
  std::stop_callback<std::function<void()>> client_left_;
};

}  // namespace bastide::http_api
