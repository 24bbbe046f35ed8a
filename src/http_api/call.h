// One call of the API: the HTTP exchange with who asks, in which language, and the path's variables.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/pool.h"
#include "dialects/codec.h"
#include "http_api/services.h"
#include "identity/principal.h"
#include "net/server.h"

namespace bastide::http_api {

/// Lives while its handler runs. Handlers answer with one of the senders or return an Error, which becomes a
/// problem (or the dialect's error) in the caller's language.
class Call {
 public:
  Call(net::ServerCall& http_call, Services& all) : http(http_call), services(all) {}

  net::ServerCall& http;
  Services& services;
  const dialects::Codec* dialect = nullptr;  // whose shape errors take; null: a problem
  identity::Principal who;                   // when the route wants somebody
  std::string session_token;                 // when by session
  std::string session;                       // its id
  std::string language = "en";               // fr or en
  std::vector<std::string> variables;        // of the path, in order
  bool answered = false;
  std::optional<Error> told;  // the error that was sent

  [[nodiscard]] const net::Request& request() const { return http.request(); }

  /// Runs `fn` (which returns a Result) where it may block.
  template <class Fn>
  [[nodiscard]] auto blocking(Fn fn) {
    return run_on(services.io, std::move(fn));
  }
  /// The body as a JSON object; Code::invalid otherwise. An empty body is an empty object.
  [[nodiscard]] Task<Result<nlohmann::json>> json_body(std::size_t bytes_max = 2 * 1024 * 1024);
  /// The same of a body that was read before.
  [[nodiscard]] static Result<nlohmann::json> json_object(std::string_view text);
  /// `?limit=`, 1 to 200.
  [[nodiscard]] std::size_t limit(std::size_t otherwise = 50) const;
  [[nodiscard]] std::string query(std::string_view name) const;

  [[nodiscard]] Task<Result<void>> send_json(int status, std::string json, net::Headers headers = {});
  [[nodiscard]] Task<Result<void>> send_nothing(int status = 204);
  [[nodiscard]] Task<Result<void>> send_bytes(std::string bytes, std::string media_type,
                                              net::Headers headers = {});
  /// In the caller's shape and language. `exchange`: the id of the call that failed, `header_lines` as
  /// net::Headers::add_lines; both may be empty.
  [[nodiscard]] Task<Result<void>> send_error(const Error& error, std::string exchange = {},
                                              std::string header_lines = {});
};

/// A string field, trimmed; empty when absent. Code::invalid when it is something else.
[[nodiscard]] Result<std::string> text_field(const nlohmann::json& body, std::string_view name);
[[nodiscard]] Result<std::optional<std::string>> maybe_text(const nlohmann::json& body,
                                                            std::string_view name);
[[nodiscard]] Result<std::vector<std::string>> text_list(const nlohmann::json& body, std::string_view name);

}  // namespace bastide::http_api
