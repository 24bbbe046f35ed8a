// Where the pseudonyms of conversations are kept: the port. storage/guard implements it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bastide::guard {

/// The store sees sealed bytes only. Thread-safe; methods block: call them on a pool.
class PseudonymStore {
 public:
  virtual ~PseudonymStore() = default;

  struct Stored {
    std::string sealed;        // empty when there is none
    std::int64_t version = 0;  // 0 when there is none
  };
  virtual Result<Stored> load(std::string_view conversation) = 0;
  /// Replaces the map when its version is still `expected` (0: there was none) and returns once it is
  /// durable; Code::conflict with detail "pseudonyms_changed" when another answer of the conversation was
  /// quicker.
  virtual Result<void> save(std::string_view conversation, std::string_view person, std::string_view sealed,
                            std::int64_t expected) = 0;
  /// Forgets a conversation. Fine when there is none.
  virtual Result<void> forget(std::string_view conversation) = 0;
  /// Forgets all conversations of a person.
  virtual Result<void> forget_person(std::string_view person) = 0;
};

}  // namespace bastide::guard
