// The sentences of errors, filled with the values that an error carries, as a language writes them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace bastide {

/// The field that the error is about: a value "field", or what its detail names as "field:PATH" or
/// "invalid_FIELD"; empty when none. It lives as long as the error.
[[nodiscard]] std::string_view named_field(const Error& error);
/// `text` with each "{name}" replaced by the error's value of that name, "{field}" by the field that it names
/// and "{retry_after_s}" by its seconds where they are known. `language` is "fr" or "en". Nullopt when a
/// value is missing.
[[nodiscard]] std::optional<std::string> filled(std::string_view text, const Error& error,
                                                std::string_view language);
/// "3.4 GB"
[[nodiscard]] std::string gigabytes(std::uint64_t bytes);

/// {"field":"top_p","low":0,"high":1,"free":{"bytes":9100000000}}
void write_values(JsonWriter& json, const std::vector<ErrorValue>& values);
/// Outside input: what is of another form, too long or beyond the first few is left out.
[[nodiscard]] std::vector<ErrorValue> read_values(const nlohmann::json& json);

}  // namespace bastide
