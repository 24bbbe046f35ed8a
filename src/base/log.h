// Structured logs, one JSON object a line on standard error. Never content, never secrets: ids, counts,
// codes, times.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace bastide::log {

/// One field of a line. Numbers stay numbers.
struct Field {
  std::string_view name;
  std::string json;

  Field(std::string_view field, std::string_view text);
  Field(std::string_view field, const char* text) : Field(field, std::string_view(text)) {}
  Field(std::string_view field, const std::string& text) : Field(field, std::string_view(text)) {}
  Field(std::string_view field, bool yes) : name(field), json(yes ? "true" : "false") {}
  Field(std::string_view field, double number);
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view field, T number) : name(field), json(std::to_string(number)) {}
};

enum class Level { debug, info, warn, error };
/// Lines under `level` are dropped. Thread-safe, as everything here.
void set_level(Level level);

/// `event` is a stable snake_case name.
void debug(std::string_view event, std::initializer_list<Field> fields = {});
void info(std::string_view event, std::initializer_list<Field> fields = {});
void warn(std::string_view event, std::initializer_list<Field> fields = {});
void error(std::string_view event, std::initializer_list<Field> fields = {});

}  // namespace bastide::log
