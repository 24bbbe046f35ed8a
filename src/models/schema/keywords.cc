#include "models/schema/keywords.h"

#include <array>

namespace bastide::models::schema {
namespace {

using enum Treatment;

constexpr std::array table{
    Keyword{"type", kept},
    Keyword{"enum", kept},
    Keyword{"const", kept},
    Keyword{"$ref", kept_in_part},
    Keyword{"$dynamicRef", kept_in_part},
    Keyword{"$defs", kept},
    Keyword{"definitions", kept},
    Keyword{"$anchor", kept},
    Keyword{"$dynamicAnchor", kept},
    Keyword{"allOf", kept},
    Keyword{"anyOf", kept},
    Keyword{"oneOf", kept_in_part},
    Keyword{"not", kept_in_part},
    Keyword{"if", kept_in_part},
    Keyword{"then", kept_in_part},
    Keyword{"else", kept_in_part},
    Keyword{"minimum", kept},
    Keyword{"maximum", kept},
    Keyword{"exclusiveMinimum", kept},
    Keyword{"exclusiveMaximum", kept},
    Keyword{"multipleOf", kept_in_part},
    Keyword{"minLength", kept},
    Keyword{"maxLength", kept},
    Keyword{"pattern", kept_in_part},
    Keyword{"format", kept_in_part},
    Keyword{"prefixItems", kept},
    Keyword{"items", kept},
    Keyword{"additionalItems", kept},
    Keyword{"unevaluatedItems", kept},
    Keyword{"minItems", kept},
    Keyword{"maxItems", kept},
    Keyword{"uniqueItems", kept_in_part},
    Keyword{"contains", kept_in_part},
    Keyword{"minContains", kept_in_part},
    Keyword{"maxContains", kept_in_part},
    Keyword{"properties", kept},
    Keyword{"required", kept},
    Keyword{"additionalProperties", kept},
    Keyword{"patternProperties", kept_in_part},
    Keyword{"propertyNames", kept_in_part},
    Keyword{"unevaluatedProperties", kept},
    Keyword{"minProperties", kept_in_part},
    Keyword{"maxProperties", kept},
    Keyword{"dependentRequired", kept},
    Keyword{"dependentSchemas", kept},
    Keyword{"dependencies", kept},
    Keyword{"$recursiveRef", refused},
    Keyword{"title", annotation},
    Keyword{"description", annotation},
    Keyword{"default", annotation},
    Keyword{"examples", annotation},
    Keyword{"deprecated", annotation},
    Keyword{"readOnly", annotation},
    Keyword{"writeOnly", annotation},
    Keyword{"contentEncoding", annotation},
    Keyword{"contentMediaType", annotation},
    Keyword{"contentSchema", annotation},
    Keyword{"$comment", annotation},
    Keyword{"$schema", annotation},
    Keyword{"$id", annotation},
    Keyword{"$vocabulary", annotation},
};

}  // namespace

std::span<const Keyword> keywords() { return table; }

}  // namespace bastide::models::schema
