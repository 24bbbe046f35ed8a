// A sink that hears an answer as the events of the dialects.
#pragma once

#include "exchange/exchange.h"

namespace bastide::exchange {

/// Opens and ends the parts between which an answer comes, in the order that dialects/events.h tells. Start
/// is the deriving sink's to tell; stages, maskings and citations are told with the end. One coroutine at a
/// time.
class EventSink : public AnswerSink {
 public:
  Task<Result<void>> on_stage(const StageTrace& stage) override;
  Task<Result<void>> on_masked(const std::vector<Masked>& masked) override;
  Task<Result<void>> on_text(std::string text) override;
  Task<Result<void>> on_reasoning(std::string text) override;
  Task<Result<void>> on_citation(const Citation& citation) override;
  /// No dialect can take words back: what stands instead follows, apart.
  Task<Result<void>> on_replace(std::string text, std::string reason) override;
  Task<Result<void>> on_event(dialects::StreamEvent event) override;

 protected:
  [[nodiscard]] virtual Task<Result<void>> tell(dialects::StreamEvent event) = 0;
  /// Ends the open part, then tells Finished, UsageGiven and End.
  [[nodiscard]] Task<Result<void>> tell_end(const Exchange& exchange, const policy::Labels& labels);
  /// What was told is void: parts are counted anew.
  void begin_anew();

 private:
  enum class Open : std::uint8_t { nothing, text, thought, other };
  /// Opens a part of this kind when another or none is open.
  [[nodiscard]] Task<Result<void>> open(Open kind);
  [[nodiscard]] Task<Result<void>> close();

  Open open_ = Open::nothing;
  int parts_ = 0;
};

}  // namespace bastide::exchange
