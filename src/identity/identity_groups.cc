#include <algorithm>

#include "base/id.h"
#include "identity/detail.h"
#include "identity/identity.h"
#include "identity/normalise.h"

namespace bastide::identity {
using namespace detail;

namespace {
constexpr std::size_t name_code_points_max = 100;
constexpr std::size_t members_max = 100'000;
constexpr std::string_view user_word = "user:";
constexpr std::string_view group_word = "group:";
constexpr std::string_view everyone = "everyone";

Result<std::string> group_name(std::string_view name) {
  auto normal = normalise_name(name, name_code_points_max);
  if (normal && search_words(*normal).empty())
    return fail(Code::invalid, "The name has no letter and no digit.", "name", "Write a name.");
  return normal;
}
}  // namespace

Result<Members> Identity::resolve_members(const std::vector<std::string>& members) {
  if (members.size() > members_max) return fail(Code::too_large, "The group would have too many members.");
  Members out;
  for (const auto& text : members) {
    auto reader = reader_id(text);
    if (!reader) return pass(reader);
    if (*reader == everyone) return fail(Code::invalid, "A group cannot contain everyone.", "unknown_reader");
    (reader->starts_with("p:") ? out.persons : out.groups).push_back(reader->substr(2));
  }
  return out;
}

Result<std::vector<std::string>> Identity::member_texts(std::string_view group) {
  auto members = stores_.groups.members(group);
  if (!members) return pass(members);
  std::vector<std::string> out;
  auto add = [&](std::string_view kind, const std::vector<std::string>& ids) -> Result<void> {
    for (const auto& id : ids) {
      auto text = reader_text(std::string(kind) + id);
      if (!text && text.error().code != Code::not_found) return pass(text);  // else deleted since
      if (text) out.push_back(std::move(*text));
    }
    return {};
  };
  if (auto done = add("p:", members->persons); !done) return pass(done);
  if (auto done = add("g:", members->groups); !done) return pass(done);
  std::ranges::sort(out);
  return out;
}

Result<Page<GroupView>> Identity::groups(const Principal& actor, std::string_view query,
                                         const PageFrom& from) {
  auto page = stores_.groups.list(search_words(query.substr(0, 254)), {from.after, page_size(from.limit)});
  if (!page) return pass(page);
  Page<GroupView> out{{}, page->next};
  for (auto& group : page->items) {
    GroupView view{group.id, group.name, {}};
    if (may(actor, Role::manager)) {
      auto members = member_texts(group.id);
      if (!members) return pass(members);
      view.members = std::move(*members);
    }
    out.items.push_back(std::move(view));
  }
  return out;
}

Result<GroupView> Identity::group(const Principal& actor, std::string_view id) {
  if (!may(actor, Role::manager)) return forbidden();
  auto group = stores_.groups.find(id);
  if (!group) return pass(group);
  auto members = member_texts(id);
  if (!members) return pass(members);
  return GroupView{group->id, group->name, std::move(*members)};
}

Result<std::string> Identity::add_group(const Principal& actor, std::string_view name,
                                        const std::vector<std::string>& members) {
  if (!may(actor, Role::manager)) return forbidden();
  auto called = group_name(name);
  if (!called) return pass(called);
  auto who = resolve_members(members);
  if (!who) return pass(who);
  Group group{new_id("grp"), *called, options_.now()};
  auto added = stores_.groups.add(group, *who);
  forget_all();
  if (!added) return pass(added);
  return group.id;
}

Result<void> Identity::update_group(const Principal& actor, std::string_view id,
                                    const std::optional<std::string>& name,
                                    const std::optional<std::vector<std::string>>& members) {
  if (!may(actor, Role::manager)) return forbidden();
  std::optional<std::string> called;
  if (name) {
    auto normal = group_name(*name);
    if (!normal) return pass(normal);
    called = *normal;
  }
  std::optional<Members> who;
  if (members) {
    auto resolved = resolve_members(*members);
    if (!resolved) return pass(resolved);
    who = *resolved;
  }
  auto updated = stores_.groups.update(id, called, who);
  forget_all();
  return updated;
}

Result<void> Identity::remove_group(const Principal& actor, std::string_view id) {
  if (!may(actor, Role::manager)) return forbidden();
  auto removed = stores_.groups.remove(id);
  forget_all();
  return removed;
}

// --- readers
// ----------------------------------------------------------------------------------------------------------

Result<std::string> Identity::reader_id(std::string_view text) {
  auto unknown = [&](std::string message) {
    return fail(Code::invalid, std::move(message), "unknown_reader",
                "Write user:EMAIL, group:NAME or everyone, of people and groups that there are.");
  };
  if (text == everyone) return std::string(everyone);
  if (text.starts_with(user_word)) {
    auto email = normalise_email(text.substr(user_word.size()));
    if (!email) return pass(email);
    auto person = stores_.persons.find_by_email(*email);
    if (!person && person.error().code == Code::not_found)
      return unknown("There is no person with this e-mail.");
    if (!person) return pass(person);
    return "p:" + person->id;
  }
  if (text.starts_with(group_word)) {
    auto name = group_name(text.substr(group_word.size()));
    if (!name) return name;
    auto group = stores_.groups.find_by_name(*name);
    if (!group && group.error().code == Code::not_found) return unknown("There is no group of this name.");
    if (!group) return pass(group);
    return "g:" + group->id;
  }
  return unknown("This is not a reader.");
}

Result<std::string> Identity::reader_text(std::string_view id) {
  if (id == everyone) return std::string(everyone);
  if (id.starts_with("p:")) {
    auto person = stores_.persons.find(id.substr(2));
    if (!person) return pass(person);
    return std::string(user_word) + person->email;
  }
  if (id.starts_with("g:")) {
    auto group = stores_.groups.find(id.substr(2));
    if (!group) return pass(group);
    return std::string(group_word) + group->name;
  }
  return fail(Code::not_found, "This is not a reader.");
}

std::vector<std::string> readers_of(const Principal& who) {
  std::vector<std::string> out{std::string(everyone)};
  for (const auto& group : who.groups) out.push_back("g:" + group);
  if (!who.person.empty()) out.push_back("p:" + who.person);
  std::ranges::sort(out);
  return out;
}

}  // namespace bastide::identity
