// The Exchange: one question on its way through the house, from any door. Stages fill it in turn; its trace
// is the receipt that a person can open.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "dialects/chat.h"
#include "identity/principal.h"
#include "policy/labels.h"
#include "policy/route.h"

namespace bastide::exchange {

using dialects::Message;
using dialects::Role;

/// A passage of a document that this person may read, as retrieval found it.
struct Passage {
  std::string id;  // stable while the document's version stands
  std::string document;
  std::string collection;
  std::string title;
  std::string section;  // path of headings, " › " between
  int page = 0;         // 1-based; 0 when the format has none
  std::string text;
  std::string label;
  double score = 0;    // 0 to 1
  double lexical = 0;  // min-max normalised within this query
  double dense = 0;
  double cosine = 0;  // raw similarity, -1 to 1
};

struct Retrieval {
  std::vector<Passage> passages;    // best first: what the model reads
  std::vector<Passage> candidates;  // considered, then dropped; without text
  std::int64_t searched = 0;        // passages that this person may read in the collections asked
  bool supported = false;           // whether anything found is near enough to answer from
  std::string reason;           // why not: nothing_readable too_far empty_collection no_embedding_model ...
  bool dense_available = true;  // false: lexical only, and the trace says so
};

/// One numbered source of the answer. `quote` is word for word from the passage.
struct Citation {
  int marker = 0;
  std::string passage;
  std::string document;
  std::string title;
  int page = 0;
  std::string quote;
  double score = 0;
  std::string header;  // where `quote` is a row of a table: the table's first row, word for word
};

/// What guard found. Offsets are code points of the text that was inspected.
struct Finding {
  std::string type;  // interface.md: person email iban ...
  std::size_t start = 0;
  std::size_t end = 0;
  double score = 0;
  std::string rule;
};

/// What was replaced for a model outside the walls. `original` goes to the person only, never to logs or
/// providers.
struct Masked {
  std::string type;
  std::string token;
  std::string original;
};

struct Usage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cached_input_tokens = 0;
  bool estimated = false;  // the model did not say
  // Parts of the above that have prices of their own.
  std::int64_t cache_write_tokens = 0;
  std::int64_t cache_write_1h_tokens = 0;  // of those, the ones kept for an hour
  std::int64_t reasoning_tokens = 0;       // of the output
  std::int64_t audio_input_tokens = 0, audio_output_tokens = 0;
  std::int64_t image_input_tokens = 0, image_output_tokens = 0;
  // What some providers bill instead of tokens.
  std::int64_t audio_ms = 0;    // of sound that was read
  std::int64_t characters = 0;  // that were spoken
};
[[nodiscard]] Usage usage_of(const dialects::Usage& usage);
[[nodiscard]] dialects::Usage usage_of(const Usage& usage);

struct Energy {
  double wh_low = 0, wh_high = 0;        // Wh
  double gco2e_low = 0, gco2e_high = 0;  // gCO2e, usage and embodied
  double litres_low = 0, litres_high = 0;
  std::string method;                  // name and version
  std::string basis;                   // measured, estimated, unknown
  std::vector<std::string> assumed{};  // what stands in for what is not known, in English sentences
};

/// How fast an answer came, by the clock of what computed it.
struct Speed {
  double queue_s = 0;  // until its prompt was begun
  /// Tokens a second; 0: too few to say. Of the prompt those that were computed, not those that were known
  /// from before; of the answer those after the first.
  double prompt = 0, answer = 0;
};

/// What a model of this house says of a call beside its answer.
struct Computed {
  std::string by;                   // what computed it, for people; empty: nobody said
  std::int64_t guessed_tokens = 0;  // checked ahead of their turn
  std::int64_t guessed_right = 0;
  double joules = 0;        // measured; 0 where `measured_by` is empty or the answer was not waited for
  std::string measured_by;  // whose counters: "RAPL", "NVML", "RAPL and NVML"
  std::optional<Speed> speed{};
};

/// What one stage decided. `reasons` are short English sentences; `detail_json` is an object of its own.
struct StageTrace {
  std::string name;
  std::string decision;
  std::vector<std::string> reasons;
  std::string detail_json;
  std::int64_t took_us = 0;
};

/// What the person asked, and how: the call in words of no dialect (`model` empty or "auto": the router
/// chooses), and what the house is to do with it. Set by the door, never changed by a stage.
struct Ask : dialects::ChatRequest {
  std::string door;                        // web openai cli ...
  std::string capability = "chat";         // what a model must be able to do; empty: none is needed
  std::string conversation;                // pseudonyms hold per conversation; empty: per exchange
  std::string assistant;                   // id; empty: none
  std::optional<std::string> label;        // chosen by the person
  std::optional<std::string> floor_label;  // of the conversation so far: what was read stays labelled
  std::vector<std::string> collections;    // ids; empty: no documents
  bool quote_only = false;
  std::string language;                 // of the interface: "fr" or "en"
  std::string traceparent{};            // the caller's span (W3C), as it came; empty: none
  std::vector<std::string> siblings{};  // models that share the name which was asked for
  /// Until another provider is asked too; 0: none is; unset: as the model's configuration says.
  std::optional<Millis> hedge_after{};
  std::int64_t audio_ms_max = 0;  // of sound that comes along, at the most
  std::int64_t characters = 0;    // to be spoken
};

using dialects::Finish;

/// A second model that was asked because the first had not begun to answer.
struct Hedge {
  policy::ModelCard first, second;
  Millis after{};
  policy::ModelCard lost{};  // the one that was given up for the other; without an id: none was
  Usage lost_usage{};        // what it is taken to have used
};

struct Exchange;
class Completion;
class Restorer;

/// Where an answer goes as it comes: a stored stream, an HTTP response, a terminal. Calls come in order from
/// the exchange's executor; an error stops the exchange (Code::cancelled: the reader left).
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  /// A stage has decided; for progress and for what the person must see before (masking, route).
  virtual Task<Result<void>> on_stage(const StageTrace& stage) = 0;
  virtual Task<Result<void>> on_masked(const std::vector<Masked>& masked) = 0;
  virtual Task<Result<void>> on_text(std::string text) = 0;
  virtual Task<Result<void>> on_reasoning(std::string text) = 0;
  virtual Task<Result<void>> on_citation(const Citation& citation) = 0;
  /// All text so far is void: `text` stands instead (an answer that its passages do not support became
  /// quotes).
  virtual Task<Result<void>> on_replace(std::string text, std::string reason) = 0;
  /// What of the answer is neither text nor thought: PartStart to PartEnd of tool calls and raw parts,
  /// signatures, refusals, log-probabilities, the provider's citations.
  virtual Task<Result<void>> on_event(dialects::StreamEvent event) = 0;
  /// The exchange is complete and its receipt is durable: make the answer durable, then tell that it is done.
  virtual Task<Result<void>> on_done(const Exchange& exchange) = 0;
};

/// Not copied, not shared: one coroutine at a time works on it.
struct Exchange {
  Exchange();
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  std::string id;
  UnixMillis started_at = 0;
  std::int64_t took_ms = -1;  // -1: it has not ended
  Steady::time_point begun = Steady::now();
  identity::Principal who;
  Ask ask;
  std::stop_token stop;
  AnswerSink* sink = nullptr;

  // Filled by the stages.
  policy::Label label;
  std::vector<std::string> label_reasons;
  std::vector<Finding> findings;
  Retrieval retrieval;
  std::string error;        // name of the code and status, when the exchange was refused or failed
  int status = 200;         // as HTTP
  bool admitted = false;    // limits are reserved until the record settles them
  bool quoting = false;     // the answer is quotes; no model is called
  std::string quoting_why;  // asked no_model not_supported nothing_found
  std::vector<Message> prompt;
  policy::Route route;
  std::vector<policy::Candidate> candidates;
  policy::ModelCard model;                   // the one that answered
  std::optional<std::int64_t> answer_cap{};  // of its tokens: nobody asked for one, but budgets pay no more
  std::string span{};                        // of this exchange, as its provider is told; empty: not traced
  int failovers = 0;                         // models that were tried before it
  std::optional<Hedge> hedge{};
  std::vector<Masked> masked;
  /// The call with the prompt and with pseudonyms: what a model outside the walls receives.
  std::optional<dialects::ChatRequest> outgoing;
  std::unique_ptr<Restorer> restorer;      // present when something was replaced
  std::unique_ptr<Completion> completion;  // between call and guard_out
  std::string answer;                      // as the person sees it
  std::vector<Citation> citations;
  std::size_t citations_checked = 0, citations_kept = 0, claims_withheld = 0;
  std::size_t written_bytes = 0;  // by the model, its thoughts and arguments included
  dialects::Losses losses;        // of the call's translation: what the model that answers was not told
  Usage usage;
  double cost = 0;
  bool cost_known = false;
  bool cost_estimated = false;  // the model has no price of its own
  Energy energy;
  Computed computed;
  Finish finish = Finish::stop;
  std::string stop_sequence;        // the one that was written, with Finish::stop_sequence
  std::int64_t first_token_us = 0;  // since the start; 0: none came
  std::vector<StageTrace> trace;
};

/// The receipt of interface.md, GET /api/exchanges/{id}. `error` is given when the exchange was refused or
/// failed.
[[nodiscard]] std::string receipt_json(const Exchange& exchange, const policy::Labels& labels,
                                       const Error* error = nullptr);

}  // namespace bastide::exchange
