// What of a model's output is text, reasoning or a tool call, told as it comes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "models/local/llama_engine.h"
#include "models/local/llama_template.h"

namespace bastide::models::local {

/// What the answers that one thread writes may spend on being parsed: a twentieth of the time together.
/// llama.cpp parses an answer from its beginning each time, so that parsing at each token would take the more
/// the longer the answer is. Outlives its parsers.
struct ParsingTime {
  std::function<Steady::time_point()> now = [] { return Steady::now(); };
  std::atomic<int> answers = 0;  // that have begun and not ended
};

/// How deep brackets may stand in one another: llama.cpp's parsers and templates call themselves for each,
/// until the stack of their thread has no room.
inline constexpr int nesting_max = 500;

/// The output of one answer. One thread at a time.
class AnswerParser {
 public:
  AnswerParser(AnswerFormat format, ParsingTime& time);
  ~AnswerParser();
  AnswerParser(const AnswerParser&) = delete;
  AnswerParser& operator=(const AnswerParser&) = delete;

  enum class Piece : std::uint8_t { text, mark };
  /// What can be told after `piece`, complete UTF-8: it, or it with what came before, or nothing yet. A mark
  /// is a word of the template's own.
  [[nodiscard]] Delta feed(std::string_view piece, Piece kind);
  /// The rest of the answer, which `piece` ends.
  [[nodiscard]] Delta finish(std::string_view piece, Ending ending);
  [[nodiscard]] bool called_tools() const { return !calls_.empty(); }
  /// How often it was parsed.
  [[nodiscard]] std::size_t parses() const { return parses_; }

 private:
  enum class Stage : std::uint8_t { writing, cut, whole };

  [[nodiscard]] common_chat_msg read(const std::string& text, Stage stage) const;
  [[nodiscard]] std::optional<common_chat_msg> read_as_whole(const std::string& text) const;
  [[nodiscard]] common_chat_msg read_end(Stage stage) const;
  void begin();
  [[nodiscard]] bool is_due() const;
  [[nodiscard]] Delta parse(Stage stage);
  [[nodiscard]] Delta news_of(const common_chat_msg& now, Stage stage);
  [[nodiscard]] std::string news_of_calls(const common_chat_msg& now, Stage stage);
  [[nodiscard]] std::string untold();
  void write(std::string_view piece);

  AnswerFormat format_;
  ParsingTime& time_;
  std::string written_;
  int nesting_ = 0;  // of `written_`, quoted or not: what is a string is for the format to say
  bool is_too_deep_ = false;
  common_chat_msg beginning_;       // the caller's
  std::string text_, reasoning_;    // told, after it
  std::vector<std::string> calls_;  // their arguments, told
  bool has_begun_ = false;
  bool has_news_ = false;  // since the last parse
  bool is_text_ = false;   // from here on
  Steady::time_point parsed_at_{};
  Steady::duration parse_took_{};
  std::size_t parses_ = 0;
  std::size_t marks_ = 0;
};

}  // namespace bastide::models::local
