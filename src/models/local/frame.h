// Messages between the server and a worker: 4 bytes of length, 1 of kind, 8 of call, then the body.
// Both sides treat the other's bytes as outside input: a model file may have taken over the worker.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bastide::models::local {

enum class FrameKind : std::uint8_t {
  // To the worker.
  chat = 1,    // an OpenAI chat completion body as JSON
  cancel = 2,  // empty
  embed = 3,   // {"texts": [...], "cut": whether texts that are too long are cut or refused}
  count = 4,   // as chat
  setup = 5,   // {"prefix_folder","prefix_key","model","memory_bytes","disk_bytes"}: before all others
  rerank = 6,  // {"query", "documents": [...]}
  // From the worker.
  progress = 16,    // loading, one byte: per cent
  ready = 17,       // {"context_tokens", "dimension", "parameters", "description", "energy"}
  failed = 18,      // an error as JSON: the model could not be loaded
  accepted = 19,    // u32: tokens of the prompt
  text = 20,        // complete UTF-8
  reasoning = 21,   // complete UTF-8
  tool_calls = 22,  // the OpenAI `tool_calls` array of one chunk
  finish = 23,      // FinishBody
  error = 24,       // an error as JSON
  vectors = 25,     // u32 tokens read, u32 texts cut, u32 count, u32 dimension, floats
  counted = 26,     // u32
  logprobs = 27,    // the OpenAI `logprobs.content` array of one chunk
  scores = 28,      // u32 tokens read, u32 documents cut, u32 count, floats
  queued = 29,      // u32 place (0: waits no longer), u32 seconds (0: not known)
  placed = 30,      // {"place", "on_gpu"}: before it loads
};

struct Frame {
  FrameKind kind = FrameKind::cancel;
  std::uint64_t call = 0;  // 0: about the worker itself
  std::string body;
};

/// Receives the frames of all calls, from any thread.
using Send = std::function<void(FrameKind kind, std::uint64_t call, std::string_view body)>;

constexpr std::size_t frame_body_max_bytes = 64ULL * 1024 * 1024;

void append_frame(std::string& out, FrameKind kind, std::uint64_t call, std::string_view body);

/// Frames out of bytes split anywhere. One thread at a time. After an error it stays in error.
class FrameParser {
 public:
  explicit FrameParser(std::size_t body_max_bytes = frame_body_max_bytes) : body_max_bytes_(body_max_bytes) {}
  /// Appends complete frames to `out`. Code::corrupt for an unknown kind or a body over the limit.
  [[nodiscard]] Result<void> feed(std::string_view bytes, std::vector<Frame>& out);

 private:
  std::size_t body_max_bytes_;
  std::string pending_;
  bool broken_ = false;
};

enum class FinishReason : std::uint8_t { stop = 0, length = 1, tool_calls = 2, cancelled = 3 };

struct FinishBody {
  FinishReason reason = FinishReason::stop;
  std::uint32_t input_tokens = 0;
  std::uint32_t output_tokens = 0;
  std::uint32_t cached_tokens = 0;
  std::uint32_t guessed_tokens = 0;  // checked ahead of their turn
  std::uint32_t guessed_right = 0;   // of them
  double joules = 0;                 // where the worker said that it measures
  double queue_s = 0;                // until its prompt was begun
  double prompt_s = 0;               // from there to the first token
  double answer_s = 0;               // from there to the last
};

[[nodiscard]] std::string encode(const FinishBody& finish);
[[nodiscard]] Result<FinishBody> decode_finish(std::string_view body);

[[nodiscard]] std::string encode_number(std::uint32_t number);
[[nodiscard]] Result<std::uint32_t> decode_number(std::string_view body);

struct QueuedBody {
  std::uint32_t place = 0;
  std::uint32_t wait_s = 0;
};

[[nodiscard]] std::string encode(const QueuedBody& queued);
[[nodiscard]] Result<QueuedBody> decode_queued(std::string_view body);

/// Texts as vectors; see exchange::Embeddings.
struct VectorsBody {
  std::uint32_t tokens = 0;
  std::uint32_t texts_cut = 0;
  std::vector<std::vector<float>> vectors;
};
[[nodiscard]] std::string encode(const VectorsBody& vectors);
/// Refuses other counts than `expected`, dimensions over 65,536 and numbers that are not finite.
[[nodiscard]] Result<VectorsBody> decode_vectors(std::string_view body, std::size_t expected);

/// How relevant each document is; see exchange::Ranking.
struct ScoresBody {
  std::uint32_t tokens = 0;
  std::uint32_t documents_cut = 0;
  std::vector<float> scores;
};
[[nodiscard]] std::string encode(const ScoresBody& scores);
/// Refuses other counts than `expected` and numbers that are not finite.
[[nodiscard]] Result<ScoresBody> decode_scores(std::string_view body, std::size_t expected);

/// {"code","message","detail","action","retry_after_s","values"}; an unknown code becomes Code::internal.
[[nodiscard]] std::string encode_error(const Error& error);
[[nodiscard]] Error decode_error(std::string_view body);

}  // namespace bastide::models::local
