// A stream's frames that differ from the one before in the text only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/codec.h"

namespace bastide::dialects {

/// Reads what `inner` reads and says what it says. Most servers repeat all of a frame but the piece of text:
/// where a frame gave one piece of text and nothing else, the next one that has the same bytes around its
/// text is not parsed. One thread at a time.
class RepeatedFrames final : public StreamDecoder {
 public:
  explicit RepeatedFrames(std::unique_ptr<StreamDecoder> inner) : inner_(std::move(inner)) {}
  [[nodiscard]] Result<void> feed(std::string_view event, std::string_view data,
                                  std::vector<StreamEvent>& out) override;
  [[nodiscard]] Result<void> finish(std::vector<StreamEvent>& out) override { return inner_->finish(out); }

 private:
  [[nodiscard]] bool repeats(std::string_view event, std::string_view data) const;
  void learn(std::string_view event, std::string_view data, const StreamEvent& said);

  std::unique_ptr<StreamDecoder> inner_;
  std::string event_, before_,
      after_;  // around the text, its quotes included; `before_` empty: nothing is known
  StreamEvent said_{};
  std::size_t bytes_ = 0;  // that were not parsed
};

}  // namespace bastide::dialects
