// A ConversationStore in memory, with faults on demand.
#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "chat/conversation_store.h"

namespace bastide::chat::testing {

class FakeStore final : public ConversationStore {
 public:
  Result<void> create(const Conversation& c) override {
    std::lock_guard lock(mutex_);
    conversations_[c.id] = c;
    return {};
  }
  Result<Conversation> find(std::string_view id, std::string_view person) override {
    std::lock_guard lock(mutex_);
    auto found = conversations_.find(std::string(id));
    if (found == conversations_.end() || found->second.person != person)
      return fail(Code::not_found, "There is no such conversation.", "no_conversation");
    return found->second;
  }
  Result<ConversationPage> list(std::string_view, std::string_view, std::size_t) override {
    return ConversationPage{};
  }
  Result<ConversationPage> search(std::string_view, std::string_view, std::string_view,
                                  std::size_t) override {
    return ConversationPage{};
  }
  Result<void> update(std::string_view, std::string_view, std::optional<std::string>,
                      std::optional<std::string>) override {
    return {};
  }
  Result<void> remove(std::string_view id, std::string_view person) override {
    std::lock_guard lock(mutex_);
    auto found = conversations_.find(std::string(id));
    if (found == conversations_.end() || found->second.person != person)
      return fail(Code::not_found, "There is no such conversation.", "no_conversation");
    std::erase_if(messages_, [&](const auto& entry) { return entry.second.conversation == id; });
    conversations_.erase(found);
    return {};
  }
  Result<std::int64_t> remove_all(std::string_view person) override {
    std::lock_guard lock(mutex_);
    return static_cast<std::int64_t>(
        std::erase_if(conversations_, [&](const auto& entry) { return entry.second.person == person; }));
  }
  Result<std::vector<StoredMessage>> messages(std::string_view conversation, std::string_view) override {
    std::lock_guard lock(mutex_);
    std::vector<StoredMessage> out;
    for (auto& [id, message] : messages_)
      if (message.conversation == conversation) out.push_back(message);
    return out;
  }
  Result<StoredMessage> message(std::string_view id, std::string_view) override {
    std::lock_guard lock(mutex_);
    auto found = messages_.find(std::string(id));
    if (found == messages_.end()) return fail(Code::not_found, "no");
    return found->second;
  }
  Result<std::optional<KeptTurn>> turn_of_key(std::string_view, std::string_view key) override {
    std::lock_guard lock(mutex_);
    auto found = keys_.find(std::string(key));
    if (found == keys_.end()) return std::nullopt;
    return found->second;
  }
  Result<void> add_turn(std::string_view person, const Turn& turn) override {
    std::lock_guard lock(mutex_);
    if (turn.key) {
      KeptTurn kept{turn.key->request, turn.question ? turn.question->id : "", turn.answer};
      if (!keys_.emplace(turn.key->key, kept).second) return fail(Code::conflict, "There.", "turn_exists");
    }
    if (turn.question) messages_[turn.question->id] = *turn.question;
    messages_[turn.answer.id] = turn.answer;
    streams_[turn.answer.stream] = {turn.answer.stream, turn.answer.id, std::string(person), false};
    auto& conversation = conversations_[turn.answer.conversation];
    conversation.leaf = turn.answer.id;
    if (turn.title) conversation.title = *turn.title;
    full = fills_after_turn;
    return {};
  }
  Result<void> append_events(std::span<const StreamEvent> events) override {
    std::lock_guard lock(mutex_);
    if (full) return fail(Code::storage_full, "The disk is full.");
    for (const auto& event : events) events_[event.stream].push_back(event);
    return {};
  }
  Result<void> finish(const StoredMessage& answer, const StreamEvent& last, std::string_view label) override {
    std::lock_guard lock(mutex_);
    if (full) return fail(Code::storage_full, "The disk is full.");
    messages_[answer.id] = answer;
    events_[answer.stream].push_back(last);
    streams_[answer.stream].ended = true;
    if (!label.empty()) conversations_[answer.conversation].label = label;
    return {};
  }
  Result<StreamInfo> stream(std::string_view id) override {
    std::lock_guard lock(mutex_);
    auto found = streams_.find(std::string(id));
    if (found == streams_.end()) return fail(Code::not_found, "no");
    return found->second;
  }
  Result<std::vector<StreamEvent>> events(std::string_view stream, std::uint64_t after,
                                          std::size_t limit) override {
    std::lock_guard lock(mutex_);
    std::vector<StreamEvent> out;
    for (const auto& event : events_[std::string(stream)])
      if (event.seq > after && out.size() < limit) out.push_back(event);
    return out;
  }
  Result<std::vector<StoredMessage>> running() override {
    std::lock_guard lock(mutex_);
    std::vector<StoredMessage> out;
    for (auto& [id, message] : messages_)
      if (message.state == MessageState::streaming) out.push_back(message);
    return out;
  }
  Result<void> purge_events(UnixMillis) override { return {}; }

  std::atomic<bool> full{false};
  bool fills_after_turn = false;  // the disk takes the question, and nothing after it

 private:
  std::mutex mutex_;
  std::map<std::string, Conversation> conversations_;
  std::map<std::string, KeptTurn> keys_;
  std::map<std::string, StoredMessage> messages_;
  std::map<std::string, StreamInfo> streams_;
  std::map<std::string, std::vector<StreamEvent>> events_;
};

}  // namespace bastide::chat::testing
