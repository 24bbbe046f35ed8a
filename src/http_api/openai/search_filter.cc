#include "http_api/openai/search_filter.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace bastide::http_api {
namespace {

constexpr int depth_max = 8;
constexpr int conditions_max = 100;

std::unexpected<Error> malformed() {
  return fail(Code::invalid, "\"filters\" must be a comparison, or \"and\" or \"or\" of some.",
              "invalid_filters");
}

}  // namespace

Result<SearchFilter> SearchFilter::read(const nlohmann::json& body) {
  SearchFilter out;
  if (const auto filters = body.find("filters"); filters != body.end() && !filters->is_null()) {
    int left = conditions_max;
    auto node = read_node(*filters, 0, left);
    if (!node) return pass(node);
    out.nodes_.push_back(std::move(*node));
  }
  const auto ranking = body.find("ranking_options");
  if (ranking == body.end() || ranking->is_null()) return out;
  if (!ranking->is_object())
    return fail(Code::invalid, "\"ranking_options\" must be an object.", "invalid_ranking_options");
  for (const auto& [name, value] : ranking->items()) {
    if (name == "score_threshold" && value.is_number()) {
      out.score_min_ = value.get<double>();
    } else if (!(name == "ranker" && (value == "auto" || value == "none")) && !value.is_null()) {
      return fail(Code::unsupported, "\"ranking_options." + name + "\": this is not known here.",
                  "field:ranking_options." + name, "Leave the field out.");
    }
  }
  return out;
}

Result<SearchFilter::Node> SearchFilter::read_node(const nlohmann::json& json, int depth, int& left) {
  using enum Operator;
  constexpr std::array<std::pair<std::string_view, Operator>, 10> words{{{"eq", eq},
                                                                         {"ne", ne},
                                                                         {"gt", gt},
                                                                         {"gte", gte},
                                                                         {"lt", lt},
                                                                         {"lte", lte},
                                                                         {"in", in},
                                                                         {"nin", nin},
                                                                         {"and", all},
                                                                         {"or", any}}};
  if (!json.is_object() || depth > depth_max || --left < 0) return malformed();
  const auto type = json.find("type");
  if (type == json.end() || !type->is_string()) return malformed();
  const auto& word = type->get_ref<const std::string&>();
  const auto found = std::ranges::find_if(words, [&word](const auto& each) { return each.first == word; });
  if (found == words.end()) return malformed();
  const auto how = found->second;
  return how == all || how == any ? read_group(json, how, depth, left) : read_comparison(json, how);
}

Result<SearchFilter::Node> SearchFilter::read_group(const nlohmann::json& json, Operator how, int depth,
                                                    int& left) {
  Node out{how};
  const auto filters = json.find("filters");
  if (filters == json.end() || !filters->is_array() || filters->empty()) return malformed();
  for (const auto& each : *filters) {
    auto inner = read_node(each, depth + 1, left);
    if (!inner) return inner;
    out.inner.push_back(std::move(*inner));
  }
  return out;
}

Result<SearchFilter::Node> SearchFilter::read_comparison(const nlohmann::json& json, Operator how) {
  const auto key = json.find("key");
  const auto value = json.find("value");
  if (key == json.end() || !key->is_string() || value == json.end()) return malformed();
  Node out{how, key->get<std::string>()};
  const bool is_number = out.key == "page";
  const bool is_text = out.key == "file_id" || out.key == "filename" || out.key == "label";
  if (!is_number && !is_text)
    return fail(
        Code::unsupported,
        "\"filters\": passages have no \"key\" of that name; they have file_id, filename, page, label.",
        "field:filters.key", "Choose one of these keys.");
  const bool is_list = how == Operator::in || how == Operator::nin;
  if (is_list != value->is_array()) return malformed();
  const auto read = [&](const nlohmann::json& one) {
    if (is_number && one.is_number()) out.values.emplace_back(one.get<double>());
    if (is_text && one.is_string()) out.values.emplace_back(one.get<std::string>());
    return is_number ? one.is_number() : one.is_string();
  };
  if (!is_list) {
    if (!read(*value)) return malformed();
    return out;
  }
  if (value->size() > conditions_max || !std::ranges::all_of(*value, read)) return malformed();
  return out;
}

bool SearchFilter::holds(const Node& node, const knowledge::SearchHit& hit) {
  using enum Operator;
  const auto inner = [&hit](const Node& each) { return holds(each, hit); };
  if (node.how == all) return std::ranges::all_of(node.inner, inner);
  if (node.how == any) return std::ranges::any_of(node.inner, inner);
  const auto& passage = hit.passage;
  const Value own = node.key == "page"      ? Value(static_cast<double>(passage.page))
                    : node.key == "file_id" ? Value(passage.document)
                    : node.key == "label"   ? Value(passage.label)
                                            : Value(passage.title);
  const bool listed = std::ranges::find(node.values, own) != node.values.end();
  if (node.how == in) return listed;
  if (node.how == nin) return !listed;
  const auto& value = node.values.front();
  switch (node.how) {
    case eq:
      return own == value;
    case ne:
      return own != value;
    case gt:
      return own > value;
    case gte:
      return own >= value;
    case lt:
      return own < value;
    default:
      return own <= value;
  }
}

bool SearchFilter::lets_pass(const knowledge::SearchHit& hit) const {
  return hit.passage.score >= score_min_ && (nodes_.empty() || holds(nodes_.front(), hit));
}

}  // namespace bastide::http_api
