// What the parts of the gateway share: a call on its way, and what a thread keeps for all of its calls.
// Private to gateway*.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dialects/codec.h"
#include "dialects/scan.h"
#include "gateway/answer_cache.h"
#include "gateway/gateway.h"
#include "gateway/texts.h"

namespace bastide::gateway {

// A caller as a thread remembers it: finding an account costs more than using it.
struct Caller {
  std::string person;
  std::vector<std::string> groups;
  std::shared_ptr<policy::Account> account;
  bool has_token_budget = false;
};

// Parsers and their buffers: a call uses them between two suspensions only, so one set a thread is enough.
struct Desk {
  dialects::Scanner scanner;
  TextReader texts;
  const policy::Accounts* of = nullptr;
  std::unordered_map<std::string, Caller> callers;  // by key, or by person
  const policy::UsageLog* log = nullptr;
  policy::UsageWriter* writer = nullptr;
};
[[nodiscard]] Desk& desk();
[[nodiscard]] const Caller& caller_of(policy::Accounts& accounts, const identity::Principal& who,
                                      policy::Moment now);
[[nodiscard]] policy::UsageWriter& writer_of(policy::UsageLog& log);

/// Lines for the head of an answer: what the caller's limits leave.
[[nodiscard]] std::string rate_lines(policy::Account& account, dialects::Dialect dialect, policy::Moment now);

struct Gateway::Counters {
  explicit Counters(Metrics& metrics)
      : calls(metrics.counter("bastide_gateway_calls_total", "Calls that passed as bytes.")),
        failovers(metrics.counter("bastide_gateway_failovers_total",
                                  "Calls that a provider failed and another took.")),
        retries(metrics.counter("bastide_gateway_retries_total",
                                "Calls that were sent again because every target failed.")),
        first_byte(metrics.histogram("bastide_gateway_first_byte_seconds",
                                     "From a call's arrival to the first byte of its answer.")) {}
  Counter& calls;
  Counter& failovers;
  Counter& retries;
  Histogram& first_byte;
};

/// One call on its way.
struct Gateway::Passing {
  const identity::Principal& who;
  dialects::Dialect dialect;
  const std::string& body;
  dialects::ChatHead head;
  std::string exchange;
  const dialects::Codec& codec;  // of the address that was asked
  const Plan* asked = nullptr;
  const Plan* plan = nullptr;    // the one that is tried
  const Alias* alias = nullptr;  // under which it was asked
  Alias::Why why{};              // this one of its members
  int failovers = 0;
  std::int64_t cap =
      0;  // of the answer's tokens, told to the provider because a budget allows no more; 0: none
  std::shared_ptr<policy::Account> account{};
  policy::Reservation reservation{};
  policy::Moment begun{};
  std::optional<observe::Traces::Begun> trace{};
  std::optional<AnswerCache::Key> cache_key{};  // the call takes part in the cache
  std::shared_ptr<const CachedAnswer> hit{};
  std::uint32_t found_types = 0;  // of data that the guard found in it
  /// The call in words of no dialect, once a provider of another one is asked, or with tokens in it.
  std::optional<dialects::ChatRequest> neutral{};
  /// Puts values back in the place of the tokens that the provider gets; null: it gets none.
  std::unique_ptr<exchange::Restorer> restorer{};
  [[nodiscard]] bool passes_as_bytes(const Plan& to) const {
    return to.upstream->dialect == dialect && !restorer;
  }
  /// How `to`'s server calls the most that this answer may have; empty: no field of the body does.
  [[nodiscard]] std::string_view limit_field(const Plan& to) const;
  /// ... and in the words of one provider.
  struct Translated {
    const Plan* plan = nullptr;
    std::int64_t cap = 0;
    std::string body{};
    std::string warning{};  // of what its dialect has no word for, harmless; empty: nothing
  };
  Translated translated{};
};

}  // namespace bastide::gateway
