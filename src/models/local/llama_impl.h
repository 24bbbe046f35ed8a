// What the files of the llama.cpp adapter share. No other file includes this.
#pragma once

#include <chat.h>
#include <ggml-cpu.h>
#include <llama.h>
#include <log.h>
#include <sampling.h>

#include <array>
#include <bitset>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/local/answer_parser.h"
#include "models/local/distinct_items.h"
#include "models/local/llama_engine.h"
#include "models/local/llama_vision.h"
#include "models/local/sampling.h"
#include "models/local/spacing.h"
#include "models/local/speculation.h"
#include "models/local/text_gate.h"
#include "models/local/thread_governor.h"

struct llama_grammar;

namespace bastide::models::local {

struct ModelDeleter {
  void operator()(llama_model* model) const { llama_model_free(model); }
};
struct ContextDeleter {
  void operator()(llama_context* context) const { llama_free(context); }
};

struct PoolDeleter {
  void operator()(ggml_threadpool* pool) const { ggml_threadpool_free(pool); }
};

/// What llama.cpp is told of GPUs.
struct Offload {
  std::vector<ggml_backend_dev_t> devices;                  // ends with null
  int gpu_layers = 0;                                       // -1: all
  std::vector<float> split;                                 // among several GPUs; empty: by their free memory
  std::vector<llama_model_tensor_buft_override> overrides;  // tensors that stay; ends with null or is empty
};
/// The library's log goes nowhere: it holds prompts' text at some levels.
void silence_llama();
[[nodiscard]] std::unexpected<Error> load_failed(const std::string& file);
[[nodiscard]] llama_model_params model_params(const EngineOptions& options);
[[nodiscard]] llama_context_params context_params(const EngineOptions& options, int context_tokens,
                                                  int slots);

/// Of an image that a model looks at all at once. No known one makes more of one.
constexpr std::size_t whole_image_tokens = 2048;

struct AdapterUse {
  std::string name;  // for people
  std::string file;
  std::string key;  // of its content
  float scale = 1;
};
/// From "bastide": {"adapters": [{"name", "file", "key", "scale"}]}, which the server writes.
[[nodiscard]] Result<std::vector<AdapterUse>> read_adapters(const nlohmann::json& body);
/// The same for the same adapters at the same scales.
[[nodiscard]] std::string key_of(std::span<const AdapterUse> adapters);

/// Loaded adapters, bounded. The inference thread's own: llama.cpp looks through all of a model's adapters
/// while it computes.
class AdapterShelf {
 public:
  static constexpr std::uint64_t bytes_max = 1ULL << 30;
  static constexpr std::size_t count_max = 128;
  /// Loads what is not there. Code::unavailable, adapter_failed. Stays alive as long as somebody holds it.
  [[nodiscard]] Result<std::shared_ptr<llama_adapter_lora>> take(llama_model* model,
                                                                 const AdapterUse& wanted);

 private:
  struct Loaded {
    std::string key;
    std::uint64_t bytes = 0;
    std::shared_ptr<llama_adapter_lora> adapter;
  };
  void make_room(std::uint64_t bytes);
  std::vector<Loaded> loaded_;  // the one used last at the end
};

/// Where a token can be looked for when only few characters may come.
struct TokenIndex {
  explicit TokenIndex(const llama_vocab* vocab);
  // Without those that end an answer. Of those that begin with a space, a third in many vocabularies, the
  // first holds the space alone.
  std::array<std::vector<Token>, 256> by_first_byte, by_byte_after_space;
  std::vector<Token> ends;
  std::vector<bool> may_repeat;  // by token: it could end or hold items of an array (DistinctItems)
};

/// A grammar that always holds, and where an answer stands in it. One thread at a time.
class Grammar {
 public:
  /// Null for what is no grammar.
  static std::unique_ptr<Grammar> of(const llama_vocab* vocab, const std::string& text,
                                     const TokenIndex* tokens = nullptr);
  /// What the answer went on with. Throws where it is not allowed.
  void accept(Token token);
  void accept(std::string_view written);
  /// Sets the logits of what may not follow to minus infinity.
  void refuse(std::span<llama_token_data> candidates) const;
  [[nodiscard]] bool allows(Token token) const;
  /// Bytes with which what follows may begin, or go on after `begun`; a few too many where that is not ASCII.
  [[nodiscard]] std::bitset<256> first_bytes(std::string_view begun = {}) const;
  /// What must come next, `bytes_max` or a few more at most: literal keys of a schema, brackets, with the
  /// space that the answer is likely to put between them. Empty where there is a choice, or nothing.
  [[nodiscard]] std::string forced(std::size_t bytes_max) const;

 private:
  struct Deleter {
    void operator()(llama_grammar* grammar) const;
  };
  Grammar(const llama_vocab* vocab, llama_grammar* grammar, const TokenIndex* tokens)
      : vocab_(vocab), grammar_(grammar), tokens_(tokens) {}
  void accept_letters(std::string_view written);
  [[nodiscard]] bool is_refused(Token token, bool begins_again) const;
  [[nodiscard]] bool leaves_a_quote_only(std::string_view piece) const;

  const llama_vocab* vocab_;
  std::unique_ptr<llama_grammar, Deleter> grammar_;
  const TokenIndex* tokens_;  // null: every token is looked at
  Spacing spacing_;
  std::optional<DistinctItems> distinct_;  // none: no array of the grammar is marked
};

struct Engine::Impl {
  std::unique_ptr<llama_model, ModelDeleter> model;
  std::unique_ptr<ggml_threadpool, PoolDeleter> pool;  // outlives the context
  std::unique_ptr<llama_context, ContextDeleter> context;
  std::unique_ptr<Vision> vision;  // none: it reads text only
  AdapterShelf shelf;
  std::vector<std::shared_ptr<llama_adapter_lora>> held_adapters;  // the context computes with them
  std::string adapters_in_use;
  std::optional<ThreadGovernor> governor;  // none where the processor waits for GPUs
  std::function<void()> on_device_lost;    // none where the processor computes all
  const llama_vocab* vocab = nullptr;
  std::optional<TokenIndex> tokens;
  Templates templates;
  std::vector<llama_logit_bias> end_biases;  // forbids every end of answer: ignore_eos
  EngineFacts facts;
  ParsingTime parsing;
  llama_batch batch{};
  int batch_tokens_max = 0;
  int slots = 1;

  ~Impl() {
    if (batch.token) llama_batch_free(batch);
  }
  [[nodiscard]] Result<void> decode(const llama_batch& what);
};

struct Generation::Impl {
  llama_context* context = nullptr;
  const llama_vocab* vocab = nullptr;
  const TokenIndex* tokens = nullptr;
  std::vector<Token> prompt;
  std::vector<PromptImage> images;  // of the prompt, in its order
  bool images_are_whole = false;
  CacheScope scope;
  std::vector<AdapterUse> adapters;
  Priority priority = Priority::interactive;
  std::int64_t max_tokens = 0;
  bool ignore_eos = false;
  std::size_t guess_max = local::guess_max;
  std::size_t guess_min = 0;
  bool is_greedy = false;  // the likeliest token that `grammar` allows: no other sampler is needed
  int logprobs = -1;       // of so many candidates; -1: none
  std::string drawn;       // logprobs of the token drawn last
  std::vector<Token> stop_tokens;
  std::unique_ptr<Grammar> grammar;  // null: everything is allowed, or `sampler` knows when it holds
  common_sampler_ptr sampler;        // null where `is_greedy`
  std::size_t top_k = 0;  // `sampler` looks at so many of the likeliest only; 0: at all, or it is not known
  std::vector<llama_token_data> candidates;  // of the token drawn last
  std::set<llama_token> preserved;
  TextGate gate{{}};
  std::unique_ptr<AnswerParser> parser;  // null: all of the output is text

  /// The image that holds `index` of the prompt.
  [[nodiscard]] PromptImage& image_at(std::size_t index);
  [[nodiscard]] bool is_allowed(Token token) const;
  [[nodiscard]] bool find_few(const float* logits, std::size_t count_max);
  void refuse(std::span<llama_token_data> asked) const;
  [[nodiscard]] std::span<llama_token_data> allowed(int row, std::size_t wanted);
  [[nodiscard]] std::optional<Token> likeliest(int row);
  [[nodiscard]] std::optional<Token> sampled_among(std::span<llama_token_data> asked);
  [[nodiscard]] std::optional<Token> sampled(int row);
  [[nodiscard]] Result<Token> draw(int row);
};

/// How likely `token` was among all of the vocabulary, before any sampler, and the `top` likeliest: an array
/// of one entry as OpenAI's `logprobs.content` has them.
[[nodiscard]] std::string logprobs_json(llama_context* context, const llama_vocab* vocab, int row,
                                        Token token, int top);

/// Takes the images out of the messages of an OpenAI body, in their order, and leaves `marker` where each
/// was. Code::invalid, image_by_address for one that would have to be fetched, and as decode_image.
[[nodiscard]] Result<std::vector<Pixels>> take_images(nlohmann::ordered_json& body,
                                                      const std::string& marker);
/// The same, as far as their headers tell.
[[nodiscard]] Result<std::vector<ImageSize>> take_image_sizes(nlohmann::ordered_json& body,
                                                              const std::string& marker);

/// What the messages of a call are.
enum class Form : std::uint8_t {
  talk,
  gap,           // the first is what stands before it, the second what stands after
  continuation,  // the first is the text to go on from
};
[[nodiscard]] Form form_of(const nlohmann::json& body);
/// Of a gap or a continuation. Code::invalid, no_infill, when the model fills no gaps.
[[nodiscard]] Result<std::vector<Token>> text_prompt(const llama_vocab* vocab, const nlohmann::json& body,
                                                     Form form);

}  // namespace bastide::models::local
