// A schema as a document: where its parts stand and what its references mean.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bastide::models::schema {

/// Reads `root` where it stands: it must outlive this and stay unchanged.
class Document {
 public:
  static constexpr int depth_max = 100;
  static constexpr std::size_t parts_max = 50'000;
  using Json = nlohmann::ordered_json;

  /// `where` is the field that held it, for messages.
  Document(const Json& root, std::string where) : root_(root), where_(std::move(where)) {}

  [[nodiscard]] const Json& root() const { return root_; }
  /// Null for what is not in this document.
  [[nodiscard]] const Json* resolve(std::string_view reference) const;
  /// The same where the name is dynamic: null unless it is there once.
  [[nodiscard]] const Json* dynamic_target(std::string_view reference) const;
  /// The field with the JSON pointer to `part`, for messages.
  [[nodiscard]] std::string place_of(const Json* part) const;
  /// Neither too deep nor too large.
  [[nodiscard]] bool is_bounded() const;

 private:
  /// Null unless exactly one place bears the name.
  [[nodiscard]] const Json* named(std::initializer_list<const char*> keywords, std::string_view name) const;
  [[nodiscard]] bool has_inner_documents() const;
  [[nodiscard]] const Json* at_pointer(std::string_view pointer) const;
  const Json& root_;
  std::string where_;
  mutable std::optional<bool> has_inner_documents_;
};

/// The first reason for which a schema is refused. Whoever computes on after one computes in vain, and
/// safely.
class Refusal {
 public:
  explicit Refusal(const Document& document) : document_(document) {}
  /// It could not be promised; `why` ends the sentence.
  void not_kept(const nlohmann::ordered_json* at, std::string_view keyword, std::string_view why);
  /// It is no schema.
  void malformed(const nlohmann::ordered_json* at, std::string_view keyword, std::string_view what_it_is);
  /// As a whole.
  void whole(std::string_view why);
  /// Counts work, which is bounded: beyond, the schema is refused as a whole. A unit takes about 100 ns.
  void spend(std::size_t units);
  /// Takes back what was said in an attempt that nothing depends on.
  void take_back() {
    if (spent_ <= units_max) error_.reset();
  }
  [[nodiscard]] bool is_said() const { return error_.has_value(); }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  static constexpr std::size_t units_max = 1'000'000;
  void say(std::vector<ErrorValue> values, std::string_view message, std::string_view action);
  const Document& document_;
  std::size_t spent_ = 0;
  std::optional<Error> error_;
};

}  // namespace bastide::models::schema
