// A key for each person, under which the content that is theirs is sealed.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bastide::identity {

/// Thread-safe; may block on the first use of a person, later answers come from memory.
class PersonKeys {
 public:
  virtual ~PersonKeys() = default;
  /// 32 bytes for base's seal(); made and stored, wrapped by the master key, when the person has none.
  /// Code::not_found, detail key_destroyed, once it was destroyed: no other takes its place.
  virtual Result<std::string> key_of(std::string_view person) = 0;
  /// What was sealed under the person's key can never be read again, in backups neither once they are gone.
  virtual Result<void> destroy(std::string_view person) = 0;
};

}  // namespace bastide::identity
