// Grammars in GBNF, put together as text.
#pragma once

#include <string>
#include <string_view>

namespace bastide::models::local {

/// Allows what `one` allows and what `other` does. Both are whole grammars with a rule "root".
[[nodiscard]] std::string either_grammar(std::string_view one, std::string_view other);

/// llama.cpp's grammar of an answer that must call a tool, without the free text that it allows before the
/// call: a model that began to answer in words could not end its answer otherwise.
[[nodiscard]] std::string without_words_before_calls(std::string grammar);

/// The same with one call at most. llama.cpp lets Hermes' and Qwen's formats repeat theirs in any case.
[[nodiscard]] std::string with_one_call(std::string grammar);

}  // namespace bastide::models::local
