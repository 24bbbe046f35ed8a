// Sign-in, sign-out, first start, one's own settings.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http_api/problem.h"
#include "http_api/routes.h"
#include "http_api/workspace/views.h"

namespace bastide::http_api {
namespace {

constexpr std::string_view cookie_name = "bastide_session";
constexpr std::int64_t cookie_seconds = 90LL * 24 * 3600;

std::string cookie_of(const Call& call, std::string_view token, std::int64_t seconds) {
  std::string out(cookie_name);
  out.append("=")
      .append(token)
      .append("; Path=/; HttpOnly; SameSite=Strict; Max-Age=")
      .append(std::to_string(seconds));
  if (call.request().secure) out += "; Secure";
  return out;
}

std::string session_json(const Call& call, const identity::SignedIn& session) {
  JsonWriter json;
  json.object().key("person");
  write_person(json, session.person);
  json.field("csrf", session.csrf)
      .field("organisation", call.services.config.server.organisation)
      .field("notice_seen", session.person.notice_seen_at.has_value())
      .field("expires_at", rfc3339(session.expires_at));
  return json.end().take();
}

identity::Client client_of(const Call& call) {
  return {call.request().peer, std::string(call.request().headers.find("user-agent").value_or("")),
          call.session_token};
}

Task<Result<void>> send_session(Call& call, const identity::SignedIn& session) {
  auto sent = co_await call.send_json(200, session_json(call, session),
                                      {{"set-cookie", cookie_of(call, session.token, cookie_seconds)}});
  co_return sent;
}

Task<Result<void>> get_session(Call& call) {
  // Somebody's session, or what the sign-in page needs to know.
  std::string token;
  if (auto header = call.request().headers.find("cookie")) {
    auto at = header->find(std::string(cookie_name) + "=");
    if (at != std::string_view::npos) {
      auto rest = header->substr(at + cookie_name.size() + 1);
      token = rest.substr(0, rest.find(';'));
    }
  }
  auto& identity = call.services.identity;
  if (!token.empty()) {
    auto session = co_await call.blocking([&] { return identity.authenticate_session(token); });
    if (session) {
      auto sent = co_await call.send_json(200, session_json(call, *session));
      co_return sent;
    }
  }
  auto needed = co_await call.blocking([&] { return identity.setup_needed(); });
  if (!needed) co_return pass(needed);
  JsonWriter extra;
  extra.object()
      .field("setup_needed", *needed)
      .field("organisation", call.services.config.server.organisation)
      .end();
  auto inside = extra.take();
  Error error{Code::unauthenticated, "You are not signed in.", "", "Sign in."};
  auto sent = co_await call.send_json(
      401, problem_json(error, call.language, std::string_view(inside).substr(1, inside.size() - 2)));
  co_return sent;
}

Task<Result<void>> sign_in(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto email = text_field(*body, "email");
  if (!email) co_return pass(email);
  auto password = body->value("password", nlohmann::json(""));
  if (!password.is_string()) co_return fail(Code::invalid, "The password must be a text.", "wrong_field");
  auto secret = password.get<std::string>();
  auto client = client_of(call);
  auto& identity = call.services.identity;
  auto session = co_await call.blocking([&] { return identity.sign_in(*email, secret, client); });
  if (!session) {
    // Who tried is not known to be anybody: the address is what an administrator can act upon.
    note(call, "sign_in.failed", "", client.address);
    if (session.error().code == Code::rate_limited) {
      auto wait = identity.sign_in_wait(*email, client.address).count();
      auto sent = co_await call.send_json(429, problem_json(session.error(), call.language),
                                          {{"retry-after", std::to_string(std::max<std::int64_t>(wait, 1))}});
      co_return sent;
    }
    co_return pass(session);
  }
  note(call, "sign_in", session->person.id, session->person.id);
  auto sent = co_await send_session(call, *session);
  co_return sent;
}

Task<Result<void>> sign_out(Call& call) {
  auto& identity = call.services.identity;
  auto done = co_await call.blocking([&] { return identity.sign_out(call.session_token); });
  if (!done) co_return done;
  call.answered = true;
  auto sent = co_await call.http.send({204, {{"set-cookie", cookie_of(call, "", 0)}}, {}});
  co_return sent;
}

Task<Result<void>> get_link(Call& call) {
  auto token = call.query("token");
  auto& identity = call.services.identity;
  auto link = co_await call.blocking([&] { return identity.link(token); });
  if (!link) co_return pass(link);
  constexpr std::string_view kinds[] = {"first_administrator", "invitation", "password_reset"};
  JsonWriter json;
  json.object()
      .field("kind", kinds[static_cast<int>(link->kind)])
      .field("email", link->email)
      .field("name", link->name)
      .field("organisation", call.services.config.server.organisation)
      .end();
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

Task<Result<void>> use_link(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  auto token = text_field(*body, "token");
  if (!token) co_return pass(token);
  auto email = text_field(*body, "email");
  if (!email) co_return pass(email);
  auto name = text_field(*body, "name");
  if (!name) co_return pass(name);
  auto given = body->value("password", nlohmann::json(""));
  if (!given.is_string()) co_return fail(Code::invalid, "The password must be a text.", "wrong_field");
  auto password = given.get<std::string>();
  auto client = client_of(call);
  auto& identity = call.services.identity;
  auto session =
      co_await call.blocking([&] { return identity.use_link(*token, *email, *name, password, client); });
  if (!session) co_return pass(session);
  note(call, "link_used", session->person.id, session->person.id);
  auto sent = co_await send_session(call, *session);
  co_return sent;
}

Task<Result<void>> change_me(Call& call) {
  auto body = co_await call.json_body();
  if (!body) co_return pass(body);
  identity::MeChanges changes;
  auto name = maybe_text(*body, "name");
  if (!name) co_return pass(name);
  changes.name = *name;
  auto language = maybe_text(*body, "language");
  if (!language) co_return pass(language);
  changes.language = *language;
  if (body->contains("notice_seen")) changes.notice_seen = (*body)["notice_seen"] == true;
  if (auto password = body->find("password"); password != body->end() && password->is_object()) {
    auto old_one = password->value("old", nlohmann::json(""));
    auto new_one = password->value("new", nlohmann::json(""));
    if (!old_one.is_string() || !new_one.is_string())
      co_return fail(Code::invalid, "The password must be a text.", "wrong_field");
    changes.password = identity::MeChanges::Password{old_one.get<std::string>(), new_one.get<std::string>()};
  }
  auto& identity = call.services.identity;
  auto person =
      co_await call.blocking([&] { return identity.update_me(call.who, changes, call.session_token); });
  if (!person) co_return pass(person);
  JsonWriter json;
  write_person(json, *person);
  auto sent = co_await call.send_json(200, json.take());
  co_return sent;
}

}  // namespace

void add_session_routes(Routes& routes) {
  routes.add({"GET", "/api/session", Access::anyone, get_session});
  routes.add({"POST", "/api/session", Access::anyone, sign_in});
  routes.add({"DELETE", "/api/session", Access::person, sign_out});
  routes.add({"GET", "/api/setup", Access::anyone, get_link});
  routes.add({"POST", "/api/setup", Access::anyone, use_link});
  routes.add({"PATCH", "/api/me", Access::person, change_me});
}

}  // namespace bastide::http_api
