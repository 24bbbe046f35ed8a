// Proofs of a provider that travel through clients of other dialects.
#pragma once

#include <string>
#include <string_view>

#include "dialects/dialect.h"

namespace bastide::dialects {

/// Signatures and sealed reasoning stand in neutral values with the dialect that can read them before them:
/// "gemini:BASE64". A client of another dialect gets that text in its own field and gives it back unread, so
/// that a conversation keeps its proofs whatever the client speaks. `given` is what stood on the wire of
/// `own`: native, or such a text. Empty stays empty.
[[nodiscard]] std::string signature_read(Dialect own, std::string_view given);
/// What to write on the wire for a client of `own`: native to it, or the marked text.
[[nodiscard]] std::string signature_for_client(Dialect own, std::string_view signature);
/// What a provider of `own` may get back: empty when it is another dialect's.
[[nodiscard]] std::string_view signature_for_provider(Dialect own, std::string_view signature);

}  // namespace bastide::dialects
