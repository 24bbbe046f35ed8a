#include "models/local/answer_parser.h"

#include <algorithm>
#include <stdexcept>

#include "base/crypto.h"
#include "base/json.h"

namespace bastide::models::local {
namespace {

constexpr int time_to_parsing = 20;
constexpr Millis wait_max{500};  // a parse that was interrupted tells nothing of the next one
/// Beyond them a mark is as any other piece: a model may go round in circles.
constexpr std::size_t marks_max = 64;
/// No format begins a mark with it: what stands before it is complete.
constexpr char end_of_text = '\x1F';
constexpr std::size_t id_bytes = 18;

/// What `now` has after `beginning` and `told`, which is then told. Nothing where it has turned out
/// otherwise: what was told cannot be taken back.
std::string rest_of(const std::string& now, const std::string& beginning, std::string& told) {
  if (!now.starts_with(beginning)) return {};
  const auto own = std::string_view(now).substr(beginning.size());
  if (!own.starts_with(told)) return {};
  std::string out(own.substr(told.size()));
  told += out;
  return out;
}

}  // namespace

AnswerParser::AnswerParser(AnswerFormat format, ParsingTime& time)
    : format_(std::move(format)), time_(time) {}

AnswerParser::~AnswerParser() {
  if (has_begun_) --time_.answers;
}

void AnswerParser::begin() {
  if (std::exchange(has_begun_, true)) return;
  ++time_.answers;
  if (!format_.continues) return;
  try {
    const auto whole = read_as_whole({});
    beginning_ = whole ? *whole : read({}, Stage::writing);
  } catch (const std::exception&) {
    beginning_ = {};  // of a kind that this format does not allow: nothing of it is told
  }
}

Delta AnswerParser::feed(std::string_view piece, Piece kind) {
  begin();
  if (is_text_) {
    Delta out;
    out.text = piece;
    return out;
  }
  // Another kind of text may begin: what stands before it is told first.
  const bool tells_before = kind == Piece::mark && has_news_ && marks_++ < marks_max;
  Delta before = tells_before ? parse(Stage::writing) : Delta();
  write(piece);
  has_news_ = has_news_ || !piece.empty();
  if (tells_before || !has_news_) return before;
  return parses_ == 0 || is_due() ? parse(Stage::writing) : Delta();
}

Delta AnswerParser::finish(std::string_view piece, Ending ending) {
  if (is_text_) return feed(piece, Piece::text);
  begin();
  write(piece);
  return parse(ending == Ending::whole ? Stage::whole : Stage::cut);
}

void AnswerParser::write(std::string_view piece) {
  written_.append(piece);
  if (!format_.reads_json) return;
  for (const char c : piece) {
    if (c == '[' || c == '{') is_too_deep_ = ++nesting_ > nesting_max || is_too_deep_;
    if (c == ']' || c == '}') nesting_ = std::max(nesting_ - 1, 0);
  }
}

bool AnswerParser::is_due() const {
  const auto wait = std::min<Steady::duration>(parse_took_ * time_to_parsing, wait_max);
  return time_.now() - parsed_at_ >= wait * std::max(time_.answers.load(), 1);
}

Delta AnswerParser::parse(Stage stage) {
  const auto before = time_.now();
  Delta out;
  try {
    if (is_too_deep_) throw std::length_error("nesting");
    // An answer without marks is not read as a part: what is not allowed now will not be later either.
    const auto read_as = stage == Stage::writing && !format_.has_marks ? Stage::cut : stage;
    out = news_of(stage == Stage::writing ? read(written_, read_as) : read_end(stage), stage);
  } catch (const std::exception&) {
    // Output that the format does not allow: shown as it is rather than lost, once that is sure.
    if (stage != Stage::writing || !format_.has_marks || is_too_deep_) {
      is_text_ = calls_.empty();
      out.text = untold();
    }
  }
  ++parses_;
  has_news_ = false;
  parsed_at_ = time_.now();
  parse_took_ = parsed_at_ - before;
  return out;
}

common_chat_msg AnswerParser::read(const std::string& text, Stage stage) const {
  std::optional<common_chat_msg> words;
  for (std::size_t each = 0; each + 1 < format_.parsers.size(); ++each) try {
      // Not as a part: then what the format does not allow fails. What is incomplete does not.
      auto out = common_chat_parse(text, false, format_.parsers[each]);
      if (out.content.empty() || !out.tool_calls.empty()) return out;
      words = std::move(out);
    } catch (const std::exception&) {
      continue;
    }
  try {
    return common_chat_parse(text, stage == Stage::writing, format_.parsers.back());
  } catch (const std::exception&) {
    if (words) return *words;
    throw;
  }
}

/// With what could begin a mark if more came. None: `text` does not end in words.
std::optional<common_chat_msg> AnswerParser::read_as_whole(const std::string& text) const try {
  auto out = read(text + end_of_text, Stage::whole);
  auto& last = out.content.empty() ? out.reasoning_content : out.content;
  if (!out.tool_calls.empty() || !last.ends_with(end_of_text)) return std::nullopt;
  last.pop_back();
  return out;
} catch (const std::exception&) {
  return std::nullopt;
}

common_chat_msg AnswerParser::read_end(Stage stage) const {
  auto out = read(written_, stage);
  const bool has_all = !out.content.empty() && written_.ends_with(out.content);
  if (stage == Stage::cut || has_all || !out.tool_calls.empty()) return out;
  if (auto whole = read_as_whole(written_);
      whole && whole->content.starts_with(out.content) && whole->reasoning_content == out.reasoning_content)
    return *whole;
  return out;
}

Delta AnswerParser::news_of(const common_chat_msg& now, Stage stage) {
  Delta out;
  auto thoughts = now.reasoning_content;  // a line's end after the last one is the format's
  thoughts.erase(thoughts.find_last_not_of(" \n") + 1);
  out.reasoning = rest_of(thoughts, beginning_.reasoning_content, reasoning_);
  out.text = rest_of(now.content, beginning_.content, text_);
  out.tool_calls = news_of_calls(now, stage);
  return out;
}

/// An array as OpenAI's chunks have it; empty when there is nothing.
std::string AnswerParser::news_of_calls(const common_chat_msg& now, Stage stage) {
  JsonWriter json;
  bool any = false;
  for (std::size_t each = 0; each < now.tool_calls.size(); ++each) {
    const auto& call = now.tool_calls[each];
    const bool is_last = each + 1 == now.tool_calls.size();
    auto arguments = call.arguments;
    if (arguments.size() <= 1) {  // llama.cpp's own bracket: the model wrote none yet, or none at all
      if (is_last && stage == Stage::writing) break;
      arguments = is_last && stage == Stage::cut ? "" : "{}";
    }
    const bool is_new = each == calls_.size();
    // A part of a name is no name.
    if (is_new && std::ranges::find(format_.tools, call.name) == format_.tools.end()) break;
    if (is_new) calls_.emplace_back();
    const auto more = rest_of(arguments, {}, calls_[each]);
    if (!is_new && more.empty()) continue;
    if (!std::exchange(any, true)) json.array();
    json.object().field("index", each);
    if (is_new)
      json.field("id", call.id.empty() ? "call_" + random_token(id_bytes) : call.id)
          .field("type", "function");
    json.key("function").object();
    if (is_new) json.field("name", call.name);
    json.field("arguments", more).end().end();
  }
  return any ? json.end().take() : std::string();
}

/// What follows what was told. Empty where that is not known.
std::string AnswerParser::untold() {
  if (!calls_.empty()) return {};
  std::size_t at = 0;
  if (const auto found = written_.find(reasoning_); found != std::string::npos)
    at = found + reasoning_.size();
  const auto found = written_.find(text_, at);
  if (found == std::string::npos) return {};
  auto out = written_.substr(found + text_.size());
  text_ += out;
  return out;
}

}  // namespace bastide::models::local
