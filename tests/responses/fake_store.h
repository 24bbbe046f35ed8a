// responses::ResponseStore in memory.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>

#include "responses/response_store.h"

namespace bastide::responses::testing {

class FakeStore final : public ResponseStore {
 public:
  Result<void> add(const StoredResponse& response, std::span<const StreamFrame> frames) override {
    const std::lock_guard lock(mutex);
    if (full) return fail(Code::storage_full, "Full.");
    responses[response.id] = response;
    streams[response.id].assign(frames.begin(), frames.end());
    return {};
  }
  Result<StoredResponse> find(std::string_view id, std::string_view person) override {
    const std::lock_guard lock(mutex);
    const auto found = responses.find(std::string(id));
    if (found == responses.end() || found->second.person != person)
      return fail(Code::not_found, "There is no such response.", "no_response");
    return found->second;
  }
  Result<std::vector<StoredResponse>> chain(std::string_view id, std::string_view person,
                                            ChainBounds bounds) override {
    std::vector<StoredResponse> out;
    std::size_t bytes = 0;
    for (std::string next(id); !next.empty(); next = out.back().previous) {
      auto found = find(next, person);
      if (!found) return pass(found);
      bytes += found->items_json.size() + found->response_json.size();
      if (out.size() == bounds.responses_max || bytes > bounds.bytes_max)
        return fail(Code::too_large, "Too long.");
      out.push_back(std::move(*found));
    }
    std::ranges::reverse(out);
    return out;
  }
  Result<StoredResponse> holding(std::string_view item, std::string_view person) override {
    const std::lock_guard lock(mutex);
    for (const auto& [id, each] : responses)
      if (each.person == person && std::ranges::find(each.item_ids, item) != each.item_ids.end()) return each;
    return fail(Code::not_found, "There is no such item.", "no_item");
  }
  Result<Removed> remove(std::string_view id, std::string_view person) override {
    auto found = find(id, person);
    if (!found) return pass(found);
    responses.erase(found->id);
    const bool last = std::ranges::none_of(
        responses, [&](const auto& entry) { return entry.second.chain == found->chain; });
    return Removed{found->chain, last};
  }
  Result<std::int64_t> remove_all(std::string_view person) override {
    return static_cast<std::int64_t>(
        std::erase_if(responses, [&](const auto& entry) { return entry.second.person == person; }));
  }
  Result<std::vector<std::string>> sweep(UnixMillis before, std::size_t) override {
    swept_before = before;
    return std::vector<std::string>{"resp_old"};
  }
  Result<void> set_running(std::string_view id, std::string_view person, std::string_view json) override {
    if (auto found = find(id, person); !found) return pass(found);
    const std::lock_guard lock(mutex);
    auto& row = responses[std::string(id)];
    row.state = State::running;
    row.response_json = json;
    return {};
  }
  Result<void> finish(const StoredResponse& response, std::span<const StreamFrame> frames) override {
    if (auto found = find(response.id, response.person); !found) return pass(found);
    if (auto kept = append(response.id, response.person, frames); !kept) return kept;
    const std::lock_guard lock(mutex);
    auto& row = responses[response.id];
    row.state = State::ended;
    row.response_json = response.response_json;
    row.label = response.label;
    row.call_json.clear();
    row.item_ids = response.item_ids;
    return {};
  }
  Result<void> append(std::string_view id, std::string_view person,
                      std::span<const StreamFrame> frames) override {
    if (auto found = find(id, person); !found) return pass(found);
    const std::lock_guard lock(mutex);
    auto& stream = streams[std::string(id)];
    stream.insert(stream.end(), frames.begin(), frames.end());
    return {};
  }
  Result<std::vector<StreamFrame>> frames(std::string_view id, std::string_view person, std::int64_t after,
                                          std::size_t limit) override {
    if (auto found = find(id, person); !found) return pass(found);
    const std::lock_guard lock(mutex);
    std::vector<StreamFrame> out;
    for (const auto& frame : streams[std::string(id)])
      if (frame.number > after && out.size() < limit) out.push_back(frame);
    return out;
  }
  Result<std::int64_t> next_number(std::string_view id, std::string_view) override {
    const std::lock_guard lock(mutex);
    return static_cast<std::int64_t>(streams[std::string(id)].size());
  }
  Result<std::vector<Waiting>> waiting() override {
    std::vector<Waiting> out;
    for (const auto& [id, row] : responses)
      if (row.state != State::ended) out.push_back({id, row.person});
    return out;
  }

  std::mutex mutex;
  std::map<std::string, StoredResponse> responses;
  std::map<std::string, std::vector<StreamFrame>> streams;
  UnixMillis swept_before = 0;
  bool full = false;
};

}  // namespace bastide::responses::testing
