// The keywords that say something about a value themselves, read into kinds of values. Those that put schemas
// together are expansion.h's.
#pragma once

#include <map>
#include <string>

#include "models/schema/document.h"
#include "models/schema/values.h"

namespace bastide::models::schema {

class Assertions {
 public:
  explicit Assertions(Refusal& refusal) : refusal_(refusal) {}
  /// What `schema`, an object, allows by "type" and the keywords of numbers, strings, arrays and objects. Not
  /// "enum" and "const".
  [[nodiscard]] Values of(const Json& schema);
  /// The list of "enum" and "const" together; nothing where there is neither.
  [[nodiscard]] std::optional<std::vector<Json>> list_of(const Json& schema);
  /// Null, with a refusal, for what is no pattern or not kept.
  [[nodiscard]] Strings::Language language(const Json& schema, const Json& pattern, std::string_view keyword);
  /// A list of texts.
  [[nodiscard]] std::vector<std::string> texts(const Json& schema, std::string_view keyword,
                                               const Json& value);
  [[nodiscard]] std::optional<std::uint64_t> count(const Json& schema, const char* keyword);

 private:
  void read_types(const Json& schema, Values& out);
  void read_numbers(const Json& schema, Numbers& out);
  void read_bound(const Json& schema, const char* inclusive, const char* exclusive, bool is_min,
                  std::optional<Bound>& out);
  void read_strings(const Json& schema, Strings& out);
  void read_arrays(const Json& schema, Arrays& out);
  void read_objects(const Json& schema, Objects& out);

  Refusal& refusal_;
  std::map<std::string, Strings::Language, std::less<>> languages_;
};

/// Null where `schema` does not have it.
[[nodiscard]] const Json* find(const Json& schema, const char* keyword);
/// Of a schema at `part`: empty for one that allows anything.
[[nodiscard]] Goal goal_at(const Json& part);

}  // namespace bastide::models::schema
