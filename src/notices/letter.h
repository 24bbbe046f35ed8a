// A notice as a letter: RFC 5322, plain text in the recipient's language.
#pragma once

#include <string>
#include <string_view>

#include "notices/notice_store.h"

namespace bastide::notices {

struct LetterFrame {
  std::string from;          // an address
  std::string organisation;  // as the sign-in page calls it
  std::string url;           // of the workspace
};

/// What a notice says, in one sentence and one more. `language`: fr; all else is English.
struct Sentences {
  std::string subject, text;
};
[[nodiscard]] Sentences sentences_of(const BudgetNotice& budget, std::string_view language);

/// The whole message. Its id is the notice's, so that who gets it twice can tell. Nothing that a name holds
/// can add a header.
[[nodiscard]] std::string letter_of(const Notice& notice, std::string_view to, std::string_view language,
                                    const LetterFrame& frame);

}  // namespace bastide::notices
