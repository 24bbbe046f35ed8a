// What the stages need of the other rooms. Each room implements its port; the composition root joins them.
// All methods are thread-safe. Those that return a Task may suspend; the others are quick and do not block.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exchange/exchange.h"

namespace bastide::exchange {

// --- policy: limits and budgets
// ---------------------------------------------------------------------------------
/// What an exchange costs, in the organisation's currency.
struct Cost {
  double amount = 0;
  bool known = false;      // false: no model was called
  bool estimated = false;  // the model has no price: the dearest that is known stands in
};

class Admission {
 public:
  virtual ~Admission() = default;
  /// Limits, and budgets in tokens and requests. Code::rate_limited or Code::budget_exhausted (the message
  /// says how much and until when). `tokens` is an upper bound that is reserved until `settle`. Returns
  /// sentences for the trace.
  virtual Result<std::vector<std::string>> admit(const Exchange& exchange, std::int64_t tokens) = 0;
  /// Money, energy and the model's own budget, once it is known which model is to be called; again for each
  /// other that is tried, in place of the one before. The tokens are upper bounds. Code::budget_exhausted,
  /// Code::rate_limited.
  virtual Result<void> choose(const Exchange& exchange, const policy::ModelCard& model,
                              std::int64_t input_tokens, std::int64_t output_tokens) = 0;
  /// The same for a second model that is asked beside the first, besides what is held for that: a call more,
  /// of limits and budgets too. Once for an exchange.
  virtual Result<void> choose_beside(const Exchange& exchange, const policy::ModelCard& model,
                                     std::int64_t input_tokens, std::int64_t output_tokens) = 0;
  /// Counts what the exchange took (its model, usage and energy), writes its row in the usage log, with
  /// another for a model that was given up for the one asked beside it, and ends it. One that was not
  /// admitted took nothing, and has its row all the same. Once for an exchange.
  virtual Cost settle(const Exchange& exchange) = 0;
};

// --- guard
// ------------------------------------------------------------------------------------------------------
/// Restores pseudonyms while text streams. One coroutine at a time.
class Restorer {
 public:
  virtual ~Restorer() = default;
  /// What of `text` (with what was held back) can be shown now, restored. Valid UTF-8 in, valid UTF-8 out.
  virtual std::string feed(std::string_view text) = 0;
  /// Whether feed would give just `text`, valid UTF-8, and hold nothing back: then it counts as fed. Else
  /// nothing has happened.
  [[nodiscard]] virtual bool passes(std::string_view text) {
    (void)text;
    return false;
  }
  /// As feed, on a whole JSON text (arguments of a tool call): values are restored escaped, nothing is held
  /// back.
  virtual std::string restore_json(std::string_view json) = 0;
  /// The rest, at the end of a text; another may follow.
  virtual std::string finish() = 0;
  /// Another one for another text of the same answer, which streams between.
  [[nodiscard]] virtual std::unique_ptr<Restorer> another() const = 0;
  /// Tokens of this conversation's shape that could not be restored.
  [[nodiscard]] virtual std::size_t unresolved() const = 0;
};

struct Pseudonymised {
  dialects::ChatRequest request;       // as the provider will receive it
  std::vector<Masked> masked;          // what was replaced, for the person
  std::uint32_t types = 0;             // of that, as Guard::Verdict has them
  std::unique_ptr<Restorer> restorer;  // null when the conversation knows no pseudonym
};

class Guard {
 public:
  virtual ~Guard() = default;
  struct Verdict {
    std::string decision;  // allow mask warn block
    std::vector<Finding> findings;
    std::vector<std::string> reasons;
    // Of the data among the findings: a bit for each type, as the guard numbers them, and the bytes.
    std::uint32_t types = 0;
    std::vector<std::pair<std::size_t, std::size_t>> places{};
  };
  /// Looks at what the person typed. CPU-bound, under a millisecond for 2 KB: may run on a loop.
  virtual Verdict inspect(std::string_view text) const = 0;
  /// Replaces personal data by tokens that hold for the conversation (stored, encrypted).
  /// Code::refused_by_policy when something may not leave even masked (a secret). Fails closed: an error
  /// means nothing is sent.
  virtual Task<Result<Pseudonymised>> pseudonymise(std::string conversation, std::string person,
                                                   dialects::ChatRequest request) = 0;
  /// The same for one call that nobody comes back to: its tokens hold for the call and are kept nowhere.
  /// CPU-bound, some times what `inspect` takes: may run on a loop for texts of its size. `clean`: texts in
  /// which `inspect` has found nothing; they are not looked at again.
  [[nodiscard]] virtual Result<Pseudonymised> mask(const dialects::ChatRequest& request,
                                                   std::span<const std::string_view> clean) const = 0;
};

// --- knowledge
// --------------------------------------------------------------------------------------------------
class Knowledge {
 public:
  virtual ~Knowledge() = default;
  /// Passages that `who` may read, and nothing of others. Code::not_found for a collection that does not
  /// exist or that may not be read: the same words for both.
  virtual Task<Result<Retrieval>> retrieve(identity::Principal who, std::string query,
                                           std::vector<std::string> collections, std::size_t limit) = 0;
  /// The best passages' own sentences for `query`, best first, at most `limit`.
  virtual Task<Result<std::vector<Citation>>> quotes(std::string query, std::vector<Passage> passages,
                                                     std::size_t limit) = 0;

  struct ClaimCheck {
    bool is_claim = true;    // false: a connective sentence that states nothing of its own
    bool supported = false;  // by the passages it cites, or by another which `citations` then names
    std::string text;        // the sentence with its markers put right: every supported claim has one
    std::vector<Citation> citations;
  };
  /// Checks one sentence of an answer: words, numbers, dates, names, negation. Pure; microseconds.
  virtual ClaimCheck check(std::string_view sentence, std::string_view question,
                           std::span<const Passage> passages) const = 0;
};

// --- models
// -----------------------------------------------------------------------------------------------------
/// A running completion; destroying it cancels it (upstream learns within 100 ms).
class Completion {
 public:
  virtual ~Completion() = default;
  /// The next event. After End there is none. An upstream that dies is an error, never a clean end; so is one
  /// that says that it failed: there is no Failure among the events.
  virtual Task<Result<dialects::StreamEvent>> next() = 0;
  /// What the model was not told, because its dialect has no word for it.
  [[nodiscard]] virtual const dialects::Losses& losses() const {
    static const dialects::Losses none;
    return none;
  }
  /// `by` from the beginning, all of it after End.
  [[nodiscard]] virtual Computed computed() const { return {}; }
};

/// Whom a call is for. A model of this house computes a beginning that several calls have once, and must know
/// who may gain from that.
struct Caller {
  std::string person;
  std::string organisation;
  std::string rights;  // the same text: the same may be read
  identity::Priority priority = identity::Priority::interactive;
  bool reads_documents = false;  // its instructions hold passages: they are not everybody's
};

struct ModelCall {
  policy::ModelCard model;
  dialects::ChatRequest request;
  Caller caller{};
  std::string traceparent{};  // what a provider is told of the trace; empty: nothing
};

/// Texts as vectors, in their order.
struct Embeddings {
  std::vector<std::vector<float>> vectors;
  std::int64_t tokens = 0;    // of all texts, as they were read; 0: nobody counted
  std::size_t texts_cut = 0;  // whose end did not fit
};
/// What becomes of a text that is longer than its model reads.
enum class TooLong { refuse, cut };

/// Documents judged by a reranker.
struct Ranking {
  std::vector<float> relevance;   // one a document, in their order; 0 to 1 from models of this house
  std::int64_t tokens = 0;        // read, query and documents together; 0: nobody counted
  std::size_t documents_cut = 0;  // whose end did not fit
};

/// A call of a provider that is no conversation, in the words of its dialect.
struct ProviderCall {
  policy::ModelCard model;
  std::string path;  // below the provider's base_url: "/embeddings"
  std::string content_type{"application/json"};
  std::string body;
};

/// What the provider answers once it has accepted a call. Destroying it before its end cancels the call.
class ProviderAnswer {
 public:
  virtual ~ProviderAnswer() = default;
  [[nodiscard]] virtual std::string content_type() const = 0;
  /// The next piece, empty at the end; Code::upstream, truncated, when it broke off.
  virtual Task<Result<std::string>> read() = 0;
};

/// All of it; Code::upstream, too_large, beyond `bytes_max`.
[[nodiscard]] Task<Result<std::string>> read_all(std::unique_ptr<ProviderAnswer> answer,
                                                 std::size_t bytes_max);

class Models {
 public:
  virtual ~Models() = default;
  /// All models that are configured or on this machine, ready or not.
  [[nodiscard]] virtual std::vector<policy::ModelCard> catalogue() const = 0;
  /// Returns when the model has accepted the call; errors before the first event may be failed over.
  virtual Task<Result<std::unique_ptr<Completion>>> start(ModelCall call, std::stop_token stop) = 0;
  /// Prompt size of `messages` for `model`: exact for a local model that is loaded, else characters / 3
  /// rounded up.
  [[nodiscard]] virtual std::int64_t count_tokens(const policy::ModelCard& model,
                                                  std::span<const Message> messages) const = 0;
  /// One vector a text, normalised; `kind` chooses the prefix that the embedding model wants.
  enum class EmbedKind { query, passage, raw };
  /// Code::invalid, context_too_long, where that refuses a text.
  virtual Task<Result<Embeddings>> embed(std::string model, std::vector<std::string> texts, EmbedKind kind,
                                         TooLong too_long) = 0;
  /// How relevant each document is for `query`. Code::unsupported, no_capability, from models that are no
  /// rerankers.
  virtual Task<Result<Ranking>> rerank(policy::ModelCard model, std::string /*query*/,
                                       std::vector<std::string> /*documents*/, std::stop_token /*stop*/) {
    co_return fail(Code::unsupported, "The model \"" + model.id + "\" ranks no documents.", "no_capability");
  }
  /// Returns when the provider has accepted the call; what it refuses is an error as of `start`. A house
  /// without providers has nobody to send to: Code::not_found.
  virtual Task<Result<std::unique_ptr<ProviderAnswer>>> send(ProviderCall call, std::stop_token stop);
};

// --- observability
// ----------------------------------------------------------------------------------------------
/// Spans of exchanges, for a collector. Quick, never blocks.
class Spans {
 public:
  virtual ~Spans() = default;
  /// The span of a call that came with `traceparent` (may be empty), as its provider is told; empty: it is
  /// not traced.
  [[nodiscard]] virtual std::string begin(std::string_view traceparent) const = 0;
  /// The exchange, whose `span` is not empty, has ended.
  virtual void end(const Exchange& exchange) = 0;
};

// --- footprint, governance
// --------------------------------------------------------------------------------------
class Footprint {
 public:
  virtual ~Footprint() = default;
  /// `computed` is what was measured, if it was.
  [[nodiscard]] virtual Energy of(const policy::ModelCard& model, const Usage& usage, double latency_s,
                                  const Computed& computed) const = 0;
};

class Records {
 public:
  virtual ~Records() = default;
  /// Stores the receipt and appends its hash to the audit log in one transaction; returns when both are
  /// durable.
  virtual Task<Result<void>> keep(std::string exchange, std::string person, std::string receipt_json) = 0;
  /// Appends an event that is no receipt, durable on return: a stable word, who, about what (ids), an object.
  virtual Task<Result<void>> note(std::string kind, std::string actor, std::string subject,
                                  std::string json) = 0;
};

}  // namespace bastide::exchange
