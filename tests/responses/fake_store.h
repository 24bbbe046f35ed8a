// responses::ResponseStore in memory.
#pragma once

#include <algorithm>
#include <map>

#include "responses/response_store.h"

namespace bastide::responses::testing {

class FakeStore final : public ResponseStore {
 public:
  Result<void> add(const StoredResponse& response) override {
    if (full) return fail(Code::storage_full, "Full.");
    responses[response.id] = response;
    return {};
  }
  Result<StoredResponse> find(std::string_view id, std::string_view person) override {
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

  std::map<std::string, StoredResponse> responses;
  UnixMillis swept_before = 0;
  bool full = false;
};

}  // namespace bastide::responses::testing
