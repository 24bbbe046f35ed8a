#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/json.h"
#include "base/time.h"

namespace bastide::log {
namespace {
spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = spdlog::stderr_logger_mt("bastide");
    made->set_pattern("%v");
    return made;
  }();
  return *instance;
}

void write(spdlog::level::level_enum level, std::string_view name, std::string_view event,
           std::initializer_list<Field> fields) {
  if (!logger().should_log(level)) return;
  std::string line = R"({"at":")" + rfc3339(now_ms()) + R"(","level":")";
  line.append(name).append(R"(","event":)");
  append_json_string(line, event);
  for (const auto& field : fields) {
    line.push_back(',');
    append_json_string(line, field.name);
    line.push_back(':');
    line.append(field.json);
  }
  line.push_back('}');
  logger().log(level, line);
}
}  // namespace

Field::Field(std::string_view field, std::string_view text) : name(field) { append_json_string(json, text); }
Field::Field(std::string_view field, double number) : name(field), json(fmt::format("{}", number)) {}

void set_level(Level level) {
  constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info,
                                                  spdlog::level::warn, spdlog::level::err};
  logger().set_level(levels[static_cast<int>(level)]);
}

void debug(std::string_view event, std::initializer_list<Field> f) {
  write(spdlog::level::debug, "debug", event, f);
}
void info(std::string_view event, std::initializer_list<Field> f) {
  write(spdlog::level::info, "info", event, f);
}
void warn(std::string_view event, std::initializer_list<Field> f) {
  write(spdlog::level::warn, "warn", event, f);
}
void error(std::string_view event, std::initializer_list<Field> f) {
  write(spdlog::level::err, "error", event, f);
}

}  // namespace bastide::log
