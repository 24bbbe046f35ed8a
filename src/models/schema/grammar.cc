#include "models/schema/grammar.h"

#include "models/schema/writer.h"

namespace bastide::models::schema {

Result<Grammar> grammar_of(const Json& schema, std::string_view where, std::string_view prefix,
                           Notation notation, bool has_marks) {
  const Document document(schema, std::string(where));
  Refusal refusal(document);
  if (!document.is_bounded()) refusal.whole("the schema is nested too deep or too large");
  Expander expander(document, refusal);
  Rules rules(notation);
  int root = 0;
  if (!refusal.is_said()) {
    Writer writer(expander, rules, refusal, has_marks);
    static const Json object{{"type", "object"}};
    Goal goal{{&schema, false}};
    if (notation == Notation::gemma4) goal.push_back({&object, false});
    root = writer.rule_of(goal);
    writer.finish();
  }
  if (!refusal.is_said() && !rules.prune(root)) refusal.whole("no value is valid under this schema");
  if (refusal.is_said()) return std::unexpected(*refusal.error());
  return Grammar{Rules::name(root, prefix), rules.print(root, prefix)};
}

}  // namespace bastide::models::schema
