// What the codecs of all dialects do alike with what is not theirs.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/json.h"
#include "dialects/json_in.h"
#include "dialects/request.h"

namespace bastide::dialects::detail {

/// Keeps the fields of `from` that are not among `known` as they came.
void keep_others(const object& from, std::initializer_list<std::string_view> known, Dialect dialect,
                 Others& out);
/// Writes again what came from `own`; the others are lost (lose_field), `path` before their names.
void write_others(JsonWriter& json, const Others& others, Dialect own, std::string_view path, Losses& losses);
/// All of them are lost.
void lose_others(const Others& others, std::string_view path, Losses& losses);
/// "a.b"; "b" when `path` is empty.
[[nodiscard]] std::string under(std::string_view path, std::string_view name);
[[nodiscard]] std::string at(std::string_view path, std::size_t index);

/// `id` when it has at most `length_max` of the characters that `allowed` says; else a text of `length`
/// letters and digits that depends on `id` alone, so that a call and its result still meet.
enum class IdCharacters : std::uint8_t { alphanumeric, word };
[[nodiscard]] std::string call_id(std::string_view id, IdCharacters allowed, std::size_t length_min,
                                  std::size_t length_max);

/// The `bastide` object of a request. Code::invalid names the field.
[[nodiscard]] Result<void> read_bastide(const object& body, ChatRequest& request);
/// A number of `from` within bounds, if it is there. Code::invalid names it.
[[nodiscard]] Result<void> read_real(const object& from, std::string_view name, double low, double high,
                                     std::optional<double>& out);
[[nodiscard]] Result<void> read_integer(const object& from, std::string_view name, std::int64_t low,
                                        std::int64_t high, std::optional<std::int64_t>& out);
[[nodiscard]] Result<void> read_flag(const object& from, std::string_view name, std::optional<bool>& out);
[[nodiscard]] Result<void> read_texts(const object& from, std::string_view name, std::size_t count_max,
                                      std::vector<std::string>& out);

/// The name of the call that a result answers, from the messages before it; empty when there is none.
[[nodiscard]] std::string_view name_of_call(const std::vector<Message>& messages, std::string_view call_id);

/// A data URL taken apart, an address as it is.
void set_address(Media& media, std::string_view url);

}  // namespace bastide::dialects::detail
