#include "observe/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/json.h"
#include "base/log.h"

namespace bastide::observe {
namespace {

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto wrote = ::write(file, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

}  // namespace

std::string access_line(const policy::UsageRow& row, const WordText& text) {
  JsonWriter json;
  json.object()
      .field("at", rfc3339(row.at_ms))
      .field("exchange", row.exchange_id())
      .field("person", text(row.person))
      .field("key", text(row.key))
      .field("door", text(row.door))
      .field("asked", text(row.model_asked))
      .field("model", text(row.model))
      .field("provider", text(row.provider))
      .field("label", text(row.label))
      .field("status", row.status)
      .field("outcome", outcome_of(row))
      .field("error", text(row.error))
      .field("failovers", row.failovers)
      .field("cache_hit", (row.flags & policy::usage_flag::cache_hit) != 0)
      .field("input_tokens", row.input)
      .field("output_tokens", row.output)
      .field("cost", policy::from_amount(policy::Unit::money, row.nano_money))
      .field("latency_ms", row.latency_us / 1000)
      .field("first_token_ms", row.first_token_us / 1000)
      .end();
  return json.take() + "\n";
}

void AccessLog::take(std::span<const policy::UsageRow> rows) {
  std::string lines;
  for (const auto& row : rows) lines += access_line(row, text_);
  const bool is_stdout = where_ == "stdout";
  const int file =
      is_stdout ? STDOUT_FILENO : ::open(where_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  const bool written = file >= 0 && write_all(file, lines);
  if (file >= 0 && !is_stdout) ::close(file);
  if (!written && !std::exchange(failing_, true)) log::error("access_log_not_written", {{"file", where_}});
  if (written) failing_ = false;
}

}  // namespace bastide::observe
