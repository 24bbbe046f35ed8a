// What a search in a vector store may be narrowed to.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

#include "knowledge/library.h"

namespace bastide::http_api {

/// OpenAI's `filters` and `ranking_options.score_threshold`, over what we know of a hit: `file_id`,
/// `filename`, `page` and `label`. Immutable.
class SearchFilter {
 public:
  /// Of the body of a search. Code::unsupported names a key or option that we do not know; Code::invalid what
  /// is malformed, nested deeper than 8 levels or longer than 100 conditions.
  [[nodiscard]] static Result<SearchFilter> read(const nlohmann::json& body);
  [[nodiscard]] bool is_empty() const { return nodes_.empty() && score_min_ <= 0; }
  [[nodiscard]] bool lets_pass(const knowledge::SearchHit& hit) const;

 private:
  enum class Operator : std::uint8_t { eq, ne, gt, gte, lt, lte, in, nin, all, any };
  using Value = std::variant<double, std::string>;
  /// A comparison, or (all, any) several nodes.
  struct Node {
    Operator how = Operator::eq;
    std::string key{};
    std::vector<Value> values{};
    std::vector<Node> inner{};
  };
  static Result<Node> read_node(const nlohmann::json& json, int depth, int& left);
  static Result<Node> read_group(const nlohmann::json& json, Operator how, int depth, int& left);
  static Result<Node> read_comparison(const nlohmann::json& json, Operator how);
  static bool holds(const Node& node, const knowledge::SearchHit& hit);

  std::vector<Node> nodes_{};  // none or one
  double score_min_ = 0;
};

}  // namespace bastide::http_api
