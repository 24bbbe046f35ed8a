// An answer's events with the values in place of their tokens.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dialects/answer.h"
#include "dialects/events.h"
#include "exchange/ports.h"

namespace bastide::exchange {

/// One answer's stream. A text is held back only as far as it may still become a token, and never beyond the
/// end of its part; a tool call's arguments come in one piece, because a token may be split and its value
/// needs escapes. Log-probabilities are left out: they speak of tokens that the person never sees.
/// One thread at a time.
class RestoredEvents {
 public:
  /// `restorer` outlives this.
  explicit RestoredEvents(Restorer& restorer) : text_(restorer), thoughts_(restorer.another()) {}
  /// Appends to `out` what can be told now. Code::too_large when a tool call grows beyond 4 MB.
  [[nodiscard]] Result<void> feed(dialects::StreamEvent event, std::vector<dialects::StreamEvent>& out);

 private:
  void end_part(dialects::PartEnd end, std::vector<dialects::StreamEvent>& out);
  void release(int choice, std::vector<dialects::StreamEvent>& out);
  [[nodiscard]] std::string restored(std::string_view text) const;

  Restorer& text_;
  std::unique_ptr<Restorer> thoughts_;
  std::string arguments_;
  int summary_ = -1;      // the one that grows, as in ReasoningDelta
  bool refuses_ = false;  // what grows is a refusal, not a text
};

/// The same of an answer that came whole.
[[nodiscard]] Result<dialects::ChatAnswer> restored(const dialects::ChatAnswer& answer, Restorer& restorer);

}  // namespace bastide::exchange
