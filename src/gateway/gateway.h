// The short way of a call, from the door to the provider and back: as bytes where both speak one dialect,
// else translated.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/extra_calls.h"
#include "base/fair_gate.h"
#include "base/metrics.h"
#include "dialects/dialect.h"
#include "exchange/ports.h"
#include "gateway/answer_cache.h"
#include "gateway/answer_reader.h"
#include "gateway/plan.h"
#include "identity/key_table.h"
#include "identity/principal.h"
#include "net/client.h"
#include "net/server.h"
#include "observe/traces.h"
#include "policy/accounts.h"
#include "policy/usage.h"

namespace bastide::gateway {

/// By which a call says after how many milliseconds without an answer's begin another provider is asked too;
/// 0: never.
inline constexpr std::string_view hedge_header = "x-bastide-hedge-after-ms";

/// What the gateway asks of other rooms; all outlive it.
struct Rooms {
  policy::Accounts& accounts;
  policy::UsageLog& log;
  const exchange::Guard& guard;
  net::Client& client;
  const KeyRings& keys;  // of providers
  const identity::KeyTable& callers;
  const FairGates& gates;
  observe::Traces* traces;  // null: none leave
  Metrics& metrics;
};

/// Thread-safe; calls run on the loop of their connection.
class Gateway {
 public:
  Gateway(const Config& config, const policy::Router& router, const policy::Labels& labels, Rooms rooms);
  ~Gateway();

  enum class Way {
    answered,  // the client has its answer, or left
    refused,   // `error` is to be told
    long_way,  // nothing has happened: the exchange's stages must see this call
  };
  struct Outcome {
    Way way = Way::long_way;
    std::string exchange{};
    std::optional<Error> error{};
    std::string header_lines{};  // what a refusal tells of limits
    std::string model{};         // what the name that was asked stands for this time, when it is an alias
    Alias::Why why{};            // it was taken
    Alias::Place place{};        // there; held as long as the call runs
  };
  /// `body` is the call as it came, with its string's capacity at least 64 bytes beyond its size or else
  /// copied.
  [[nodiscard]] Task<Outcome> pass(net::ServerCall& http, const identity::Principal& who,
                                   dialects::Dialect dialect, const std::string& body) const;

  /// The model that a name which several share stands for this time; empty when it is no such name.
  [[nodiscard]] std::string member_of(std::string_view name) const;
  /// All models that share it.
  [[nodiscard]] std::vector<std::string> members_of(std::string_view name) const;

  struct Passing;

 private:
  struct Counters;
  struct Sight {
    enum class Says { pass, mask, stages } says = Says::stages;
    std::uint32_t types = 0;  // of data that were found
    std::vector<std::pair<std::size_t, std::size_t>> places{};
  };
  /// What the guard makes of a call.
  [[nodiscard]] Sight look(const identity::Principal& who, const Plan& plan, std::string_view body,
                           std::size_t readable_bytes) const;
  /// Whether the cache answers; notes what of it the call wants.
  [[nodiscard]] bool finds_answer(Passing& passing, const net::Headers& headers) const;
  [[nodiscard]] Task<Outcome> replay(net::ServerCall& http, Passing& passing) const;
  /// Reserves the most that the call may take. Where the caller sets no limit and a budget does not allow the
  /// longest answer, less is reserved, and the provider told.
  [[nodiscard]] Result<void> admit(Passing& passing) const;
  [[nodiscard]] Outcome refuse(Passing& passing, Error error) const;
  /// To the model that was asked, then to its fallbacks, until one answers.
  [[nodiscard]] Task<Outcome> send(net::ServerCall& http, Passing& passing) const;
  /// The models that may answer, the one that was asked first.
  [[nodiscard]] static std::vector<const Plan*> order_of(const Passing& passing);
  [[nodiscard]] policy::Amounts bound_of(const Passing& passing, const Plan& plan,
                                         std::int64_t answer_tokens) const;
  /// Reserves for `plan` instead of the one before.
  [[nodiscard]] Result<void> choose(Passing& passing, const Plan& plan) const;
  /// What became of one provider's turn.
  struct Turn {
    enum class What {
      answered,     // the client has an answer, or left
      rejected,     // `kept` is the provider's refusal of this very call
      failed,       // another may do better
      key_refused,  // so may another key
      key_limited,
      busy,         // its queue is full
      key_over,     // the caller's own key has ended
      needs_stages  // only the long way can go on
    };
    [[nodiscard]] bool is_failure() const {
      return what == What::failed || what == What::key_refused || what == What::key_limited ||
             what == What::busy;
    }
    What what = What::failed;
    std::optional<Error> error{};
    std::unique_ptr<net::Relayed> kept{};  // apart: most turns keep none, and many coroutines hold one
  };
  /// One provider, with one key after another.
  [[nodiscard]] Task<Turn> ask_with_keys(net::ServerCall& http, Passing& passing, const Plan& plan,
                                         KeyRing::Urgency urgency) const;
  [[nodiscard]] Task<Turn> ask(net::ServerCall& http, Passing& passing, const Plan& plan,
                               std::shared_ptr<const std::string> key) const;
  [[nodiscard]] static Turn judge(net::Relayed answer);
  /// Puts the call into the words of `plan`'s provider, when it speaks another dialect than the caller.
  /// False: the stages must see this call, to do what is not done here or to say why it cannot be said there.
  [[nodiscard]] static bool translate(Passing& passing, const Plan& plan);
  /// Reads the call into words of no dialect. False: the stages must see it.
  [[nodiscard]] static bool read(Passing& passing);
  /// Puts tokens in the place of what may not leave as it is. False: the stages must see this call.
  [[nodiscard]] bool mask(Passing& passing, const Sight& sight) const;
  /// What a provider of another dialect refused, as an error that any dialect can tell.
  static void put_in_words(Turn& turn, const Plan& plan);
  void keep_copy(const Passing& passing, const Plan& plan, AnswerReader& answer) const;
  /// A kept answer in the caller's dialect.
  [[nodiscard]] Task<Turn> give_whole(net::ServerCall& http, Passing& passing, const Plan& plan,
                                      class Translator& translator, std::string_view body) const;
  /// Lines of the house in an answer's head.
  [[nodiscard]] static std::string head_lines(const Passing& passing);
  struct Ending {
    int status = 200;
    std::string_view error{};  // a code word; empty: none
  };
  /// `answer` is null when nobody answered.
  void settle(Passing& passing, const AnswerReader* answer, const Ending& ending) const;
  void trace(const Passing& passing, const policy::UsageRow& row, const Ending& ending) const;

  Rooms rooms_;
  Plans plans_;
  policy::Word label_, chosen_, fallback_;
  std::array<policy::Word, 5> doors_{};  // by dialect
  policy::Word cached_;
  std::array<policy::Word, 3> pool_reasons_{};  // by Alias::Why
  std::string cache_everyone_;  // whose answers all share, when the default label is public; else empty
  std::unique_ptr<AnswerCache> cache_;
  std::vector<std::string> cached_models_;
  mutable ExtraCalls retries_{5};
  std::unique_ptr<Counters> counters_;
};

}  // namespace bastide::gateway
