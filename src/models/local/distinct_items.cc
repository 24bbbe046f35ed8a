#include "models/local/distinct_items.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace bastide::models::local {
namespace {

/// The same for what JSON Schema calls equal: 1 and 1.0, "A" and "\u0041".
std::string value_of(const std::string& item) {
  const auto read = nlohmann::json::parse(item, nullptr, false);
  if (!read.is_number()) return read.is_discarded() ? item : read.dump();
  const double number = read.get<double>();
  // Whole numbers beyond are not told apart by doubles; they are by their digits.
  constexpr double exact_max = 9e15;
  return std::abs(number) > exact_max && read.is_number_integer() ? read.dump()
                                                                  : nlohmann::json(number + 0.0).dump();
}

bool ends_word(char c) { return c == ',' || c == ']' || c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/// Numbers end after so many letters or a few more.
constexpr std::size_t long_number = 15;

/// What can only become one value: another letter would be no JSON, or not of any schema's.
std::string only_value(const std::string& item) {
  if (item.size() >= long_number) return value_of(item);
  if (item == "n") return value_of("null");
  if (item == "t") return value_of("true");
  if (item == "f") return value_of("false");
  return item == "0" || item == "-0" ? value_of("0") : std::string();
}

}  // namespace

void DistinctItems::begin() {
  *this = {};
  is_open_ = true;
}

/// False: an item stands twice now, or will.
bool DistinctItems::step(char c) {
  if (!is_open_) return true;
  bool differs = true;
  if (in_string_) {
    item_ += c;
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
      differs = seen_.insert(value_of(item_)).second;
      item_.clear();
    }
    return differs;
  }
  if (!item_.empty() && ends_word(c)) {
    differs = seen_.insert(value_of(item_)).second;
    item_.clear();
  }
  if (c == ']') {
    is_open_ = false;
  } else if (c == '"') {
    in_string_ = true;
    item_ = c;
  } else if (!ends_word(c)) {
    item_ += c;
    if (const auto value = only_value(item_); !value.empty()) differs = !seen_.contains(value) && differs;
  }
  return differs;
}

bool DistinctItems::repeats(std::string_view piece) const {
  auto now = *this;
  for (const char c : piece) {
    if (!now.is_open_ && c == '[')
      now.begin();
    else if (!now.step(c))
      return true;
  }
  return false;
}

bool DistinctItems::begins_again() const {
  if (!in_string_) return false;
  const auto found = seen_.lower_bound(item_);
  return found != seen_.end() && found->starts_with(item_);
}

bool DistinctItems::completes(std::string_view piece) const {
  return in_string_ && seen_.contains(item_ + std::string(piece) + '"');
}

}  // namespace bastide::models::local
