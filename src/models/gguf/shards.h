// Models in several files, named as llama.cpp's gguf-split names them (NAME-00001-of-00003.gguf): the first
// holds what they say of themselves, the others only weights.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bastide::models::gguf {

/// More than anybody publishes.
constexpr int shards_max = 100;

/// The name of one of them.
struct ShardName {
  std::string before;  // the numbers
  std::string after;   // them: ".gguf" and, of an address, what follows
  int index = 0;       // from 0, although names count from 1
  int count = 0;       // 2 or more

  /// Of another of them, or of this one.
  [[nodiscard]] std::string at(int index) const;
};

/// Of a file's name, its path or its address; nothing for a model in one file.
[[nodiscard]] std::optional<ShardName> parse_shard_name(std::string_view name);

/// All files of the model that begins with `first`: itself alone where its name does not say more.
[[nodiscard]] std::vector<std::string> shard_files(const std::string& first);

}  // namespace bastide::models::gguf
