// Result<T>: what may fail because of the environment or of outside input. Bugs throw or assert instead.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bastide {

/// What went wrong, as a stable name that programs may test. `code_name` gives its text; `http_status` the
/// status that a web answer carries. Add at the end of a group; never rename one that was released.
enum class Code {
  invalid,            // the caller's input is malformed                          400
  unauthenticated,    // nobody is signed in, or the key is unknown                401
  forbidden,          // this person may not do that                               403
  not_found,          // it does not exist, or this person may not know that it does 404
  conflict,           // it exists already, or changed meanwhile                   409
  too_large,          // over a limit of size                                      413
  unsupported,        // of a kind that is not handled                             415
  refused_by_policy,  // policy does not allow it; nothing was sent                403
  budget_exhausted,   // money, tokens or energy of the period are used up         429
  rate_limited,       // too many in the time                                      429
  cancelled,          // the caller left or asked to stop                          499
  overloaded,         // a queue is full; try later                                503
  unavailable,        // a part that is needed is not there now                    503
  timeout,            // it took longer than allowed                               504
  upstream,           // a model or server that we called failed                   502
  storage_full,       // no space left                                             507
  corrupt,            // stored or given data is damaged                           422
  internal,           // a bug                                                     500
};

[[nodiscard]] std::string_view code_name(Code code);
[[nodiscard]] int http_status(Code code);

struct ByteCount {
  std::uint64_t bytes = 0;
  bool operator==(const ByteCount&) const = default;
};

/// A name, a count or an amount that an error's sentences tell. They hold it as "{name}".
struct ErrorValue {
  std::string name;
  std::variant<std::string, std::int64_t, double, ByteCount> value;
  bool operator==(const ErrorValue&) const = default;
};

/// `message` is a sentence for a person in English; `detail` names the case for programs and for translation
/// (a stable snake_case word such as "password_protected"; empty when `code` says it all); `action` is what
/// to do. None of them ever holds a secret or a person's content.
struct Error {
  Code code = Code::internal;
  std::string message;
  std::string detail{};
  std::string action{};
  /// Seconds from now after which trying again may help; 0: not known.
  std::int64_t retry_after_s{};
  /// What `message` and `action` were filled with; texts in other languages are filled with the same.
  std::vector<ErrorValue> values{};
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(Code::invalid, "The name is empty.")`
[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string message, std::string detail = {},
                                                 std::string action = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(detail), std::move(action)});
}

/// An error whose sentences hold `values`: "The model needs {needs} of memory; {free} are available."
[[nodiscard]] Error error_with(std::vector<ErrorValue> values, Code code, std::string_view message,
                               std::string detail, std::string_view action = {});

/// Passes an error on from a Result of another type.
template <class T>
[[nodiscard]] std::unexpected<Error> pass(Result<T>& from) {
  return std::unexpected(std::move(from.error()));
}

}  // namespace bastide
