// The ports of identity in memory: for tests of the service, and to keep the contract honest.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include "base/text.h"
#include "identity/normalise.h"
#include "identity/ports.h"

namespace bastide::identity {

/// All four ports over one set of maps, under one lock.
class MemoryStores final {
 public:
  MemoryStores() : persons_(*this), sessions_(*this), keys_(*this), groups_(*this) {}
  [[nodiscard]] Stores ports() { return {persons_, sessions_, keys_, groups_}; }
  /// From now on all fails, as when a disk dies.
  void break_down() {
    std::lock_guard lock(mutex_);
    broken_ = true;
  }
  [[nodiscard]] int finds() const { return finds_; }

 private:
  static bool has(const std::vector<std::string>& list, const std::string& one) {
    return std::ranges::find(list, one) != list.end();
  }
  static bool has_words(std::string_view text, std::string_view wanted) {
    auto words = split(text, ' ');
    return std::ranges::all_of(split(wanted, ' '), [&](auto want) {
      return want.empty() || std::ranges::any_of(words, [&](auto word) { return word.starts_with(want); });
    });
  }
  static std::unexpected<Error> none() { return fail(Code::not_found, "There is no such thing."); }
  std::unexpected<Error> broken() const { return fail(Code::unavailable, "The store is broken."); }

  std::vector<std::string> groups_of(const std::string& person) {
    std::set<std::string> out;
    std::vector<std::string> todo{person};
    while (!todo.empty()) {
      auto member = todo.back();
      todo.pop_back();
      for (const auto& [id, members] : members_) {
        bool in = has(members.persons, member) || has(members.groups, member);
        if (in && out.insert(id).second) todo.push_back(id);
      }
    }
    return {out.begin(), out.end()};
  }
  bool administrators_left() {
    return std::ranges::any_of(people_, [](const auto& entry) {
      const auto& p = entry.second;
      return p.role == Role::admin && !p.disabled && !p.password_hash.empty();
    });
  }
  Result<Link> link_at(std::string_view hash, UnixMillis now) {
    auto found = links_.find(std::string(hash));
    if (found == links_.end() || found->second.expires_at <= now) return none();
    return found->second;
  }

  struct Persons final : PersonStore {
    explicit Persons(MemoryStores& s) : all(s) {}
    MemoryStores& all;
    Result<bool> any() override {
      std::lock_guard lock(all.mutex_);
      if (all.broken_) return all.broken();
      return !all.people_.empty();
    }
    Result<void> add(const Person& person, const std::optional<Link>& link) override {
      std::lock_guard lock(all.mutex_);
      for (const auto& [id, other] : all.people_)
        if (other.email == person.email) return fail(Code::conflict, "Taken.", "email_taken");
      all.people_[person.id] = person;
      if (link) all.links_[link->hash] = *link;
      return {};
    }
    Result<Person> find(std::string_view id) override {
      std::lock_guard lock(all.mutex_);
      if (all.broken_) return all.broken();
      auto found = all.people_.find(std::string(id));
      if (found == all.people_.end()) return none();
      return found->second;
    }
    Result<Person> find_by_email(std::string_view email) override {
      std::lock_guard lock(all.mutex_);
      if (all.broken_) return all.broken();
      for (const auto& [id, person] : all.people_)
        if (person.email == email) return person;
      return none();
    }
    Result<PersonInGroups> find_in_groups(std::string_view id) override {
      auto person = find(id);
      if (!person) return pass(person);
      std::lock_guard lock(all.mutex_);
      return PersonInGroups{*person, all.groups_of(std::string(id))};
    }
    Result<Page<Person>> list(const PersonFilter& filter, const PageFrom& from) override {
      std::lock_guard lock(all.mutex_);
      std::map<std::string, Person> sorted;
      for (const auto& [id, person] : all.people_) {
        auto words = search_words(person.name + " " + person.email.substr(0, person.email.find('@')));
        if (person.email > from.after && has_words(words, filter.words) &&
            person.email.starts_with(filter.email_prefix))
          sorted[person.email] = person;
      }
      Page<Person> out;
      for (const auto& [email, person] : sorted) {
        if (out.items.size() == from.limit) {
          out.next = out.items.back().email;
          break;
        }
        out.items.push_back(person);
      }
      return out;
    }
    Result<Person> update(std::string_view id, const PersonChanges& changes, UnixMillis now) override {
      std::lock_guard lock(all.mutex_);
      return update_locked(id, changes, now);
    }
    Result<Person> update_locked(std::string_view id, const PersonChanges& changes, UnixMillis) {
      auto found = all.people_.find(std::string(id));
      if (found == all.people_.end()) return none();
      bool had = all.administrators_left();
      auto before = found->second;
      auto& person = found->second;
      if (changes.name) person.name = *changes.name;
      if (changes.role) person.role = *changes.role;
      if (changes.language) person.language = *changes.language;
      if (changes.password_hash) person.password_hash = *changes.password_hash;
      if (changes.disabled) person.disabled = *changes.disabled;
      if (changes.notice_seen_at) person.notice_seen_at = changes.notice_seen_at;
      if (had && !all.administrators_left()) {
        person = before;
        return fail(Code::conflict, "The last one.", "last_admin");
      }
      if (person.disabled && !before.disabled) {
        std::erase_if(all.sessions_by_hash_, [&](const auto& e) { return e.second.person == id; });
        std::erase_if(all.keys_by_id_, [&](const auto& e) { return e.second.person == id; });
        std::erase_if(all.links_, [&](const auto& e) { return e.second.person == id; });
      }
      ++all.generation_;
      return person;
    }
    Result<void> remove(std::string_view id) override {
      std::lock_guard lock(all.mutex_);
      auto found = all.people_.find(std::string(id));
      if (found == all.people_.end()) return none();
      bool had = all.administrators_left();
      auto before = found->second;
      all.people_.erase(found);
      if (had && !all.administrators_left()) {
        all.people_.emplace(before.id, before);
        return fail(Code::conflict, "The last one.", "last_admin");
      }
      std::erase_if(all.sessions_by_hash_, [&](const auto& e) { return e.second.person == id; });
      std::erase_if(all.keys_by_id_, [&](const auto& e) { return e.second.person == id; });
      std::erase_if(all.links_, [&](const auto& e) { return e.second.person == id; });
      for (auto& [group, members] : all.members_) std::erase(members.persons, id);
      ++all.generation_;
      return {};
    }
    Result<void> add_link(const Link& link) override {
      std::lock_guard lock(all.mutex_);
      if (link.kind == LinkKind::first_administrator && !all.people_.empty())
        return fail(Code::conflict, "People.", "people_exist");
      std::erase_if(all.links_, [&](const auto& e) {
        return e.second.kind == link.kind && e.second.person == link.person;
      });
      all.links_[link.hash] = link;
      return {};
    }
    Result<Link> find_link(std::string_view hash, UnixMillis now) override {
      std::lock_guard lock(all.mutex_);
      return all.link_at(hash, now);
    }
    Result<void> redeem_first(std::string_view hash, const Person& person, UnixMillis now) override {
      std::lock_guard lock(all.mutex_);
      auto link = all.link_at(hash, now);
      if (!link || link->kind != LinkKind::first_administrator) return none();
      if (!all.people_.empty()) return fail(Code::conflict, "People.", "people_exist");
      all.links_.clear();
      all.people_[person.id] = person;
      return {};
    }
    Result<Person> redeem(std::string_view hash, const PersonChanges& changes, UnixMillis now) override {
      std::lock_guard lock(all.mutex_);
      auto link = all.link_at(hash, now);
      if (!link || link->kind == LinkKind::first_administrator) return none();
      std::erase_if(all.links_, [&](const auto& e) { return e.second.person == link->person; });
      std::erase_if(all.sessions_by_hash_, [&](const auto& e) { return e.second.person == link->person; });
      return update_locked(link->person, changes, now);
    }
    Result<std::int64_t> generation() override {
      std::lock_guard lock(all.mutex_);
      if (all.broken_) return all.broken();
      return all.generation_ + all.ends_;
    }
  };

  struct Sessions final : SessionStore {
    explicit Sessions(MemoryStores& s) : all(s) {}
    MemoryStores& all;
    Result<void> add(const Session& session, UnixMillis now) override {
      std::lock_guard lock(all.mutex_);
      if (all.broken_) return all.broken();
      std::erase_if(all.sessions_by_hash_, [&](const auto& e) { return e.second.ends_at < now; });
      all.sessions_by_hash_[session.hash] = session;
      auto own = sorted(session.person);
      for (std::size_t i = 50; i < own.size(); ++i) all.sessions_by_hash_.erase(own[i].hash);
      return {};
    }
    Result<Found> find(std::string_view hash) override {
      std::lock_guard lock(all.mutex_);
      ++all.finds_;
      if (all.broken_) return all.broken();
      auto found = all.sessions_by_hash_.find(std::string(hash));
      if (found == all.sessions_by_hash_.end()) return none();
      const auto& person = all.people_.at(found->second.person);
      if (person.disabled) return none();
      return Found{found->second, {person, all.groups_of(person.id)}};
    }
    Result<std::vector<Session>> of_person(std::string_view person) override {
      std::lock_guard lock(all.mutex_);
      return sorted(person);
    }
    std::vector<Session> sorted(std::string_view person) {
      std::vector<Session> out;
      for (const auto& [hash, session] : all.sessions_by_hash_)
        if (session.person == person) out.push_back(session);
      std::ranges::sort(out, [](const auto& a, const auto& b) {
        return std::tie(a.used_at, a.id) > std::tie(b.used_at, b.id);
      });
      return out;
    }
    Result<void> end(std::string_view hash) override {
      std::lock_guard lock(all.mutex_);
      if (all.sessions_by_hash_.erase(std::string(hash)) > 0) ++all.ends_;
      return {};
    }
    Result<void> end_by_id(std::string_view person, std::string_view id) override {
      std::lock_guard lock(all.mutex_);
      ++all.ends_;
      auto gone = std::erase_if(all.sessions_by_hash_, [&](const auto& e) {
        return e.second.id == id && e.second.person == person;
      });
      if (gone == 0) return none();
      return {};
    }
    Result<void> end_all_but(std::string_view person, std::string_view hash_kept) override {
      std::lock_guard lock(all.mutex_);
      auto gone = std::erase_if(all.sessions_by_hash_, [&](const auto& e) {
        return e.second.person == person && e.first != hash_kept;
      });
      if (gone > 0) ++all.ends_;
      return {};
    }
    Result<void> used(std::span<const Use> uses) override {
      std::lock_guard lock(all.mutex_);
      for (const auto& use : uses)
        for (auto& [hash, session] : all.sessions_by_hash_)
          if (session.id == use.id) session.used_at = std::max(session.used_at, use.at);
      return {};
    }
    Result<void> keep_failures(std::span<const Failures> failures, UnixMillis forget_before) override {
      std::lock_guard lock(all.mutex_);
      if (all.broken_) return all.broken();
      std::erase_if(all.failures_, [&](const auto& each) { return each.second.last_at < forget_before; });
      for (const auto& each : failures) {
        if (each.count > 0)
          all.failures_[each.key] = each;
        else
          all.failures_.erase(each.key);
      }
      return {};
    }
    Result<std::vector<Failures>> failures(std::size_t limit) override {
      std::lock_guard lock(all.mutex_);
      std::vector<Failures> out;
      for (const auto& [key, each] : all.failures_) out.push_back(each);
      std::ranges::sort(out, std::greater<>{}, &Failures::last_at);
      if (out.size() > limit) out.resize(limit);
      return out;
    }
  };

  struct Keys final : KeyStore {
    explicit Keys(MemoryStores& s) : all(s) {}
    MemoryStores& all;
    Result<void> add(const ApiKey& key, std::size_t keys_max) override {
      std::lock_guard lock(all.mutex_);
      auto own = std::ranges::count_if(all.keys_by_id_,
                                       [&](const auto& e) { return e.second.person == key.person; });
      if (static_cast<std::size_t>(own) >= keys_max)
        return fail(Code::conflict, "Too many.", "too_many_keys");
      all.keys_by_id_[key.id] = key;
      ++all.generation_;
      return {};
    }
    Result<Found> find(std::string_view hash) override {
      std::lock_guard lock(all.mutex_);
      ++all.finds_;
      if (all.broken_) return all.broken();
      for (const auto& [id, key] : all.keys_by_id_) {
        if (key.hash != hash && (key.previous_hash.empty() || key.previous_hash != hash)) continue;
        const auto& person = all.people_.at(key.person);
        return Found{key, {person, all.groups_of(person.id)}};
      }
      return none();
    }
    Result<Page<ApiKey>> of_person(std::string_view person, const PageFrom& from) override {
      std::lock_guard lock(all.mutex_);
      Page<ApiKey> out;
      for (auto it = all.keys_by_id_.rbegin(); it != all.keys_by_id_.rend(); ++it) {
        if (it->second.person != person || (!from.after.empty() && it->first >= from.after)) continue;
        if (out.items.size() == from.limit) {
          out.next = out.items.back().id;
          break;
        }
        out.items.push_back(it->second);
      }
      return out;
    }
    Result<void> revoke(std::string_view person, std::string_view id, UnixMillis) override {
      std::lock_guard lock(all.mutex_);
      auto found = all.keys_by_id_.find(std::string(id));
      if (found == all.keys_by_id_.end() || (!person.empty() && found->second.person != person))
        return none();
      all.keys_by_id_.erase(found);
      ++all.generation_;
      return {};
    }
    Result<std::int64_t> generation() override {
      std::lock_guard lock(all.mutex_);
      if (all.broken_) return all.broken();
      return all.generation_;
    }
    Result<std::vector<Found>> usable() override {
      std::lock_guard lock(all.mutex_);
      if (all.broken_) return all.broken();
      std::vector<Found> out;
      for (const auto& [id, key] : all.keys_by_id_) {
        const auto& person = all.people_.at(key.person);
        if (!person.disabled) out.push_back({key, {person, all.groups_of(person.id)}});
      }
      return out;
    }
    Result<void> rotate(std::string_view person, std::string_view id, std::string_view hash,
                        std::string_view prefix, UnixMillis previous_until) override {
      std::lock_guard lock(all.mutex_);
      auto found = all.keys_by_id_.find(std::string(id));
      if (found == all.keys_by_id_.end() || (!person.empty() && found->second.person != person))
        return none();
      auto& key = found->second;
      key.previous_hash = std::exchange(key.hash, std::string(hash));
      key.previous_until = previous_until;
      key.prefix = prefix;
      ++all.generation_;
      return {};
    }
    Result<void> used(std::span<const Use> uses) override {
      std::lock_guard lock(all.mutex_);
      for (const auto& use : uses)
        if (auto found = all.keys_by_id_.find(use.id); found != all.keys_by_id_.end())
          found->second.used_at = std::max(found->second.used_at.value_or(0), use.at);
      return {};
    }
  };

  struct Groups final : GroupStore {
    explicit Groups(MemoryStores& s) : all(s) {}
    MemoryStores& all;
    Result<void> check(const std::string& id, const std::optional<std::string>& name,
                       const std::optional<Members>& members) {
      if (name)
        for (const auto& [other, group] : all.groups_by_id_)
          if (other != id && fold(group.name) == fold(*name))
            return fail(Code::conflict, "Taken.", "name_taken");
      if (!members) return {};
      for (const auto& person : members->persons)
        if (!all.people_.contains(person)) return none();
      for (const auto& group : members->groups)
        if (!all.groups_by_id_.contains(group) && group != id) return none();
      auto before = std::exchange(all.members_[id], *members);
      if (has(all.groups_of(id), id)) {
        all.members_[id] = before;
        return fail(Code::conflict, "A cycle.", "cycle");
      }
      ++all.generation_;
      return {};
    }
    Result<void> add(const Group& group, const Members& members) override {
      std::lock_guard lock(all.mutex_);
      if (auto fine = check(group.id, group.name, members); !fine) return fine;
      all.groups_by_id_[group.id] = group;
      return {};
    }
    Result<Group> find(std::string_view id) override {
      std::lock_guard lock(all.mutex_);
      auto found = all.groups_by_id_.find(std::string(id));
      if (found == all.groups_by_id_.end()) return none();
      return found->second;
    }
    Result<Group> find_by_name(std::string_view name) override {
      std::lock_guard lock(all.mutex_);
      for (const auto& [id, group] : all.groups_by_id_)
        if (fold(group.name) == fold(name)) return group;
      return none();
    }
    Result<Page<Group>> list(std::string_view words, const PageFrom& from) override {
      std::lock_guard lock(all.mutex_);
      std::map<std::string, Group> sorted;
      for (const auto& [id, group] : all.groups_by_id_)
        if (fold(group.name) > from.after && has_words(search_words(group.name), words))
          sorted[fold(group.name)] = group;
      Page<Group> out;
      for (const auto& [key, group] : sorted) {
        if (out.items.size() == from.limit) {
          out.next = fold(out.items.back().name);
          break;
        }
        out.items.push_back(group);
      }
      return out;
    }
    Result<Members> members(std::string_view id) override {
      std::lock_guard lock(all.mutex_);
      auto out = all.members_[std::string(id)];
      std::ranges::sort(out.persons);
      std::ranges::sort(out.groups);
      return out;
    }
    Result<void> update(std::string_view id, const std::optional<std::string>& name,
                        const std::optional<Members>& members) override {
      std::lock_guard lock(all.mutex_);
      auto found = all.groups_by_id_.find(std::string(id));
      if (found == all.groups_by_id_.end()) return none();
      if (auto fine = check(found->first, name, members); !fine) return fine;
      if (name) found->second.name = *name;
      return {};
    }
    Result<void> remove(std::string_view id) override {
      std::lock_guard lock(all.mutex_);
      if (all.groups_by_id_.erase(std::string(id)) == 0) return none();
      all.members_.erase(std::string(id));
      for (auto& [other, members] : all.members_) std::erase(members.groups, id);
      ++all.generation_;
      return {};
    }
  };

  std::mutex mutex_;
  bool broken_ = false;
  std::atomic<int> finds_ = 0;
  std::int64_t generation_ = 0;
  std::int64_t ends_ = 0;  // of sessions
  std::map<std::string, Person> people_;
  std::map<std::string, Link> links_;
  std::map<std::string, Session> sessions_by_hash_;
  std::map<std::string, ApiKey> keys_by_id_;
  std::map<std::string, Failures> failures_;
  std::map<std::string, Group> groups_by_id_;
  std::map<std::string, Members> members_;
  Persons persons_;
  Sessions sessions_;
  Keys keys_;
  Groups groups_;
};

}  // namespace bastide::identity
