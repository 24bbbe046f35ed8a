#include "http_api/routes.h"

#include <algorithm>
#include <memory>

#include "base/log.h"
#include "base/text.h"
#include "dialects/codec.h"
#include "http_api/static_files.h"

namespace bastide::http_api {
namespace {

std::string_view cookie(const net::Request& request, std::string_view name) {
  for (const auto& header : request.headers.all()) {
    if (!equal_ignoring_ascii_case(header.name, "cookie")) continue;
    for (auto pair : split(header.value, ';')) {
      auto at = pair.find('=');
      if (at != std::string_view::npos && trim(pair.substr(0, at)) == name) return trim(pair.substr(at + 1));
    }
  }
  return {};
}

std::string_view bearer(const net::Request& request) {
  if (auto given = request.headers.find("authorization")) {
    constexpr std::string_view scheme = "bearer ";
    if (given->size() > scheme.size() && equal_ignoring_ascii_case(given->substr(0, scheme.size()), scheme))
      return trim(given->substr(scheme.size()));
  }
  // Where the official SDKs of Anthropic and Gemini put keys.
  if (auto given = request.headers.find("x-api-key")) return *given;
  if (auto given = request.headers.find("x-goog-api-key")) return *given;
  return {};
}

/// Google's newer SDKs leave "beta" out. They are told from OpenAI's clients by their header, or by the
/// method after a colon.
bool is_google_v1(const net::Request& request) {
  const std::string_view path = request.path;
  return path.starts_with("/v1/models") && (request.headers.find("x-goog-api-key") || path.contains(':'));
}

/// Anthropic's files have the paths of OpenAI's.
bool is_anthropic_file(const net::Request& request) {
  return request.path.starts_with("/v1/files") && request.headers.find("anthropic-version");
}

/// Whose errors the caller understands.
const dialects::Codec* dialect_of(const net::Request& request) {
  const std::string_view path = request.path;
  if (path.starts_with("/v1beta/") || is_google_v1(request)) return &dialects::gemini_codec();
  if (is_anthropic_file(request)) return &dialects::anthropic_codec();
  if (path == "/v1/messages" || path.starts_with("/v1/messages/")) return &dialects::anthropic_codec();
  return path.starts_with("/v1/") || path.starts_with("/v2/") ? &dialects::openai_codec() : nullptr;
}

std::string language_of(const net::Request& request) {
  auto given = request.headers.find("accept-language").value_or("");
  auto fr = given.find("fr");
  auto en = given.find("en");
  return fr != std::string_view::npos && (en == std::string_view::npos || fr < en) ? "fr" : "en";
}

bool changes_state(std::string_view method) { return method != "GET" && method != "HEAD"; }

// By a key that is in memory, as most calls come. Nothing: ask `authenticate`.
std::optional<Result<void>> recognise(Call& call) {
  const auto key = bearer(call.request());
  if (key.empty()) return std::nullopt;
  auto known = call.services.identity.cached_key(key, call.request().peer);
  if (!known) return std::nullopt;
  if (!*known) return pass(*known);
  call.who = std::move(**known);
  return Result<void>{};
}

// By key, else by session; a session that changes something must show its CSRF token.
Task<Result<void>> authenticate(Call& call) {
  const auto& request = call.request();
  auto& identity = call.services.identity;
  auto key = std::string(bearer(request));
  // Google's own way for programs that cannot set headers.
  if (key.empty() && call.dialect == &dialects::gemini_codec()) key = call.query("key");
  if (!key.empty()) {
    auto who = co_await call.blocking([&] { return identity.authenticate_key(key, request.peer); });
    if (!who) co_return pass(who);
    call.who = std::move(*who);
    co_return Result<void>{};
  }
  auto token = std::string(cookie(request, "bastide_session"));
  if (token.empty())
    co_return fail(Code::unauthenticated, "You are not signed in.", "", "Sign in, or send an API key.");
  auto session = identity.cached_session(token);
  if (!session) {
    auto found = co_await call.blocking([&] { return identity.authenticate_session(token); });
    if (!found) co_return pass(found);
    session = std::move(*found);
  }
  if (changes_state(request.method) &&
      !identity::Identity::csrf_matches(token, request.headers.find("x-csrf-token").value_or("")))
    co_return fail(Code::forbidden, "The session's token is missing or another one. Nothing was done.",
                   "csrf", "Reload the page.");
  call.who = std::move(session->who);
  call.session = std::move(session->session);
  call.session_token = std::move(token);
  co_return Result<void>{};
}

// What a key with scopes must have been given for `path`; "*" is what no scope but all covers.
std::string_view scope_of(std::string_view path) {
  struct Row {
    std::string_view prefix;
    std::string_view scope;
  };
  constexpr Row rows[] = {
      {"/v1/vector_stores", "documents"},
      {"/v1/", "chat"},
      {"/v2/", "chat"},
      {"/v1beta/", "chat"},
      {"/api/conversations", "chat"},
      {"/api/streams", "chat"},
      {"/api/exchanges", "chat"},
      {"/api/preview", "chat"},
      {"/api/models", "chat"},
      {"/api/labels", "chat"},
      {"/api/collections", "documents"},
      {"/api/documents", "documents"},
      {"/api/search", "documents"},
      {"/api/sample", "documents"},
      {"/api/guard", "guard"},
  };
  for (const auto& row : rows)
    if (path.starts_with(row.prefix)) return row.scope;
  return "*";
}

Result<void> check_scope(const Call& call) {
  const auto& scopes = call.who.scopes;
  auto needed = scope_of(call.request().path);
  bool given = scopes.empty() || std::ranges::any_of(scopes, [&](const auto& scope) {
                 return scope == needed || scope == "*" || (scope == "models" && needed == "chat");
               });
  if (given) return {};
  return fail(Code::forbidden, "This key may not do that: it lacks the scope " + std::string(needed) + ".",
              "key_scope", "Create a key with that scope.");
}

struct Door {
  Services& services;
  Routes routes;

  /// `known`: who calls, when that is known already.
  Task<Result<void>> handle(Call& call, const identity::Principal* known) const {
    const auto& request = call.request();
    call.language = language_of(request);
    call.dialect = dialect_of(request);
    const auto google = is_google_v1(request) ? "/v1beta" + request.path.substr(3) : std::string();
    auto match = routes.find(request.method == "HEAD" ? "GET" : std::string_view(request.method),
                             google.empty() ? std::string_view(request.path) : google);
    if (!match.entry) {
      if (!call.dialect && !request.path.starts_with("/api/") && !match.other_method) {
        auto sent = co_await send_web_file(call);
        co_return sent;
      }
      if (match.other_method)
        co_return fail(Code::invalid, "This address does not take " + request.method + ".", "method");
      co_return fail(Code::not_found, "There is nothing at this address.", "no_route",
                     "See /api/openapi.json.");
    }
    call.variables = std::move(match.variables);
    if (match.entry->access == Access::person) {
      if (known) call.who = *known;
      auto authenticated = known ? Result<void>{} : recognise(call);
      if (!authenticated) authenticated = co_await authenticate(call);
      if (!*authenticated) co_return std::move(*authenticated);
      auto allowed = check_scope(call);
      if (!allowed) co_return allowed;
    }
    auto done = co_await match.entry->handler(call);
    co_return done;
  }
};

Task<void> tell_failure(Call& call, Error error) {
  if (error.code == Code::cancelled) co_return;
  if (error.code == Code::internal)
    log::error("request_failed",
               {{"path_class", call.request().path.substr(0, 24)}, {"detail", error.detail}});
  if (call.answered) co_return;
  auto told = co_await call.send_error(error);
  (void)told;  // the client left meanwhile
}

Task<void> serve_port(const Door& door, net::ServerCall& http) {
  Call call(http, door.services);
  auto done = co_await door.handle(call, nullptr);
  if (!done) co_await tell_failure(call, std::move(done.error()));
}

Task<std::optional<Error>> serve_house(const Door& door, net::ServerCall& http, identity::Principal who) {
  Call call(http, door.services);
  auto done = co_await door.handle(call, &who);
  if (!done) co_await tell_failure(call, std::move(done.error()));
  co_return std::move(call.told);
}
}  // namespace

void Routes::add(const RouteEntry& entry) {
  if (entry.pattern.find("{}") == std::string_view::npos)
    fixed_.emplace(entry.pattern, entry);
  else
    entries_.push_back(entry);
}

Routes::Match Routes::find(std::string_view method, std::string_view path) const {
  Match match;
  for (auto [at, end] = fixed_.equal_range(path); at != end; ++at) {
    match.other_method = true;
    if (at->second.method == method) match.entry = &at->second;
  }
  if (match.entry) return match;
  auto given = split(path, '/');
  for (const auto& entry : entries_) {
    auto wanted = split(entry.pattern, '/');
    if (wanted.size() != given.size()) continue;
    std::vector<std::string> variables;
    bool fits = true;
    for (std::size_t i = 0; i < wanted.size() && fits; ++i) {
      auto hole = wanted[i].find("{}");
      if (hole == std::string_view::npos) {
        fits = wanted[i] == given[i];
        continue;
      }
      auto before = wanted[i].substr(0, hole);
      auto after = wanted[i].substr(hole + 2);
      fits = given[i].size() > before.size() + after.size() && given[i].starts_with(before) &&
             given[i].ends_with(after);
      if (fits)
        variables.emplace_back(
            given[i].substr(before.size(), given[i].size() - before.size() - after.size()));
    }
    if (!fits) continue;
    if (entry.method != method) {
      match.other_method = true;
      continue;
    }
    match.entry = &entry;
    match.variables = std::move(variables);
    return match;
  }
  return match;
}

namespace {
std::shared_ptr<Door> make_door(Services& services) {
  auto door = std::make_shared<Door>(Door{services, {}});
  auto& routes = door->routes;
  add_system_routes(routes);
  add_session_routes(routes);
  add_people_routes(routes);
  add_collection_routes(routes);
  add_document_routes(routes);
  add_conversation_routes(routes);
  add_model_routes(routes);
  add_model_shelf_routes(routes);
  add_receipt_routes(routes);
  add_usage_routes(routes);
  add_notice_routes(routes);
  add_openai_routes(routes);
  add_completion_routes(routes);
  add_response_routes(routes);
  add_kept_conversation_routes(routes);
  add_file_routes(routes);
  add_batch_routes(routes);
  add_vector_store_routes(routes);
  add_vector_store_file_routes(routes);
  add_anthropic_routes(routes);
  add_message_batch_routes(routes);
  add_batch_job_routes(routes);
  add_gemini_routes(routes);
  return door;
}
}  // namespace

Doors make_doors(Services& services) {
  const auto door = make_door(services);
  return {[door](net::ServerCall& call) { return serve_port(*door, call); },
          [door](net::ServerCall& call, identity::Principal who) {
            return serve_house(*door, call, std::move(who));
          }};
}

}  // namespace bastide::http_api
