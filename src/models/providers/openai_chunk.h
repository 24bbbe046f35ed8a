// Chunks of an OpenAI stream, read with simdjson; and whole answers of servers that do not stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exchange/exchange.h"

namespace bastide::models {

/// What one chunk, or one whole answer, says.
struct Chunk {
  std::string text;
  std::string reasoning;
  std::string tool_calls;  // JSON array; empty when none
  std::optional<exchange::Finish> finish;
  std::optional<exchange::Usage> usage;
  bool is_error = false;   // {"error": ...} within the stream
  std::string error_code;  // its code or type when that is a plain word
};

/// Reuses its buffers. One thread at a time.
class ChunkParser {
 public:
  ChunkParser();
  ~ChunkParser();
  ChunkParser(const ChunkParser&) = delete;
  ChunkParser& operator=(const ChunkParser&) = delete;

  /// One event of the stream (chat.completion.chunk). Code::upstream with detail invalid_json. Unknown fields
  /// are skipped; reasoning is taken from reasoning_content, reasoning and content parts of type "thinking".
  [[nodiscard]] Result<Chunk> parse(std::string_view json);
  /// A chat.completion object. As parse; it must hold a choice.
  [[nodiscard]] Result<Chunk> parse_whole(std::string_view json);
  /// Vectors of an embeddings answer in the order of their index. Code::upstream, invalid_json.
  [[nodiscard]] Result<std::vector<std::vector<float>>> parse_vectors(std::string_view json,
                                                                      std::size_t expected);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bastide::models
