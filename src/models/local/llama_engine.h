// The one place that knows llama.cpp. Everything it offers is in our own terms, and its exceptions end here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bastide::models::local {

using Token = std::int32_t;

enum class ModelKind { chat, embedding, reranker };

/// How layers are spread over GPUs: placement.h.
struct Offload;

struct EngineOptions {
  std::string file;
  std::string vision_file{};  // what lets it see ("mmproj"); empty: it reads text only
  ModelKind kind = ModelKind::chat;
  std::string pooling{};      // of an embedding model: "mean", "cls" or "last"; empty: what its file says
  int context_tokens = 4096;  // per sequence; cut to what the model was trained for
  int slots = 4;              // sequences at once
  int threads = 1;
  std::shared_ptr<const Offload> offload{};  // null: the processor computes all
  std::function<void(int per_cent)> on_progress{};
  /// A GPU cannot be computed on any more: its driver failed, or its memory was taken. On the inference
  /// thread; what the engine does from then on fails.
  std::function<void()> on_device_lost{};
};

struct EngineFacts {
  std::string description;  // architecture, size and quantisation
  std::int64_t parameters = 0;
  int context_tokens = 0;  // per sequence
  int dimension = 0;       // of an embedding; of a reranker: how many outputs it has
};

/// Whom what is computed for a call belongs to: see slot.h for what others may use of it.
struct CacheScope {
  std::string person;  // who asks; empty: nobody in particular
  std::string rights;  // the same text: the same may be read
  std::size_t instruction_tokens =
      0;                       // of the prompt's beginning, which hold nothing of a person or document
  std::string adapters{};      // the set that it is computed with; empty: the model as it is
  std::string organisation{};  // whose instructions these are
  std::string end_user{};      // for whom a program of that person asks, as it says
};

enum class Priority : std::uint8_t { interactive, batch };

/// What one token added to an answer.
struct Delta {
  std::string text;
  std::string reasoning;
  std::string tool_calls;  // the OpenAI array of one chunk; empty when none
  std::string logprobs;    // the OpenAI array of one chunk, of the token drawn; empty when not asked for
};

/// By itself, or at a limit of the call or of the context.
enum class Ending : std::uint8_t { whole, cut };

enum class Draws { the_likeliest, by_chance };

/// One chat call on its way: prompt, sampler, stop words and the parser of reasoning and tool calls.
/// Used by one thread at a time. Must not outlive its Engine.
class Generation {
 public:
  ~Generation();
  /// Negative tokens, which no vocabulary has, stand for images: equal ones for equal images.
  [[nodiscard]] const std::vector<Token>& prompt() const;
  [[nodiscard]] bool holds_images() const;
  /// Where the model places the token at `index` of prompt and answer: images may count for less than their
  /// tokens.
  [[nodiscard]] int position(std::size_t index) const;
  /// A run of the prompt that is computed as one kind: tokens, or one image.
  struct Run {
    std::size_t begin = 0, end = 0;
    bool is_image = false;
    bool is_whole = false;  // its attention looks both ways: it is decoded at once
  };
  /// The one that holds `index`. What follows the prompt is text.
  [[nodiscard]] Run run_at(std::size_t index) const;
  [[nodiscard]] const CacheScope& scope() const;
  [[nodiscard]] Priority priority() const;
  /// 0: as many as the context holds.
  [[nodiscard]] std::int64_t max_tokens() const;
  /// How many guessed tokens may be checked at once: speculation.h.
  [[nodiscard]] std::size_t guess_max() const;
  /// How the next token is drawn.
  [[nodiscard]] Draws draws() const;
  /// How many are checked at least wherever there are guesses, whether that pays or not.
  [[nodiscard]] std::size_t guess_min() const;
  /// Draws the next token from the logits at `row` of the last decoded batch.
  [[nodiscard]] Result<Token> sample(int row);
  [[nodiscard]] bool ends_answer(Token token) const;
  /// What the grammar forces, or nearly, to come next, `size_max` tokens at most. A guess: the same
  /// characters may come as other tokens.
  [[nodiscard]] std::vector<Token> forced(std::size_t size_max);
  /// What can be shown after `token`.
  [[nodiscard]] Delta take(Token token);
  /// The rest of the answer.
  [[nodiscard]] Delta finish(Ending ending);
  /// A stop word was met.
  [[nodiscard]] bool stopped() const;
  [[nodiscard]] bool called_tools() const;

  struct Impl;
  explicit Generation(std::unique_ptr<Impl> impl);

 private:
  friend class Engine;
  std::unique_ptr<Impl> impl_;
};

/// A loaded model with its context. `prepare`, `count` and `facts` are thread-safe; the rest belongs to the
/// inference thread.
class Engine {
 public:
  /// Code::unavailable with detail load_failed when llama.cpp refuses the file.
  static Result<std::unique_ptr<Engine>> load(const EngineOptions& options);
  ~Engine();

  [[nodiscard]] const EngineFacts& facts() const;

  /// Renders the model's own chat template over an OpenAI chat completion body. Code::invalid with detail
  /// bad_request (the message says which field) or context_too_long.
  [[nodiscard]] Result<std::unique_ptr<Generation>> prepare(std::string_view body_json) const;
  /// Tokens of the prompt that `prepare` would make.
  [[nodiscard]] Result<std::uint32_t> count(std::string_view body_json) const;

  /// Text as it stands, without a template.
  [[nodiscard]] Result<std::vector<Token>> tokenize(std::string_view text) const;

  // --- a batch of several sequences ---
  void clear_batch();
  /// The next batch is computed with the adapters of `call`: all of its calls have the same
  /// CacheScope::adapters. Loads those that are not there. Code::unavailable, adapter_failed.
  [[nodiscard]] Result<void> use_adapters_of(const Generation& call);
  /// Returns the row of the token within the batch.
  int add(int slot, Token token, int position, bool wants_logits);
  /// Code::internal with detail decode_failed; the caches of the batch's slots are then undefined.
  [[nodiscard]] Result<void> decode();
  /// Whether the image at `index` of the prompt was looked at, as it must be before it is decoded. Begins
  /// to, in the background. Code::upstream, image_failed.
  [[nodiscard]] Result<bool> has_seen(Generation& call, std::size_t index);
  /// Decodes `count` tokens from `index` on, which lie in one image that was seen, after what `slot` holds.
  /// The last of them is row `count` - 1.
  [[nodiscard]] Result<void> decode_image(int slot, const Generation& call, std::size_t index,
                                          std::size_t count, bool wants_logits);
  struct Likely {
    Token token = 0;
    float probability = 0;
  };
  /// What the last token of the last decoded batch, which wanted logits, is most likely followed by.
  [[nodiscard]] Likely likeliest() const;
  /// Whether both know the same tokens by the same numbers (some at the end, which stand for nothing, aside).
  [[nodiscard]] bool has_vocabulary_of(const Engine& other) const;
  /// Forgets what `slot` holds from `position` on. False: the model cannot forget a part, everything is gone.
  bool forget(int slot, int position);
  /// Whether `forget` can forget a part.
  [[nodiscard]] bool can_take_back() const;
  /// Whether positions and tokens part after an image.
  [[nodiscard]] bool images_take_fewer_positions() const;
  /// Makes `to` hold what `from` holds up to `positions`. False: not possible, `to` is then empty.
  bool copy(int from, int to, int positions);
  /// Promises that `slot` holds the same first `positions` tokens as the one that stands before it in this
  /// batch: attention reads them once for all that are chained so. Until `clear_batch`.
  void share_beginning(int slot, std::size_t positions);
  /// What `slot` holds of the positions [from, to), for kv_state.h. Empty: this model's state cannot be had.
  [[nodiscard]] std::string save(int slot, int from, int to);
  /// Makes `slot` hold `state`. False: not possible, the slot is then empty.
  bool restore(int slot, std::string_view state);

  // --- embeddings and relevance ---
  /// What is read of a text, or of a query with a document.
  struct Reading {
    std::vector<Token> tokens;
    bool is_cut = false;  // its end, or the document's, did not fit into context_tokens
  };
  /// Cut at context_tokens, the end token kept.
  [[nodiscard]] Result<Reading> tokenize_for_embedding(std::string_view text) const;
  /// What a text that would be cut is told: how long it is, or that it is longer than its first megabyte.
  [[nodiscard]] Error too_long_to_embed(std::string_view text) const;
  /// Mean-pooled (or as the file says) and normalised; the texts together fit one batch
  /// (`embedding_batch_tokens`, `embedding_batch_texts`).
  [[nodiscard]] Result<std::vector<std::vector<float>>> embed(std::span<const std::vector<Token>> texts);
  /// A query with one of the documents that are to be ranked, as the model wants them joined: by its own
  /// template for reranking, else by end and separator tokens. Code::invalid, context_too_long, when the
  /// query leaves no room for a document.
  [[nodiscard]] Result<Reading> tokenize_pair(std::string_view query, std::string_view document) const;
  /// How relevant each pair's document is, 0 to 1; the pairs together fit one batch.
  [[nodiscard]] Result<std::vector<float>> score(std::span<const std::vector<Token>> pairs);
  [[nodiscard]] int embedding_batch_tokens() const;
  [[nodiscard]] int embedding_batch_texts() const;

 private:
  /// Computes `texts` as sequences of one batch; what was computed before is forgotten.
  [[nodiscard]] Result<void> decode_texts(std::span<const std::vector<Token>> texts);

  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bastide::models::local
