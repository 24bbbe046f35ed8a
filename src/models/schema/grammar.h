// A JSON schema as a grammar whose every text is valid under it. What cannot be promised is refused by name,
// before anything is computed.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "models/schema/notation.h"

namespace bastide::models::schema {

/// May stand, by the grammar, behind the bracket of an array whose items must differ. No JSON holds it.
inline constexpr char distinct_mark = '\x03';

/// In llama.cpp's GBNF.
struct Grammar {
  std::string root;   // the rule of the whole
  std::string rules;  // a line each, in no order
};

/// Draft 2020-12, and what generators still write of earlier ones. `where` is the field that held the schema,
/// for messages; every rule's name begins with `prefix`. In Gemma 4's notation, of objects only: it has no
/// other arguments. `has_marks`: whoever reads the grammar keeps the items of arrays distinct that begin with
/// a mark, and never writes one. Code::invalid, bad_request, with the JSON pointer of the keyword. Takes time
/// and memory within bounds, whatever the schema.
[[nodiscard]] Result<Grammar> grammar_of(const nlohmann::ordered_json& schema, std::string_view where,
                                         std::string_view prefix, Notation notation = Notation::json,
                                         bool has_marks = false);

}  // namespace bastide::models::schema
