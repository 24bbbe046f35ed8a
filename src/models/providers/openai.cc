#include "models/providers/openai.h"

#include <fmt/format.h>

#include <charconv>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "base/json.h"
#include "base/text.h"
#include "models/providers/openai_chunk.h"
#include "models/providers/openai_request.h"
#include "net/sse.h"

namespace bastide::models {
namespace {

using Event = exchange::ModelEvent;

constexpr std::size_t event_max_bytes = 4 * 1024 * 1024;
constexpr std::size_t stream_max_bytes = 64 * 1024 * 1024;
constexpr std::size_t answer_max_bytes = 32 * 1024 * 1024;
constexpr std::size_t error_max_bytes = 256 * 1024;
constexpr std::size_t texts_a_call = 64;

std::unexpected<Error> truncated() {
  return fail(Code::upstream, "The provider's answer broke off before its end.", "truncated", "Ask again.");
}

/// What a refused call means for the person who asked. `code` is the provider's own word, if it is one.
Error refusal(int status, std::string_view code, std::optional<std::string_view> retry_after,
              const std::string& provider) {
  const std::string said =
      code.empty() ? fmt::format("status {}", status) : fmt::format("status {}, {}", status, code);
  if (code == "context_length_exceeded")
    return {Code::invalid, "The question with its context is longer than the model reads.",
            "context_too_long", "Shorten it, or choose a model with a longer context."};
  if (status == 401 || status == 403)
    return {Code::upstream, fmt::format("The provider {} refused our key ({}).", provider, said),
            "provider_key", "An administrator must check the provider's key and its rights."};
  if (status == 402 || code == "insufficient_quota")
    return {Code::upstream, fmt::format("Our account with the provider {} is used up ({}).", provider, said),
            "provider_quota", "An administrator must check the account with the provider."};
  if (status == 429) {
    int seconds = 0;
    if (retry_after) std::from_chars(retry_after->data(), retry_after->data() + retry_after->size(), seconds);
    const bool known = seconds > 0 && seconds < 86'400;
    return {Code::rate_limited, fmt::format("The provider {} gets too many questions from us.", provider),
            "provider_rate_limit",
            known ? fmt::format("Try again in {} s.", seconds) : "Try again in a moment."};
  }
  if (status == 404)
    return {Code::upstream, fmt::format("The provider {} does not know this model ({}).", provider, said),
            "provider_model", "An administrator must check base_url and upstream in the configuration."};
  if (status == 408 || status == 504)
    return {Code::timeout, fmt::format("The provider {} took too long ({}).", provider, said),
            "provider_timeout", "Try again."};
  if (status == 413)
    return {Code::too_large, fmt::format("The question is too large for the provider {}.", provider),
            "provider_too_large", "Shorten it."};
  if (status == 503 || status == 529)
    return {Code::upstream, fmt::format("The provider {} is overloaded ({}).", provider, said),
            "provider_overloaded", "Try again in a moment."};
  if (status >= 500)
    return {Code::upstream, fmt::format("The provider {} failed ({}).", provider, said), "provider_failed",
            "Try again, or choose another model."};
  return {Code::upstream, fmt::format("The provider {} rejected the call ({}).", provider, said),
          "provider_rejected", "Check the fields of the call, or choose another model."};
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
class OpenAiCompletion final : public exchange::Completion {
 public:
  OpenAiCompletion(std::unique_ptr<net::ClientResponse> response, std::string provider,
                   std::int64_t input_estimate)
      : response_(std::move(response)), provider_(std::move(provider)), input_estimate_(input_estimate) {}

  Task<Result<Event>> next() override {
    while (ready_.empty()) {
      if (error_) co_return std::unexpected(*error_);
      if (!response_) co_return fail(Code::internal, "The answer has ended already.");
      auto bytes = co_await response_->read();
      if (auto taken = take(bytes); !taken) error_ = taken.error();
      if (error_) response_.reset();
      if (over_ && response_) spawn("provider_drain", drain(std::move(response_)));
    }
    Event event = std::move(ready_.front());
    ready_.pop_front();
    co_return event;
  }

  /// A whole answer of a server that does not stream.
  Result<void> take_whole(std::string_view json) {
    auto chunk = parser_.parse_whole(json);
    if (!chunk) return pass(chunk);
    if (auto used = use(std::move(*chunk)); !used) return used;
    finish();
    response_.reset();
    return {};
  }

 private:
  Result<void> take(Result<std::string>& bytes) {
    // An answer that has said why it ended is whole, whatever happens to the connection then.
    if (!bytes && finish_) return finish(), Result<void>();
    if (!bytes) return pass(bytes);
    if (bytes->empty()) {
      if (!finish_ || sse_.has_partial()) return truncated();
      return finish(), Result<void>();
    }
    received_bytes_ += bytes->size();
    if (received_bytes_ > stream_max_bytes)
      return fail(Code::upstream, "The provider's answer is too long.", "too_large", "Choose another model.");
    events_.clear();
    auto fed = sse_.feed(*bytes, events_);
    for (auto& event : events_) {
      if (over_) break;
      if (auto taken = take_event(event); !taken) return taken;
    }
    if (!fed && !over_)
      return fail(Code::upstream, "The provider sent an event that is too long.", "too_large",
                  "Choose another model.");
    return {};
  }

  Result<void> take_event(const net::SseEvent& event) {
    const auto data = trim(event.data);
    if (data == "[DONE]") {
      if (!finish_) return truncated();
      return finish(), Result<void>();
    }
    if (data.empty()) return {};
    auto chunk = parser_.parse(data);
    if (!chunk) return pass(chunk);
    if (event.event == "error") chunk->is_error = true;
    return use(std::move(*chunk));
  }

  Result<void> use(Chunk chunk) {
    if (chunk.is_error) {
      if (chunk.error_code == "rate_limit_exceeded") return std::unexpected(refusal(429, {}, {}, provider_));
      if (chunk.error_code == "overloaded_error")
        return std::unexpected(refusal(529, chunk.error_code, {}, provider_));
      return fail(Code::upstream,
                  fmt::format("The provider {} failed in mid-answer{}.", provider_,
                              chunk.error_code.empty() ? "" : fmt::format(" ({})", chunk.error_code)),
                  "provider_failed", "Ask again.");
    }
    output_code_points_ += count_code_points(chunk.text) + count_code_points(chunk.reasoning);
    if (!chunk.reasoning.empty())
      ready_.push_back({Event::Kind::reasoning, std::move(chunk.reasoning), {}, {}});
    if (!chunk.text.empty()) ready_.push_back({Event::Kind::text, std::move(chunk.text), {}, {}});
    if (!chunk.tool_calls.empty()) {
      output_code_points_ += chunk.tool_calls.size();
      ready_.push_back({Event::Kind::tool_calls, std::move(chunk.tool_calls), {}, {}});
    }
    if (chunk.finish) finish_ = chunk.finish;
    if (chunk.usage) usage_ = chunk.usage;
    return {};
  }

  void finish() {
    Event event{Event::Kind::finish, {}, finish_.value_or(exchange::Finish::stop), {}};
    event.usage =
        usage_.value_or(exchange::Usage{input_estimate_, estimate_tokens(output_code_points_), 0, true});
    ready_.push_back(std::move(event));
    over_ = true;
  }

  std::unique_ptr<net::ClientResponse> response_;
  std::string provider_;
  std::int64_t input_estimate_;
  net::SseParser sse_{event_max_bytes};
  std::vector<net::SseEvent> events_;
  ChunkParser parser_;
  std::deque<Event> ready_;
  std::optional<Error> error_;
  std::optional<exchange::Finish> finish_;
  std::optional<exchange::Usage> usage_;
  std::size_t received_bytes_ = 0;
  std::size_t output_code_points_ = 0;
  bool over_ = false;
};

class OpenAiProvider final : public Provider {
 public:
  OpenAiProvider(const ProviderConfig& config, net::Client& client) : config_(config), client_(client) {}

  Task<Result<std::unique_ptr<exchange::Completion>>> start(exchange::ModelCall call,
                                                            std::stop_token stop) override {
    BodyOptions options = options_for(call.model.upstream);
    const auto estimate = estimate_tokens(call.messages);
    // Twice at most: a server that refuses one of two fields is asked again without it.
    for (int attempt = 0;; ++attempt) {
      auto body = chat_body(call, options);
      if (!body) co_return pass(body);
      auto response = co_await client_.fetch(request("/chat/completions", std::move(*body)), stop);
      if (!response) co_return std::unexpected(named(std::move(response.error())));
      if ((*response)->status() / 100 == 2) co_return co_await answer(std::move(*response), estimate);
      auto text = co_await (*response)->read_all(error_max_bytes);
      const std::string said = text ? std::move(*text) : std::string();
      const bool again = attempt < 2 && (*response)->status() / 100 == 4 && adapt(options, said);
      if (!again) co_return std::unexpected(refused(**response, said));
      remember(call.model.upstream, options);
    }
  }

  Task<Result<std::vector<std::vector<float>>>> embed(std::string upstream, std::vector<std::string> texts,
                                                      std::stop_token stop) override {
    std::vector<std::vector<float>> out;
    ChunkParser parser;
    while (out.size() < texts.size()) {
      const std::size_t count = std::min(texts_a_call, texts.size() - out.size());
      JsonWriter body;
      body.object().field("model", upstream).field("encoding_format", "float").key("input").array();
      for (std::size_t i = 0; i < count; ++i) body.value(texts[out.size() + i]);
      body.end().end();
      auto response = co_await client_.fetch(request("/embeddings", body.take()), stop);
      if (!response) co_return std::unexpected(named(std::move(response.error())));
      auto text = co_await (*response)->read_all(answer_max_bytes);
      if ((*response)->status() / 100 != 2) co_return std::unexpected(refused(**response, text ? *text : ""));
      if (!text) co_return std::unexpected(named(std::move(text.error())));
      auto vectors = parser.parse_vectors(*text, count);
      if (!vectors) co_return pass(vectors);
      for (auto& vector : *vectors) out.push_back(std::move(vector));
    }
    co_return out;
  }

 private:
  [[nodiscard]] net::ClientRequest request(std::string_view path, std::string body) const {
    net::ClientRequest out;
    out.method = "POST";
    out.url = config_.base_url + std::string(path);
    out.body = std::move(body);
    out.headers = {{"content-type", "application/json"},
                   {"accept", "text/event-stream, application/json"},
                   {"accept-encoding", "identity"}};
    if (config_.key) out.headers.add("authorization", "Bearer " + config_.key->value);
    out.first_byte_timeout = out.idle_timeout = std::chrono::seconds(config_.timeout_s);
    return out;
  }

  Task<Result<std::unique_ptr<exchange::Completion>>> answer(std::unique_ptr<net::ClientResponse> response,
                                                             std::int64_t estimate) {
    const std::string type =
        ascii_lower(response->headers().find("content-type").value_or("text/event-stream"));
    if (type.starts_with("text/event-stream"))
      co_return std::make_unique<OpenAiCompletion>(std::move(response), config_.id, estimate);
    if (!type.starts_with("application/json"))
      co_return fail(
          Code::upstream,
          fmt::format("The provider {} answered with a page, not with an answer of the OpenAI format.",
                      config_.id),
          "wrong_content_type", "An administrator must check the provider's base_url.");
    auto text = co_await response->read_all(answer_max_bytes);
    if (!text) co_return pass(text);
    auto whole = std::make_unique<OpenAiCompletion>(nullptr, config_.id, estimate);
    if (auto taken = whole->take_whole(*text); !taken) co_return pass(taken);
    co_return std::unique_ptr<exchange::Completion>(std::move(whole));
  }

  /// Whether leaving out or renaming a field may help.
  static bool adapt(BodyOptions& options, std::string_view said) {
    if (options.limit == LimitField::max_tokens &&
        said.find("max_completion_tokens") != std::string_view::npos) {
      options.limit = LimitField::max_completion_tokens;
      return true;
    }
    if (options.usage == UsageInStream::ask && said.find("stream_options") != std::string_view::npos) {
      options.usage = UsageInStream::leave;
      return true;
    }
    return false;
  }

  [[nodiscard]] BodyOptions options_for(const std::string& upstream) {
    const std::lock_guard lock(mutex_);
    const auto found = learned_.find(upstream);
    BodyOptions options = found == learned_.end() ? BodyOptions{} : found->second;
    options.model = upstream;
    return options;
  }
  void remember(const std::string& upstream, const BodyOptions& options) {
    const std::lock_guard lock(mutex_);
    if (learned_.size() < 1000) learned_.insert_or_assign(upstream, options);
  }

  [[nodiscard]] Error refused(const net::ClientResponse& response, std::string_view body) const {
    ChunkParser parser;
    std::string code;
    if (const auto chunk = parser.parse(body); chunk && chunk->is_error) code = chunk->error_code;
    return refusal(response.status(), code, response.headers().find("retry-after"), config_.id);
  }

  /// The client's errors name a server's address at most; say which provider it is.
  [[nodiscard]] Error named(Error error) const {
    if (error.code == Code::cancelled) return error;
    error.message = fmt::format("The provider {} cannot be reached: {}", config_.id, error.message);
    if (error.action.empty()) error.action = "Try again, or choose another model.";
    return error;
  }

  const ProviderConfig config_;
  net::Client& client_;
  std::mutex mutex_;
  std::unordered_map<std::string, BodyOptions> learned_;
};

}  // namespace

std::unique_ptr<Provider> make_openai_provider(const ProviderConfig& config, net::Client& client) {
  return std::make_unique<OpenAiProvider>(config, client);
}

}  // namespace bastide::models
