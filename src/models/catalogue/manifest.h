// The small JSON file beside each model file in DATA/models: what it is and how to tell that it is whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "models/catalogue/speed.h"

namespace bastide::models {

enum class Kind { chat, embedding, reranker, adapter };
[[nodiscard]] std::string_view kind_name(Kind kind);  // its enumerator
/// Kind::chat for what is unknown.
[[nodiscard]] Kind kind_of(std::string_view name);
/// The capability that calls ask for: chat, embeddings, rerank.
[[nodiscard]] std::string_view main_capability(Kind kind);

/// How the vectors of a text's tokens become one: their "mean", that of the first ("cls"), of the "last".
[[nodiscard]] bool is_pooling(std::string_view name);

/// More than any model has.
constexpr std::int64_t gpu_layers_max = 10'000;

/// A file of a model, and how to tell that it is whole.
struct ModelFile {
  std::string file;  // absolute once read
  std::uint64_t bytes = 0;
  std::string sha256;
  std::int64_t modified_ns = 0;  // when its hash was checked
  bool operator==(const ModelFile&) const = default;
};

/// One installed model. Values.
struct Manifest {
  std::string id;  // [a-z0-9._-], also the names of the files
  std::string name;
  std::string file;  // absolute once read
  std::uint64_t bytes = 0;
  std::string sha256;            // of the file
  std::int64_t modified_ns = 0;  // of the file when its hash was checked
  Kind kind = Kind::chat;
  std::vector<ModelFile> shards;    // of a model in several files: those after the first (gguf/shards.h)
  std::optional<ModelFile> vision;  // of a model that reads images: its projector ("mmproj")
  std::string base;                 // of an adapter: the id of the model that it goes on top of
  std::vector<std::string> capabilities{"chat"};
  std::vector<std::string> languages;
  std::string licence;
  std::int64_t context_tokens = 4096;
  Range parameters_total;   // billions
  Range parameters_active;  // billions
  bool answers_documents = true;
  std::int64_t gpu_layers = -1;  // layers that GPUs compute; -1: as many as fit
  bool keep_loaded = false;      // it is never unloaded
  std::string draft;             // the id of a smaller installed model that guesses ahead for it; empty: none
  std::string pooling;           // of an embedding model: is_pooling; empty: what its file says
  std::string query_prefix;      // embedding models
  std::string passage_prefix;    // embedding models
  std::string source;            // where it came from, for people
  bool is_placed = false;        // by the organisation, where bastide.toml says; else in DATA/models
  std::optional<Speed> speed;    // as it was measured last on this machine
};

/// Whether `id` may name a model and its files, which are ID.gguf or ID-00001-of-00003.gguf and so on,
/// ID.mmproj.gguf and ID.json.
[[nodiscard]] bool is_model_id(std::string_view id);
/// What callers say: BASE:ID for an adapter, else the id.
[[nodiscard]] std::string called(const Manifest& manifest);

/// The model itself, in the order of its shards.
[[nodiscard]] std::vector<ModelFile> weights_of(const Manifest& manifest);
void set_weights(Manifest& manifest, std::vector<ModelFile> files);  // one or more
/// Those first.
[[nodiscard]] std::vector<ModelFile> files_of(const Manifest& manifest);
/// Of all its files.
[[nodiscard]] std::uint64_t bytes_of(const Manifest& manifest);

[[nodiscard]] std::string to_json(const Manifest& manifest);
/// Code::corrupt for JSON that is not a manifest. `folder` is where the file stands.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view json, const std::string& folder);

/// All readable manifests of `folder`, by id. A damaged one is left out and logged.
[[nodiscard]] std::vector<Manifest> read_manifests(const std::string& folder);
/// Replaces FOLDER/ID.json atomically, synced to the disk: from here on the model is visible.
[[nodiscard]] Result<void> write_manifest(const Manifest& manifest, const std::string& folder);

/// Whether the model's files are there and whole: their sizes always, the hash of one that changed since it
/// was last checked. Code::unavailable with detail missing; Code::corrupt with cut_short or corrupt_file.
/// Reads the whole file in the latter case: off the loops.
[[nodiscard]] Result<void> check_file(const Manifest& manifest);
/// The same for one of them.
[[nodiscard]] Result<void> check_file(const Manifest& manifest, const ModelFile& file);
/// Which of them it is, for people: "file", "file 2 of 3", "vision file".
[[nodiscard]] std::string which_file(const Manifest& manifest, const ModelFile& file);

/// SHA-256 of a file in hexadecimal. Code::not_found when it cannot be read.
[[nodiscard]] Result<std::string> hash_file(const std::string& path);
/// Last change of a file in nanoseconds since 1970; 0 when it is not there.
[[nodiscard]] std::int64_t modified_ns(const std::string& path);
/// Replaces `path` atomically by `bytes`, synced. Code::storage_full when there is no room.
[[nodiscard]] Result<void> replace_file(const std::string& path, std::string_view bytes);

}  // namespace bastide::models
