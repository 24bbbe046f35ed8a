#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/crypto.h"
#include "models/providers/dialect_provider.h"

namespace bastide::models {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t dimension_max = 65'536;

std::unexpected<Error> invalid() {
  return fail(Code::upstream, "The provider sent no vectors of its dialect.", "invalid_json",
              "Check the provider's address and dialect.");
}

bool read_vector(const object& fields, std::vector<float>& vector) {
  array numbers;
  if (fields["embedding"].get(numbers) == simdjson::SUCCESS ||
      fields["values"].get(numbers) == simdjson::SUCCESS) {
    for (const element each : numbers) {
      double value = 0;
      if (each.get(value) != simdjson::SUCCESS || vector.size() >= dimension_max) return false;
      vector.push_back(static_cast<float>(value));
    }
    return true;
  }
  std::string_view text;
  if (fields["embedding"].get(text) != simdjson::SUCCESS) return false;
  const auto packed = unbase64(text);
  if (!packed || packed->size() % sizeof(float) != 0 || packed->size() / sizeof(float) > dimension_max)
    return false;
  vector.resize(packed->size() / sizeof(float));
  std::memcpy(vector.data(), packed->data(), packed->size());
  return true;
}

bool normalise(std::vector<float>& vector) {
  double square = 0;
  for (const float x : vector) square += static_cast<double>(x) * x;
  if (!std::isfinite(square) || square <= 0) return false;
  for (float& x : vector) x = static_cast<float>(x / std::sqrt(square));
  return true;
}

}  // namespace

Result<std::vector<std::vector<float>>> parse_vectors(std::string_view json, std::size_t expected) {
  simdjson::dom::parser parser(64ULL * 1024 * 1024);
  element document;
  object root;
  array data;
  if (parser.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS ||
      document.get(root) != simdjson::SUCCESS ||
      (root["data"].get(data) != simdjson::SUCCESS && root["embeddings"].get(data) != simdjson::SUCCESS))
    return invalid();
  std::vector<std::vector<float>> out(expected);
  std::size_t position = 0;
  for (const element entry : data) {
    object fields;
    if (entry.get(fields) != simdjson::SUCCESS) return invalid();
    std::int64_t index = 0;
    if (fields["index"].get(index) != simdjson::SUCCESS) index = static_cast<std::int64_t>(position);
    ++position;
    if (index < 0 || static_cast<std::size_t>(index) >= expected) return invalid();
    if (!read_vector(fields, out[static_cast<std::size_t>(index)])) return invalid();
  }
  const std::size_t dimension = out.empty() ? 0 : out.front().size();
  for (auto& vector : out)
    if (vector.empty() || vector.size() != dimension || !normalise(vector)) return invalid();
  return out;
}

}  // namespace bastide::models
