// What an API key may do, as JSON.
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http_api/call.h"
#include "http_api/workspace/views.h"

namespace bastide::http_api {
namespace {

constexpr std::array<std::string_view, 3> guards{"off", "observe", "enforce"};
constexpr std::array<std::string_view, 3> priorities{"interactive", "program", "batch"};

/// The value whose name `body` gives; `otherwise` when it gives none.
template <class T>
Result<T> choice(const nlohmann::json& body, std::string_view field,
                 const std::array<std::string_view, 3>& names, T otherwise) {
  auto text = text_field(body, field);
  if (!text) return pass(text);
  if (text->empty()) return otherwise;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (*text == names[i]) return static_cast<T>(i);
  return fail(
      Code::invalid, "\"" + std::string(field) + "\" is none of the words it may be.", "key_settings",
      "Use " + std::string(names[0]) + ", " + std::string(names[1]) + " or " + std::string(names[2]) + ".");
}

}  // namespace

Result<identity::KeySettings> key_settings(const nlohmann::json& body) {
  identity::KeySettings settings;
  for (auto [name, into] : {std::pair("scopes", &settings.scopes), std::pair("models", &settings.models),
                            std::pair("addresses", &settings.addresses)}) {
    auto list = text_list(body, name);
    if (!list) return pass(list);
    *into = std::move(*list);
  }
  for (auto [name, into] :
       {std::pair("application", &settings.application), std::pair("assistant", &settings.assistant)}) {
    auto text = text_field(body, name);
    if (!text) return pass(text);
    *into = std::move(*text);
  }
  auto guard = choice(body, "guard", guards, settings.guard);
  if (!guard) return pass(guard);
  settings.guard = *guard;
  auto priority = choice(body, "priority", priorities, settings.priority);
  if (!priority) return pass(priority);
  settings.priority = *priority;
  auto expires = text_field(body, "expires");
  if (!expires) return pass(expires);
  if (!expires->empty()) {
    settings.expires_at = parse_day(*expires);
    if (!settings.expires_at)
      return fail(Code::invalid, "\"expires\" is no day.", "key_expiry", "Write it as 2027-01-31.");
  }
  return settings;
}

void write_key_settings(JsonWriter& json, const identity::KeySettings& settings) {
  const auto list = [&](std::string_view name, const std::vector<std::string>& words) {
    json.key(name).array();
    for (const auto& word : words) json.value(word);
    json.end();
  };
  list("scopes", settings.scopes);
  list("models", settings.models);
  list("addresses", settings.addresses);
  json.field("application", settings.application)
      .field("assistant", settings.assistant)
      .field("guard", guards[static_cast<std::size_t>(settings.guard)])
      .field("priority", priorities[static_cast<std::size_t>(settings.priority)]);
}

}  // namespace bastide::http_api
