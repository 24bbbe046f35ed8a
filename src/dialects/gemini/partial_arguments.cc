// Arguments that come in pieces, each with the path where it belongs (RFC 9535, names and indexes only).
#include <charconv>

#include "dialects/gemini/gemini.h"

namespace bastide::dialects::gemini {
namespace {

constexpr std::size_t bytes_max = 16ULL * 1024 * 1024;
constexpr std::size_t depth_max = 64;
constexpr std::size_t items_max = 100'000;

}  // namespace

PartialArguments::Node* PartialArguments::find(std::string_view path) {
  if (!path.starts_with('$')) return nullptr;
  path.remove_prefix(1);
  Node* node = &root_;
  for (std::size_t depth = 0; !path.empty(); ++depth) {
    if (depth == depth_max) return nullptr;
    if (path.front() == '[' && path.size() > 1 && path[1] >= '0' && path[1] <= '9') {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(path.data() + 1, path.data() + path.size(), index);
      if (error != std::errc() || end == path.data() + path.size() || *end != ']') return nullptr;
      path.remove_prefix(static_cast<std::size_t>(end - path.data()) + 1);
      if (node->kind != Node::Kind::none && node->kind != Node::Kind::list) return nullptr;
      if (index > node->items.size() || index >= items_max) return nullptr;  // they come in order
      node->kind = Node::Kind::list;
      if (index == node->items.size()) node->items.emplace_back();
      node = &node->items[index];
      continue;
    }
    std::string_view name;
    if (path.front() == '.') {
      const auto end = std::min(path.find_first_of(".[", 1), path.size());
      name = path.substr(1, end - 1);
      path.remove_prefix(end);
    } else if (path.starts_with("['") || path.starts_with("[\"")) {
      const auto end = path.find(path[1] == '\'' ? "']" : "\"]", 2);
      if (end == std::string_view::npos) return nullptr;
      name = path.substr(2, end - 2);
      path.remove_prefix(end + 2);
    }
    if (name.empty() || (node->kind != Node::Kind::none && node->kind != Node::Kind::object)) return nullptr;
    node->kind = Node::Kind::object;
    const auto [found, fresh] = node->fields.try_emplace(std::string(name));
    if (fresh) node->order.emplace_back(name);
    node = &found->second;
  }
  return node;
}

bool PartialArguments::take(const object& piece) {
  bytes_ += 64;
  auto* node = find(text_field(piece, "jsonPath"));
  if (!node || node == &root_ || node->kind == Node::Kind::object || node->kind == Node::Kind::list)
    return false;
  if (const auto words = field(piece, "stringValue")) {
    const auto more = detail::as_text(*words);
    if (!more || node->kind == Node::Kind::plain) return false;
    node->kind = Node::Kind::text;
    node->text += *more;
    bytes_ += more->size();
    return bytes_ <= bytes_max;
  }
  node->kind = Node::Kind::plain;
  element value;
  if (const auto number = field(piece, "numberValue"))
    node->plain = detail::raw(*number);
  else if (const auto flag = field(piece, "boolValue"))
    node->plain = detail::raw(*flag);
  else
    node->plain = "null";
  return bytes_ <= bytes_max;
}

void PartialArguments::write(const Node& node, JsonWriter& json) {
  switch (node.kind) {
    case Node::Kind::object:
      json.object();
      for (const auto& name : node.order) {
        json.key(name);
        write(node.fields.find(name)->second, json);
      }
      json.end();
      return;
    case Node::Kind::list:
      json.array();
      for (const auto& item : node.items) write(item, json);
      json.end();
      return;
    case Node::Kind::text:
      json.value(node.text);
      return;
    case Node::Kind::plain:
      json.raw(node.plain);
      return;
    case Node::Kind::none:
      json.null();
  }
}

std::string PartialArguments::json() const {
  if (root_.kind == Node::Kind::none) return {};
  JsonWriter out;
  write(root_, out);
  return out.take();
}

}  // namespace bastide::dialects::gemini
