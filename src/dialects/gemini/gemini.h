// Gemini's generateContent: what the files of this folder share.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "dialects/codec.h"
#include "dialects/foreign.h"
#include "dialects/signature.h"

namespace bastide::dialects::gemini {

using detail::array;
using detail::element;
using detail::object;

inline constexpr auto own = Dialect::gemini;

// Google's servers read fields in either spelling: "topP" and "top_p". `name` is the first.
[[nodiscard]] std::optional<element> field(const object& from, std::string_view name);
[[nodiscard]] std::string_view text_field(const object& from, std::string_view name);
[[nodiscard]] std::optional<object> object_field(const object& from, std::string_view name);
[[nodiscard]] std::optional<array> array_field(const object& from, std::string_view name);
/// "top_p" to "topP".
[[nodiscard]] std::string camel(std::string_view name);
/// As detail::keep_others, in either spelling; kept in the first.
void keep_others(const object& from, std::initializer_list<std::string_view> known, Others& out,
                 std::string_view prefix = {});

/// This dialect's calls mostly have no ids. Ours depend on `seed` alone and are told from real ones.
[[nodiscard]] std::string made_id(std::string_view seed);
[[nodiscard]] bool is_made(std::string_view id);

/// One part of a content. `seed` names the place, for the id of a call without one.
[[nodiscard]] Result<Part> read_part(const object& part, const std::string& path, std::string_view seed);

enum class Reader : std::uint8_t { provider, client };
struct PartContext {
  Reader reader = Reader::client;
  bool same_model = true;
  /// Stands on a call without a proof, for models that demand one:
  /// https://ai.google.dev/gemini-api/docs/thought-signatures, "FAQs". Empty: nothing.
  std::string_view unsigned_mark{};
  Losses& losses;
};
/// The part's JSON; empty when the dialect has no word for it, which `losses` tells.
[[nodiscard]] std::string write_part(const Part& part, const std::string& path, const PartContext& context);

/// JSON schema of a schema in Google's own words (types in capitals, nullable).
[[nodiscard]] std::string json_schema_of(const object& schema);

[[nodiscard]] Result<ChatRequest> read_request(std::string_view body, const RequestPath& path);
[[nodiscard]] Result<std::string> write_request(const ChatRequest& request, const EncodeOptions& options,
                                                Losses& losses);

[[nodiscard]] Finish read_finish(std::string_view reason);
/// The word to write: the one that came, or the nearest.
[[nodiscard]] std::string write_finish(Finish finish, const RawField& raw);
/// What a candidate says beside its content: its end, probabilities, sources.
void read_candidate(const object& candidate, Choice& out);
void write_logprobs(JsonWriter& json, const Logprobs& logprobs);
/// Tells the counts that the dialect has no place for.
void lose_usage(const Usage& usage, Losses& losses);
[[nodiscard]] std::vector<Citation> read_grounding(const object& candidate);
[[nodiscard]] Result<ChatAnswer> read_answer(std::string_view body);
[[nodiscard]] std::string write_answer(const ChatAnswer& answer, Losses& losses);

[[nodiscard]] Error read_error(int status, const object& root, std::int64_t retry_after_s);
[[nodiscard]] HttpError write_error(const Error& error, std::string_view exchange);

/// Arguments of a call that come as values of paths ("$.recipe.steps[2]").
class PartialArguments {
 public:
  /// One of partialArgs. False when it is malformed or beyond the limits.
  [[nodiscard]] bool take(const object& piece);
  /// The object so far.
  [[nodiscard]] std::string json() const;

 private:
  struct Node {
    std::map<std::string, Node, std::less<>> fields{};
    std::vector<std::string> order{};
    std::vector<Node> items{};
    std::string text{};   // of strings, which come in pieces
    std::string plain{};  // numbers, booleans, null
    enum class Kind : std::uint8_t { none, object, list, text, plain } kind = Kind::none;
  };
  [[nodiscard]] Node* find(std::string_view path);
  static void write(const Node& node, JsonWriter& json);

  Node root_;
  std::size_t bytes_ = 0;
};

[[nodiscard]] std::unique_ptr<StreamDecoder> make_stream_decoder();
[[nodiscard]] std::unique_ptr<StreamEncoder> make_stream_encoder(const StreamIdentity& identity);

/// 2.5 of "gemini-2.5-flash"; 1000 where the name does not say: taken for the newest.
[[nodiscard]] double gemini_version(std::string_view model);

}  // namespace bastide::dialects::gemini
