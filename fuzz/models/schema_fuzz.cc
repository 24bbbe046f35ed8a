// Schemas, which callers write.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "models/schema/bounds.h"
#include "models/schema/grammar.h"
#include "models/schema/pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bastide::models::schema;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)strings_with(bytes);
  const auto schema = nlohmann::ordered_json::parse(bytes, nullptr, false);
  if (schema.is_discarded()) return 0;
  (void)check_bounds(schema, "schema");
  for (const auto notation : {Notation::json, Notation::gemma4})
    (void)grammar_of(schema, "schema", "json-", notation, notation == Notation::json);
  return 0;
}
