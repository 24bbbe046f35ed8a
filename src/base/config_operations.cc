// What operators choose for calls as a whole: [observability], [cache], [responses], [mail].
#include <fmt/format.h>

#include <algorithm>
#include <array>

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

void read_responses(ConfigTable& root, Config& config) {
  auto table = root.table("responses");
  if (!table) return;
  constexpr std::int64_t ten_years = 3650;
  table->flag("store", config.responses.store);
  table->integer("keep_days", config.responses.keep_days, 1, ten_years);
  table->finish();
}

void read_mail(ConfigTable& root, Config& config) {
  auto table = root.table("mail");
  if (!table) return;
  static constexpr std::array<std::string_view, 3> ways{"required", "from_start", "none"};
  constexpr std::int64_t port_of_tls = 465, port_most = 65'535;
  auto& into = config.mail;
  table->text("host", into.host, "the name of a mail server such as \"smtp.example.org\"",
              ConfigTable::Need::required);
  if (into.host.find_first_of("/ :@") != std::string::npos)
    table->wrong("host", "is a name or an address alone: its port goes into `port`.");
  if (const auto way = table->choice("tls", ways)) into.tls = static_cast<MailConfig::Tls>(*way);
  if (into.tls == MailConfig::Tls::from_start) into.port = port_of_tls;
  table->integer("port", into.port, 1, port_most);
  table->text("ca_file", into.ca_file, "the path of a certificate authority in PEM");
  table->text("from", into.from, "an address such as \"bastide@example.org\"", ConfigTable::Need::required);
  const auto at = into.from.find('@');
  if (!into.from.empty() && (at == 0 || at == std::string::npos || at + 1 == into.from.size() ||
                             into.from.find_first_of(" <>\r\n") != std::string::npos))
    table->wrong("from", "is an address alone, such as \"bastide@example.org\".");
  table->text("user", into.user, "the name to sign in with");
  if (auto password = table->secret("password")) into.password = std::move(password->secret);
  if (into.user.empty() != into.password.value.empty())
    table->wrong("user", "and password_env (or password_file) go together.");
  if (!into.user.empty() && into.tls == MailConfig::Tls::none)
    table->wrong("tls", "is needed where a password is sent: \"required\" or \"from_start\".");
  table->finish();
}

}  // namespace bastide::detail
