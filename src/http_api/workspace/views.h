// Values of the rooms as the workspace's JSON.
#pragma once

#include <string_view>

#include "base/json.h"
#include "http_api/call.h"
#include "identity/account.h"

namespace bastide::http_api {

void write_person(JsonWriter& json, const identity::Person& person);
[[nodiscard]] std::string_view role_name(identity::Role role);
[[nodiscard]] Result<identity::Role> role_of(std::string_view name);

/// Readers of a form field: one a line, or between commas, or a JSON list.
[[nodiscard]] std::vector<std::string> split_readers(std::string_view text);

/// Appends an administrative event to the audit log, without holding up the answer: a failure is logged and
/// counted.
void note(Call& call, std::string_view kind, std::string actor, std::string subject);

/// What a body says of a new key: scopes, models, addresses, application, assistant, guard, priority, expires
/// (a day). Code::invalid.
[[nodiscard]] Result<identity::KeySettings> key_settings(const nlohmann::json& body);
/// The same as fields of an object, but for the expiry.
void write_key_settings(JsonWriter& json, const identity::KeySettings& settings);

}  // namespace bastide::http_api
