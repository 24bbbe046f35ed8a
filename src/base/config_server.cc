// [server] and the sections of single rooms.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/config_reader.h"

namespace bastide::detail {
namespace {

bool is_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto digits = text.substr(colon + 1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && end == digits.data() + digits.size() && port <= 65535;
}

void read_int(ConfigTable& table, std::string_view key, int& into, int low, int high) {
  std::int64_t value = into;
  table.integer(key, value, low, high);
  into = static_cast<int>(value);
}

}  // namespace

void read_server(ConfigTable& root, Config& config) {
  auto table = root.table("server");
  if (!table) return;
  auto& server = config.server;
  constexpr std::string_view address = "an address and a port such as \"127.0.0.1:8080\"";
  table->text("listen", server.listen, address);
  if (!is_listen_address(server.listen))
    table->wrong("listen", fmt::format("is {}, not \"{}\".", address, server.listen));
  table->text("tls_certificate_file", server.tls_certificate_file, "the path of a certificate chain in PEM");
  table->text("tls_key_file", server.tls_key_file, "the path of a private key in PEM");
  if (server.tls_certificate_file && !server.tls_key_file)
    table->wrong("tls_certificate_file", "needs tls_key_file beside it.");
  if (server.tls_key_file && !server.tls_certificate_file)
    table->wrong("tls_key_file", "needs tls_certificate_file beside it.");
  table->text("public_url", server.public_url, "an address such as \"https://ai.example.org\"");
  if (!server.public_url.empty() && !server.public_url.starts_with("http://") &&
      !server.public_url.starts_with("https://"))
    table->wrong("public_url", "begins with https:// or http://.");
  auto upload_bytes_max = static_cast<std::int64_t>(server.upload_bytes_max);
  constexpr std::int64_t one_tebibyte = std::int64_t{1} << 40;
  table->integer("upload_bytes_max", upload_bytes_max, 1, one_tebibyte);
  server.upload_bytes_max = static_cast<std::uint64_t>(upload_bytes_max);
  table->text("organisation", server.organisation, "the name that the sign-in page shows");
  table->finish();
}

void read_rooms(ConfigTable& root, Config& config) {
  if (auto table = root.table("footprint")) {
    table->text("country", config.footprint.country, "a country of ISO 3166-1 alpha-3 such as \"FRA\"");
    const auto& country = config.footprint.country;
    if (country.size() != 3 || country.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos)
      table->wrong("country", "is three capital letters of ISO 3166-1 alpha-3 such as \"FRA\".");
    table->finish();
  }
  if (auto table = root.table("guard")) {
    table->flag("pseudonymise_outside", config.guard.pseudonymise_outside);
    table->words("block_outside", config.guard.block_outside, R"(["secret", "card"])");
    static const std::vector<std::string> types{
        "person",        "location",  "organisation",  "email",      "phone",  "iban",
        "card",          "nir",       "siren",         "siret",      "vat",    "passport",
        "licence_plate", "ip",        "date_of_birth", "address",    "secret", "injection",
        "jailbreak",     "off_topic", "toxicity",      "unsupported"};
    for (const auto& type : config.guard.block_outside)
      if (std::ranges::find(types, type) == types.end())
        table->wrong("block_outside", fmt::format("names \"{}\", which is no type of finding{}", type,
                                                  suggestion(type, types)));
    table->finish();
  }
  if (auto table = root.table("knowledge")) {
    table->id("embedding_model", config.knowledge.embedding_model, ConfigTable::Need::optional);
    read_int(*table, "parse_seconds_max", config.knowledge.parse_seconds_max, 1, 3600);
    read_int(*table, "parse_memory_mb_max", config.knowledge.parse_memory_mb_max, 64, 65536);
    table->finish();
  }
  if (auto table = root.table("local_models")) {
    table->integer("idle_minutes", config.local_models.idle_minutes, 1, 10'080);
    table->finish();
  }
}

}  // namespace bastide::detail
