// Restores the values behind tokens in what a model answers, while it streams.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "exchange/ports.h"
#include "guard/pseudonyms.h"

namespace bastide::guard {

/// How values are written into the text.
enum class Writing { plain, json_string };

/// One stream of text. Holds back only the longest suffix that may still become an issued token (some fifty
/// bytes at most). One thread at a time.
class TextRestorer {
 public:
  TextRestorer(std::shared_ptr<const PseudonymMap> map, Writing writing);
  /// Any split of the text gives the same whole, also within a UTF-8 sequence. Malformed bytes become U+FFFD.
  [[nodiscard]] std::string feed(std::string_view bytes);
  /// As exchange::Restorer::passes.
  [[nodiscard]] bool passes(std::string_view text);
  [[nodiscard]] std::string finish();
  [[nodiscard]] std::size_t unresolved() const { return unresolved_; }
  [[nodiscard]] std::size_t restored() const { return restored_; }

 private:
  std::string walk(Rest rest);
  void emit(std::string& out, std::string_view piece, char32_t point);

  std::shared_ptr<const PseudonymMap> map_;
  Writing writing_;
  std::string held_;
  bool after_word_ = false;
  std::string open_bracket_;  // what was shown since the last "[", to count tokens that were never issued
  std::size_t unresolved_ = 0;
  std::size_t restored_ = 0;
};

/// The exchange's restorer: the answer's text, and tool calls, whose arguments come as pieces of JSON.
class ConversationRestorer final : public exchange::Restorer {
 public:
  explicit ConversationRestorer(std::shared_ptr<const PseudonymMap> map);
  std::string feed(std::string_view text) override;
  bool passes(std::string_view text) override { return text_.passes(text); }
  /// A whole JSON text: values are escaped within its strings.
  std::string restore_json(std::string_view json) override;
  std::string finish() override;
  [[nodiscard]] std::unique_ptr<exchange::Restorer> another() const override;
  [[nodiscard]] std::size_t unresolved() const override;

 private:
  std::shared_ptr<const PseudonymMap> map_;
  TextRestorer text_;
  std::size_t unresolved_elsewhere_ = 0;
};

/// `json`, a whole JSON text, with values in place of tokens within its strings.
[[nodiscard]] std::string restore_whole_json(const std::shared_ptr<const PseudonymMap>& map,
                                             std::string_view json, std::size_t* unresolved = nullptr);

}  // namespace bastide::guard
