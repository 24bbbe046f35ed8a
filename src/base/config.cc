#include "base/config.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/config_reader.h"

namespace bastide {

Config default_config() {
  Config config;
  config.labels = detail::standard_labels();
  config.default_label = "internal";
  return config;
}

Result<Config> parse_config(std::string_view toml, const std::string& name) {
  auto document = detail::ConfigDocument::parse(toml, name);
  if (!document) return pass(document);
  Config config;
  auto root = document->root();
  // What others refer to comes first.
  detail::read_server(root, config);
  detail::read_zones(root, config);
  detail::read_providers(root, config);
  detail::read_models(root, config);
  detail::read_labels(root, config);
  detail::read_policy(root, config);
  detail::read_budgets(root, config);
  detail::read_limits(root, config);
  detail::read_rooms(root, config);
  detail::read_observability(root, config);
  detail::read_cache(root, config);
  detail::read_responses(root, config);
  detail::read_mail(root, config);
  root.finish();
  if (auto error = document->error()) return std::unexpected(std::move(*error));
  config.warnings = document->warnings();
  return config;
}

Result<Config> read_config(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return fail(
        Code::not_found, fmt::format("{}: cannot be read: {}.", path, std::strerror(errno)), "config",
        "Give the path of a readable file to --config, or leave --config out to start with the defaults.");
  // One byte more than parse_config takes, so that it is the one to refuse a file that is too large.
  constexpr std::size_t bytes_max = 4 * 1024 * 1024 + 1;
  std::string bytes(bytes_max, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (in.bad() || (in.fail() && !in.eof()))
    return fail(Code::invalid, fmt::format("{}: cannot be read: it may be a folder.", path), "config",
                "Give the path of a file to --config.");
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return parse_config(bytes, path);
}

}  // namespace bastide
