// Whom a message is for: administrators, the members of a group, one person.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bastide::identity {

struct Recipient {
  std::string person;  // id
  std::string email;
  std::string language;  // fr or en; empty: nobody knows
};

/// The port. Thread-safe; all members block. Whoever is shut out is nobody's recipient.
class Audience {
 public:
  virtual ~Audience() = default;
  virtual Result<std::vector<Recipient>> administrators(std::size_t limit) = 0;
  /// Those of nested groups included.
  virtual Result<std::vector<Recipient>> members(std::string_view group, std::size_t limit) = 0;
  /// One or none.
  virtual Result<std::vector<Recipient>> person(std::string_view id) = 0;
};

}  // namespace bastide::identity
