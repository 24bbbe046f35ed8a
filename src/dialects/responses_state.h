// What a server of OpenAI's responses keeps of a call and its answer, and how a later call goes on from both.
// Pure functions.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/codec.h"

namespace bastide::dialects {

/// A body of responses, taken apart.
struct ResponsesCall {
  /// Of `input`, each an object in its long form: a text is a message of the user, its content a list.
  std::vector<std::string> items{};
  /// Items that are named only: their places among `items` are empty until somebody fills them in.
  struct Reference {
    std::size_t at = 0;
    std::string id;
  };
  std::vector<Reference> references{};
  /// Fields that the response repeats: instructions, tools, metadata ... what the caller said, and `store`,
  /// `background`, `previous_response_id`.
  Others repeated{};
  std::string
      rest_json{};  // the inside of the object without these, `previous_response_id` and `conversation`
  std::string model{};
  std::string previous{};
  std::string conversation{};  // the id of one that is kept, in place of `previous`
  std::optional<bool> store{};
  bool background = false;
  bool stream = false;
  bool wants_sealed = false;  // `include` names reasoning.encrypted_content
};

/// Code::invalid names the field that is wrong. All that is not taken apart here is for the codec to judge.
[[nodiscard]] Result<ResponsesCall> read_responses_call(std::string_view body);

/// What somebody leaves in a conversation, or says of it.
struct ConversationCall {
  std::vector<std::string> items{};  // as in ResponsesCall; a model's codec can read them
  std::string metadata_json{};       // an object of texts; empty: none was said
};
/// Code::invalid names the field that is wrong.
[[nodiscard]] Result<ConversationCall> read_conversation_call(std::string_view body);

/// The call's body with `earlier` items before its own.
[[nodiscard]] std::string whole_call(const ResponsesCall& call, std::span<const std::string> earlier);

/// Items of a JSON array, as they stand.
[[nodiscard]] Result<std::vector<std::string>> items_of(std::string_view array_json);
[[nodiscard]] std::string json_of_items(std::span<const std::string> items);
/// What the model wrote in a response that was kept. `of_providers` leaves out the ids that this house made:
/// for the next call, since no provider knows them.
enum class ItemIds : std::uint8_t { all, of_providers };
[[nodiscard]] Result<std::vector<std::string>> output_of(std::string_view response_json, ItemIds ids);

/// The ids of what the model wrote in a response that was kept.
[[nodiscard]] Result<std::vector<std::string>> item_ids_of(std::string_view response_json);
/// One of those items, for the next call, as `ItemIds::of_providers`; Code::not_found.
[[nodiscard]] Result<std::string> item_of(std::string_view response_json, std::string_view id);

/// An item as it is listed. One without an id gets its kind's prefix and `id_otherwise`.
struct ListedItem {
  std::string id;
  std::string json;
};
[[nodiscard]] Result<ListedItem> listed_item(std::string_view item_json, std::string_view id_otherwise);

/// An item under the id by which it is found.
[[nodiscard]] Result<std::string> item_with_id(std::string_view item_json, std::string_view id);

/// The response of an answer, in any of the dialect's states (queued in_progress completed incomplete failed
/// cancelled); empty: the answer's own. With an error it is the response's.
[[nodiscard]] std::string response_json(const ChatAnswer& answer, std::string_view status,
                                        const Error* error = nullptr);
/// completed, incomplete or cancelled.
[[nodiscard]] std::string_view response_status(const ChatAnswer& answer);
/// "resp_…" of an answer's id.
[[nodiscard]] std::string response_id_of(std::string_view answer_id);

/// An event that tells a response as it is: "response.queued" and the like.
[[nodiscard]] std::string response_frame(std::string_view type, std::int64_t number,
                                         std::string_view response_json);
/// A stream that others began: its events go on from `first_number`.
[[nodiscard]] std::unique_ptr<StreamEncoder> response_encoder(const StreamIdentity& identity,
                                                              std::int64_t first_number);

/// How a provider sealed what its model thought is for the next call, not for a reader who did not ask.
void hide_sealed_reasoning(ChatAnswer& answer);
/// Of a response or of one of its items.
[[nodiscard]] std::string without_sealed_reasoning(std::string_view json);

}  // namespace bastide::dialects
