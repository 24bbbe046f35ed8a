// What operators choose for calls as a whole: [observability], [cache].
#include <fmt/format.h>

#include <algorithm>

#include "base/config_reader.h"

namespace bastide::detail {

void read_observability(ConfigTable& root, Config& config) {
  auto table = root.table("observability");
  if (!table) return;
  auto& into = config.observability;
  table->text("otlp_url", into.otlp_url, "an address such as \"http://127.0.0.1:4318/v1/traces\"");
  if (!into.otlp_url.empty() && !into.otlp_url.starts_with("http://") &&
      !into.otlp_url.starts_with("https://"))
    table->wrong("otlp_url", "begins with https:// or http://.");
  table->number("trace_share", into.trace_share, 0, 1);
  table->text("access_log", into.access_log, "\"stdout\" or the path of a file");
  table->finish();
}

void read_cache(ConfigTable& root, Config& config) {
  auto table = root.table("cache");
  if (!table) return;
  auto& into = config.cache;
  into.on = true;
  constexpr std::int64_t seconds_most = 30LL * 24 * 3600, one_mebibyte = 1024 * 1024;
  table->words("models", into.models, R"(["fast"])");
  for (const auto& name : into.models)
    if (std::ranges::find(config.models, name, &ModelConfig::id) == config.models.end())
      table->wrong("models", fmt::format("names \"{}\", which no [[model]] has.", name));
  table->integer("seconds", into.seconds, 1, seconds_most);
  std::int64_t megabytes = into.bytes_max / one_mebibyte;
  table->integer("megabytes", megabytes, 16, 65'536);
  into.bytes_max = megabytes * one_mebibyte;
  table->finish();
}

}  // namespace bastide::detail
