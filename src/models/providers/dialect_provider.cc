#include "models/providers/dialect_provider.h"

#include <fmt/format.h>

#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>

#include "base/json.h"
#include "base/text.h"
#include "dialects/codec.h"
#include "dialects/collect.h"
#include "dialects/completions.h"
#include "dialects/configured.h"
#include "dialects/infill.h"
#include "dialects/prompt_cache.h"
#include "dialects/repeated_frames.h"
#include "net/sse.h"

namespace bastide::models {
namespace {

using dialects::EncodeOptions;
using dialects::StreamEvent;

constexpr std::size_t event_max_bytes = 8 * 1024 * 1024;  // an image may come in one
constexpr std::size_t stream_max_bytes = 64 * 1024 * 1024;
constexpr std::size_t answer_max_bytes = 32 * 1024 * 1024;
constexpr std::size_t error_max_bytes = 256 * 1024;
constexpr std::size_t texts_a_call = 64;
constexpr int keys_tried_max = 3;
constexpr std::string_view anthropic_version = "2023-06-01";

/// Errors of the codec speak of "the provider": say which one.
Error named_by(Error error, const std::string& provider) {
  constexpr std::string_view nameless = "The provider ";
  if (error.message.starts_with(nameless)) error.message.insert(nameless.size(), provider + " ");
  return error;
}

/// Reads what follows the end of an answer, so that the connection can serve the next call.
Task<void> drain(std::unique_ptr<net::ClientResponse> response) {
  constexpr int pieces_max = 8;
  for (int i = 0; i < pieces_max; ++i) {
    auto piece = co_await response->read();
    if (!piece || piece->empty()) co_return;
  }
}

/// The call that is on its way: bytes in, events out.
class ProviderCompletion final : public exchange::Completion {
 public:
  ProviderCompletion(std::unique_ptr<net::ClientResponse> response, const dialects::Codec& codec,
                     std::string provider, dialects::Losses losses)
      : response_(std::move(response)),
        decoder_(std::make_unique<dialects::RepeatedFrames>(codec.stream_decoder())),
        provider_(std::move(provider)),
        losses_(std::move(losses)) {}

  /// A whole answer of a server that does not stream.
  ProviderCompletion(std::vector<StreamEvent> events, dialects::Losses losses)
      : losses_(std::move(losses)),
        ready_(std::make_move_iterator(events.begin()), std::make_move_iterator(events.end())) {}

  [[nodiscard]] const dialects::Losses& losses() const override { return losses_; }

  Task<Result<StreamEvent>> next() override {
    while (ready_.empty()) {
      if (error_) co_return std::unexpected(*error_);
      if (!response_) co_return fail(Code::internal, "The answer has ended already.");
      auto bytes = co_await response_->read();
      if (auto taken = take(bytes); !taken) error_ = named_by(std::move(taken.error()), provider_);
      if (error_) response_.reset();
      if (over_ && response_) spawn("provider_drain", drain(std::move(response_)));
    }
    StreamEvent event = std::move(ready_.front());
    ready_.pop_front();
    co_return event;
  }

 private:
  Result<void> take(Result<std::string>& bytes) {
    if (!bytes || bytes->empty()) {
      // The dialect knows whether what came is whole, whatever happened to the connection then.
      std::vector<StreamEvent> last;
      auto ended = decoder_->finish(last);
      if (!ended) return bytes ? std::move(ended) : pass(bytes);
      if (bytes && sse_.has_partial())
        return fail(Code::upstream, "The provider's answer broke off before its end.", "truncated",
                    "Ask again.");
      return use(std::move(last));
    }
    received_bytes_ += bytes->size();
    if (received_bytes_ > stream_max_bytes)
      return fail(Code::upstream, "The provider's answer is too long.", "too_large", "Choose another model.");
    frames_.clear();
    auto fed = sse_.feed(*bytes, frames_);
    for (auto& frame : frames_) {
      if (over_) break;
      std::vector<StreamEvent> events;
      if (auto read = decoder_->feed(frame.event, trim(frame.data), events); !read) return read;
      if (auto used = use(std::move(events)); !used) return used;
    }
    if (!fed && !over_)
      return fail(Code::upstream, "The provider sent an event that is too long.", "too_large",
                  "Choose another model.");
    return {};
  }

  Result<void> use(std::vector<StreamEvent> events) {
    for (auto& event : events) {
      if (auto* failure = std::get_if<dialects::Failure>(&event))
        return std::unexpected(std::move(failure->error));
      if (std::holds_alternative<dialects::Ping>(event)) continue;
      over_ = std::holds_alternative<dialects::End>(event);
      ready_.push_back(std::move(event));
    }
    return {};
  }

  std::unique_ptr<net::ClientResponse> response_;
  std::unique_ptr<dialects::StreamDecoder> decoder_;
  std::string provider_;
  dialects::Losses losses_;
  net::SseParser sse_{event_max_bytes};
  std::vector<net::SseEvent> frames_;
  std::deque<StreamEvent> ready_;
  std::optional<Error> error_;
  std::size_t received_bytes_ = 0;
  bool over_ = false;
};

class PlainAnswer final : public exchange::ProviderAnswer {
 public:
  explicit PlainAnswer(std::unique_ptr<net::ClientResponse> response) : response_(std::move(response)) {}
  [[nodiscard]] std::string content_type() const override {
    return ascii_lower(response_->headers().find("content-type").value_or(""));
  }
  Task<Result<std::string>> read() override { return response_->read(); }

 private:
  std::unique_ptr<net::ClientResponse> response_;
};

class DialectProvider final : public Provider {
 public:
  DialectProvider(const ProviderConfig& config, net::Client& client, KeyRing* keys)
      : config_(config),
        client_(client),
        own_keys_(keys ? nullptr : std::make_unique<KeyRing>(config)),
        keys_(keys ? *keys : *own_keys_) {}

  Task<Result<std::unique_ptr<exchange::Completion>>> start(exchange::ModelCall call,
                                                            std::stop_token stop) override {
    auto& chat = call.request;
    chat.stream = true;
    dialects::cache_where_it_pays(chat, codec_.dialect());
    const auto* spoken = codec_for(dialects::form_of(chat));
    if (!spoken)
      co_return fail(Code::unsupported, fmt::format("The provider {} continues no texts.", config_.id),
                     "no_capability", "An administrator must take the capability out of the configuration.");
    const auto& codec = *spoken;
    EncodeOptions options = options_for(call.model.upstream);
    // Twice at most: a server that refuses one of two fields is asked again without it.
    std::optional<Error> said_to_another_key;
    for (int attempt = 0, keys_tried = 0;;) {
      dialects::Losses losses;
      auto body = codec.encode_request(chat, options, losses);
      if (!body) co_return pass(body);
      if (auto said = dialects::refuse_losses(losses); !said) co_return pass(said);
      auto path = codec.request_path(call.model.upstream, true);
      auto& rests = rests_of(call.model.upstream);
      // A second try is for another key only.
      auto key = keys_.pick(
          rests, said_to_another_key ? KeyRing::Urgency::others_may_answer : KeyRing::Urgency::nobody_else,
          Steady::now());
      if (!key) co_return std::unexpected(std::move(*said_to_another_key));
      auto outgoing = request(path, std::move(*body), *key->secret);
      if (!call.traceparent.empty()) outgoing.headers.add("traceparent", call.traceparent);
      auto response = co_await client_.fetch(std::move(outgoing), stop);
      if (!response) co_return std::unexpected(unreachable(std::move(response.error())));
      if ((*response)->status() / 100 == 2) {
        keys_.accepted(key->index);
        auto answered = co_await answer(std::move(*response), codec, std::move(losses));
        co_return answered;
      }
      auto text = co_await (*response)->read_all(error_max_bytes);
      const std::string said = text ? std::move(*text) : std::string();
      if (note_key(**response, key->index, rests) && ++keys_tried < keys_tried_max && keys_.size() > 1) {
        said_to_another_key = refused(**response, said);
        continue;
      }
      const bool again = attempt++ < 2 && (*response)->status() / 100 == 4 && adapt(options, said);
      if (!again) co_return std::unexpected(refused(**response, said));
      remember(call.model.upstream, options);
    }
  }

  Task<Result<std::unique_ptr<exchange::ProviderAnswer>>> send(exchange::ProviderCall call,
                                                               std::stop_token stop) override {
    auto& rests = rests_of(call.model.upstream);
    std::optional<Error> said_to_another_key;
    for (int keys_tried = 1;; ++keys_tried) {
      // A second try is for another key only.
      auto key = keys_.pick(
          rests, said_to_another_key ? KeyRing::Urgency::others_may_answer : KeyRing::Urgency::nobody_else,
          Steady::now());
      if (!key)
        co_return std::unexpected(said_to_another_key ? std::move(*said_to_another_key)
                                                      : keys_.why_none(rests, Steady::now()));
      const bool is_last = keys_tried >= keys_tried_max || keys_.size() == 1;
      auto sent = request(call.path, is_last ? std::move(call.body) : call.body, *key->secret);
      sent.headers.set("content-type", call.content_type);
      auto response = co_await client_.fetch(std::move(sent), stop);
      if (!response) co_return std::unexpected(unreachable(std::move(response.error())));
      if ((*response)->status() / 100 == 2) {
        keys_.accepted(key->index);
        co_return std::make_unique<PlainAnswer>(std::move(*response));
      }
      auto text = co_await (*response)->read_all(error_max_bytes);
      auto error = refused(**response, text ? *text : "");
      if (!note_key(**response, key->index, rests) || is_last) co_return std::unexpected(std::move(error));
      said_to_another_key = std::move(error);
    }
  }

  Task<Result<std::vector<std::vector<float>>>> embed(std::string upstream, std::vector<std::string> texts,
                                                      std::stop_token stop) override {
    std::vector<std::vector<float>> out;
    if (config_.dialect == Dialect::anthropic)
      co_return fail(Code::unsupported, fmt::format("The provider {} makes no embeddings.", config_.id),
                     "no_capability", "An administrator must take the capability out of the configuration.");
    while (out.size() < texts.size()) {
      const std::size_t count = std::min(texts_a_call, texts.size() - out.size());
      auto [path, body] = embedding_request(upstream, std::span(texts).subspan(out.size(), count));
      auto text = co_await whole_answer(std::move(path), std::move(body), upstream, stop);
      if (!text) co_return pass(text);
      auto vectors = parse_vectors(*text, count);
      if (!vectors) co_return pass(vectors);
      for (auto& vector : *vectors) out.push_back(std::move(vector));
    }
    co_return out;
  }

  Task<Result<exchange::Ranking>> rerank(std::string upstream, std::string query,
                                         std::vector<std::string> documents, std::stop_token stop) override {
    if (config_.dialect == Dialect::anthropic || config_.dialect == Dialect::gemini)
      co_return fail(Code::unsupported, fmt::format("The provider {} ranks no documents.", config_.id),
                     "no_capability", "An administrator must take the capability out of the configuration.");
    JsonWriter body;
    body.object().field("model", upstream).field("query", query).key("documents").array();
    for (const auto& document : documents) body.value(document);
    // All of them: who asked for the best few gets them from here.
    body.end().field("top_n", documents.size()).field("return_documents", false).end();
    auto text = co_await whole_answer("/rerank", body.take(), upstream, stop);
    if (!text) co_return pass(text);
    auto ranking = parse_ranking(*text, documents.size());
    co_return ranking;
  }

 private:
  struct PathAndBody {
    std::string path, body;
  };
  [[nodiscard]] PathAndBody embedding_request(const std::string& upstream,
                                              std::span<const std::string> texts) const {
    JsonWriter body;
    if (config_.dialect != Dialect::gemini) {
      body.object().field("model", upstream).field("encoding_format", "float").key("input").array();
      for (const auto& text : texts) body.value(text);
      return {"/embeddings", body.end().end().take()};
    }
    const auto model = "models/" + upstream;
    body.object().key("requests").array();
    for (const auto& text : texts) {
      body.object().field("model", model).key("content").object().key("parts").array();
      body.object().field("text", text).end().end().end().end();
    }
    return {"/" + model + ":batchEmbedContents", body.end().end().take()};
  }
  /// The body of a successful answer that is no stream.
  Task<Result<std::string>> whole_answer(std::string path, std::string body, std::string upstream,
                                         std::stop_token stop) {
    exchange::ProviderCall call;
    call.model.upstream = std::move(upstream);
    call.path = std::move(path);
    call.body = std::move(body);
    auto answer = co_await send(std::move(call), stop);
    if (!answer) co_return pass(answer);
    auto text = co_await exchange::read_all(std::move(*answer), answer_max_bytes);
    if (!text) co_return std::unexpected(unreachable(std::move(text.error())));
    co_return text;
  }
  [[nodiscard]] KeyRests& rests_of(const std::string& upstream) {
    constexpr std::size_t models_max = 1000;
    const std::lock_guard lock(mutex_);
    const auto known = rests_.find(upstream);
    if (known != rests_.end()) return *known->second;
    if (rests_.size() >= models_max) return *rests_.begin()->second;
    return *rests_.emplace(upstream, std::make_unique<KeyRests>()).first->second;
  }
  /// Whether the answer speaks against the key rather than the call; the ring is told.
  bool note_key(const net::ClientResponse& response, std::size_t key, KeyRests& rests) {
    const int status = response.status();
    if (status == 401 || status == 403) {
      keys_.refused(key, Steady::now());
      return true;
    }
    if (status != 429) return false;
    const auto wait = response.headers().find("retry-after");
    rests.limited(key, wait ? retry_after_of(*wait, now_ms()) : std::nullopt, Steady::now());
    return true;
  }
  [[nodiscard]] net::ClientRequest request(std::string_view path, std::string body,
                                           const std::string& key) const {
    net::ClientRequest out;
    out.method = "POST";
    out.url = root_ + std::string(path);
    out.body = std::move(body);
    out.headers = {{"content-type", "application/json"},
                   {"accept", "text/event-stream, application/json"},
                   {"accept-encoding", "identity"}};
    if (config_.dialect == Dialect::anthropic)
      out.headers.add("anthropic-version", std::string(anthropic_version));
    if (!key.empty()) {
      if (config_.dialect == Dialect::anthropic)
        out.headers.add("x-api-key", key);
      else if (config_.dialect == Dialect::gemini)
        out.headers.add("x-goog-api-key", key);
      else
        out.headers.add("authorization", "Bearer " + key);
    }
    out.first_byte_timeout = out.idle_timeout = std::chrono::seconds(config_.timeout_s);
    return out;
  }

  /// What a call of this form is said in; null where the provider has no word for it.
  [[nodiscard]] const dialects::Codec* codec_for(dialects::Form form) const {
    if (form == dialects::Form::talk) return &codec_;
    if (codec_.dialect() == dialects::Dialect::mistral) return &dialects::mistral_fim_codec();
    return codec_.dialect() == dialects::Dialect::openai ? &dialects::completions_codec() : nullptr;
  }

  Task<Result<std::unique_ptr<exchange::Completion>>> answer(std::unique_ptr<net::ClientResponse> response,
                                                             const dialects::Codec& codec,
                                                             dialects::Losses losses) {
    const std::string type =
        ascii_lower(response->headers().find("content-type").value_or("text/event-stream"));
    if (type.starts_with("text/event-stream"))
      co_return std::make_unique<ProviderCompletion>(std::move(response), codec, config_.id,
                                                     std::move(losses));
    if (!type.starts_with("application/json"))
      co_return fail(Code::upstream,
                     fmt::format("The provider {} answered with a page, not in the dialect {}.", config_.id,
                                 dialects::dialect_name(codec_.dialect())),
                     "wrong_content_type", "An administrator must check the provider's base_url.");
    auto text = co_await response->read_all(answer_max_bytes);
    if (!text) co_return pass(text);
    auto whole = codec.decode_answer(*text);
    if (!whole) co_return std::unexpected(named_by(std::move(whole.error()), config_.id));
    co_return std::make_unique<ProviderCompletion>(dialects::events_of(*whole), std::move(losses));
  }

  /// Whether leaving out or renaming a field may help.
  static bool adapt(EncodeOptions& options, std::string_view said) {
    if (options.limit == EncodeOptions::LimitField::max_tokens &&
        said.find("max_completion_tokens") != std::string_view::npos) {
      options.limit = EncodeOptions::LimitField::max_completion_tokens;
      return true;
    }
    if (options.ask_usage && said.find("stream_options") != std::string_view::npos) {
      options.ask_usage = false;
      return true;
    }
    return false;
  }

  [[nodiscard]] EncodeOptions options_for(const std::string& upstream) {
    const std::lock_guard lock(mutex_);
    const auto found = learned_.find(upstream);
    EncodeOptions options = found == learned_.end() ? EncodeOptions{} : found->second;
    options.model = upstream;
    // Proofs say themselves which of these dialects they are for.
    options.same_model = config_.dialect == Dialect::anthropic || config_.dialect == Dialect::gemini;
    return options;
  }
  void remember(const std::string& upstream, const EncodeOptions& options) {
    const std::lock_guard lock(mutex_);
    if (learned_.size() < 1000) learned_.insert_or_assign(upstream, options);
  }

  [[nodiscard]] Error refused(const net::ClientResponse& response, std::string_view body) const {
    const auto header = [&response](std::string_view name) -> std::string_view {
      return response.headers().find(name).value_or("");
    };
    return named_by(codec_.decode_error(response.status(), body, header), config_.id);
  }

  /// The client's errors name a server's address at most; say which provider it is.
  [[nodiscard]] Error unreachable(Error error) const {
    if (error.code == Code::cancelled) return error;
    error.message = fmt::format("The provider {} cannot be reached: {}", config_.id, error.message);
    if (error.action.empty()) error.action = "Try again, or choose another model.";
    return error;
  }

  const ProviderConfig config_;
  const dialects::Codec& codec_ = dialects::codec_of(dialects::spoken(config_.dialect));
  const std::string root_ = dialects::api_root(codec_.dialect(), config_.base_url);
  net::Client& client_;
  const std::unique_ptr<KeyRing> own_keys_;
  KeyRing& keys_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<KeyRests>> rests_;  // by the model's name there
  std::unordered_map<std::string, EncodeOptions> learned_;
};

}  // namespace

std::unique_ptr<Provider> make_provider(const ProviderConfig& config, net::Client& client, KeyRing* keys) {
  return std::make_unique<DialectProvider>(config, client, keys);
}

}  // namespace bastide::models
