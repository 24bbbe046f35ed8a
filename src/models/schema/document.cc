#include "models/schema/document.h"

#include <charconv>
#include <functional>

#include "base/text.h"

namespace bastide::models::schema {
namespace {

using Json = Document::Json;

constexpr std::size_t place_max_bytes = 300;

std::string unescaped(std::string_view token) {
  std::string percent;
  for (std::size_t at = 0; at < token.size(); ++at) {
    unsigned value = 0;
    const bool is_hex =
        token[at] == '%' && at + 2 < token.size() &&
        std::from_chars(token.data() + at + 1, token.data() + at + 3, value, 16).ptr == token.data() + at + 3;
    percent.push_back(is_hex ? static_cast<char>(value) : token[at]);
    if (is_hex) at += 2;
  }
  std::string out;
  for (std::size_t at = 0; at < percent.size(); ++at) {
    const bool is_escape = percent[at] == '~' && at + 1 < percent.size();
    out.push_back(!is_escape ? percent[at] : percent[at + 1] == '1' ? '/' : '~');
    if (is_escape) ++at;
  }
  return out;
}

/// In the document's order; false from `visit` ends it.
bool walk(const Json& part, int depth, const std::function<bool(const Json&)>& visit) {
  if (!visit(part)) return false;
  if (depth >= Document::depth_max || !part.is_structured()) return true;
  for (const auto& child : part)
    if (!walk(child, depth + 1, visit)) return false;
  return true;
}

bool find_place(const Json& from, const Json* part, int depth, std::string& place) {
  if (&from == part) return true;
  if (depth >= Document::depth_max || !from.is_structured()) return false;
  const auto before = place.size();
  for (const auto& [key, child] : from.items()) {
    place += '/';
    for (const char c : key) place += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    if (find_place(child, part, depth + 1, place)) return true;
    place.resize(before);
  }
  return false;
}

}  // namespace

const Json* Document::at_pointer(std::string_view pointer) const {
  const Json* at = &root_;
  if (pointer.empty()) return at;
  if (pointer.front() != '/') return nullptr;
  for (const auto token : split(pointer.substr(1), '/')) {
    const auto name = unescaped(token);
    if (at->is_object()) {
      const auto found = at->find(name);
      if (found == at->end()) return nullptr;
      at = &*found;
    } else if (at->is_array()) {
      std::size_t index = 0;
      const auto end = name.data() + name.size();
      if (name.empty() || std::from_chars(name.data(), end, index).ptr != end || index >= at->size())
        return nullptr;
      at = &(*at)[index];
    } else {
      return nullptr;
    }
  }
  return at;
}

const Json* Document::named(std::initializer_list<const char*> keywords, std::string_view name) const {
  const Json* out = nullptr;
  std::size_t count = 0;
  walk(root_, 0, [&](const Json& part) {
    if (!part.is_object()) return true;
    for (const char* keyword : keywords) {
      const auto found = part.find(keyword);
      if (found == part.end() || !found->is_string() || *found != name) continue;
      count += out == &part ? 0 : 1;
      out = &part;
    }
    return true;
  });
  return count == 1 ? out : nullptr;
}

/// A schema within the schema that is a document of its own: what "#" means there is another thing.
bool Document::has_inner_documents() const {
  if (has_inner_documents_) return *has_inner_documents_;
  has_inner_documents_ = !walk(root_, 0, [&](const Json& part) {
    if (&part == &root_ || !part.is_object()) return true;
    const auto id = part.find("$id");
    return id == part.end() || !id->is_string() || id->get_ref<const std::string&>().starts_with('#');
  });
  return *has_inner_documents_;
}

const Json* Document::resolve(std::string_view reference) const {
  if (root_.is_object()) {
    const auto id = root_.find("$id");
    if (id != root_.end() && id->is_string()) {
      const auto& base = id->get_ref<const std::string&>();
      if (!base.empty() && reference.starts_with(base)) reference.remove_prefix(base.size());
      if (reference.empty()) return &root_;
    }
  }
  if (!reference.starts_with('#'))
    return reference.find('#') == std::string_view::npos ? named({"$id"}, reference) : nullptr;
  if (has_inner_documents()) return nullptr;
  if (reference == "#") return &root_;
  if (reference[1] == '/') return at_pointer(reference.substr(1));
  const auto* anchor = named({"$anchor", "$dynamicAnchor"}, reference.substr(1));
  return anchor ? anchor : named({"$id"}, reference);
}

const Json* Document::dynamic_target(std::string_view reference) const {
  const auto* plain = resolve(reference);
  if (!reference.starts_with('#') || reference.starts_with("#/") || !plain) return plain;
  return named({"$dynamicAnchor"}, reference.substr(1)) || !plain->contains("$dynamicAnchor") ? plain
                                                                                              : nullptr;
}

std::string Document::place_of(const Json* part) const {
  std::string pointer;
  if (!find_place(root_, part, 0, pointer)) pointer.clear();
  return where_ + std::string(utf8_prefix(pointer, place_max_bytes));
}

bool Document::is_bounded() const {
  std::size_t parts = 0;
  const std::function<bool(const Json&, int)> is_small = [&](const Json& part, int depth) {
    if (depth > depth_max || ++parts > parts_max) return false;
    if (!part.is_structured()) return true;
    for (const auto& child : part)
      if (!is_small(child, depth + 1)) return false;
    return true;
  };
  return is_small(root_, 0);
}

void Refusal::not_kept(const Json* at, std::string_view keyword, std::string_view why) {
  if (!error_)
    say({{"place", document_.place_of(at)}, {"keyword", std::string(keyword)}, {"why", std::string(why)}},
        "{place}: \"{keyword}\" cannot be guaranteed by a local model: {why}.",
        "Leave it out of the schema, or say it in another way.");
}

void Refusal::malformed(const Json* at, std::string_view keyword, std::string_view what_it_is) {
  if (!error_)
    say({{"place", document_.place_of(at)},
         {"malformed", std::string(keyword)},
         {"what", std::string(what_it_is)}},
        "{place}: \"{malformed}\" is {what}.", {});
}

void Refusal::whole(std::string_view why) {
  if (!error_)
    say({{"place", document_.place_of(&document_.root())}, {"why", std::string(why)}}, "{place}: {why}.", {});
}

void Refusal::spend(std::size_t units) {
  spent_ += units;
  if (spent_ > units_max) whole("the schema takes too long to work out: make it smaller");
}

void Refusal::say(std::vector<ErrorValue> values, std::string_view message, std::string_view action) {
  error_ = error_with(std::move(values), Code::invalid, message, "bad_request", action);
}

}  // namespace bastide::models::schema
