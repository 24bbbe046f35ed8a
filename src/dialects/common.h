// What several codecs do alike. Private to them.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "dialects/codec.h"

namespace bastide::dialects::detail {

inline constexpr std::size_t messages_max = 2000;
inline constexpr std::size_t parts_max = 4096;
inline constexpr std::size_t tools_max = 1024;
inline constexpr std::size_t choices_max = 128;
inline constexpr std::size_t stream_bytes_max = 64ULL * 1024 * 1024;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

/// Fields that came from `speaker` are written as they came (those within `nested` by the name after its
/// dot); the rest is for lose_others.
void put_others(JsonWriter& json, const Others& others, Dialect speaker, std::string_view nested = {});
/// Reports a field that the target's dialect does not have. Fields that change what the model does (audio
/// output, grammars, predictions of another API ...) refuse the call; unknown ones are told.
void lose_field(Losses& losses, const RawField& field, std::string path);
/// Reports what put_others would not write, `path` before each name.
void lose_others(Losses& losses, const Others& others, Dialect speaker, std::string_view path = {});

/// "data:image/png;base64,AAAA" fills media_type and base64; any other URL fills `url`.
void put_url(Media& media, std::string_view url);
/// The media as a URL: its own, or a data: URL of its content; empty when it has neither.
[[nodiscard]] std::string url_of(const Media& media);

/// Gives each tool result the name of the call it answers, where it has none.
void name_tool_results(ChatRequest& request);

/// `messages[3].content[0]`
[[nodiscard]] std::string part_path(std::size_t message, std::size_t part);

/// What the call is made with: no arguments at all are an empty object.
[[nodiscard]] std::string_view arguments_of(const ToolCall& call);

/// Effort for a budget of tokens and back, where a target knows only one of them.
[[nodiscard]] std::string effort_of(const ReasoningOptions& reasoning);
[[nodiscard]] std::int64_t budget_of(std::string_view effort);

/// One server-sent event. `data` holds no line break: our JSON has none. A name that would end its line,
/// which a provider may have made up, is left out: the type stands in the data too.
void append_event(std::string& out, std::string_view data, std::string_view event = {});
/// A comment, which keeps a connection alive.
void append_ping(std::string& out);

}  // namespace bastide::dialects::detail
