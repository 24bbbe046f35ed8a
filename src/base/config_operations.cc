// What operators choose for calls as a whole: [observability].
#include <fmt/format.h>

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

}  // namespace bastide::detail
