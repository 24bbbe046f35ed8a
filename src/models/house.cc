#include "models/house.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/cores.h"
#include "base/json.h"
#include "base/text.h"
#include "dialects/infill.h"
#include "models/catalogue/catalogue.h"
#include "models/local/local_model.h"
#include "models/local/memory.h"
#include "models/providers/dialect_provider.h"

namespace bastide::models {
namespace {

constexpr std::size_t embed_texts_max = 2048;
constexpr std::size_t embed_bytes_max = 32 * 1024 * 1024;
constexpr std::size_t counts_kept = 4096;

/// A completion with what its model was not told.
class TellingCompletion final : public exchange::Completion {
 public:
  TellingCompletion(std::unique_ptr<exchange::Completion> inner, dialects::Losses losses)
      : inner_(std::move(inner)), losses_(std::move(losses)) {}
  Task<Result<dialects::StreamEvent>> next() override { return inner_->next(); }
  [[nodiscard]] const dialects::Losses& losses() const override { return losses_; }
  [[nodiscard]] exchange::Computed computed() const override { return inner_->computed(); }

 private:
  std::unique_ptr<exchange::Completion> inner_;
  dialects::Losses losses_;
};

/// What a worker is told: an OpenAI body. Templates of open models know no developer.
Result<std::string> worker_body(dialects::ChatRequest request, dialects::Losses& losses) {
  request.stream = false;
  request.from = dialects::Dialect::openai;
  for (auto& message : request.messages)
    if (message.role == dialects::Role::developer) message.role = dialects::Role::system;
  // "No thoughts" is an effort here, whatever the caller's dialect calls it.
  using Mode = dialects::ReasoningOptions::Mode;
  auto& reasoning = request.reasoning;
  if (reasoning.effort.empty() && (reasoning.mode == Mode::off || reasoning.budget_tokens == 0))
    reasoning.effort = "none";
  dialects::EncodeOptions options;
  options.continues_prefix = true;
  return dialects::openai_codec().encode_request(request, options, losses);
}

/// Characters / 3, rounded up: what is assumed where nobody counted.
std::int64_t estimate_tokens(std::span<const exchange::Message> messages) {
  std::size_t code_points = 0;
  for (const auto& message : messages) {
    code_points += count_code_points(dialects::text_of(message));
    for (const auto& part : message.parts)
      if (const auto* media = std::get_if<dialects::Media>(&part.content))
        code_points += count_code_points(media->text);
  }
  return static_cast<std::int64_t>((code_points + 2) / 3);
}

/// Recent prompt sizes by the hash of what was counted: a conversation is counted again at every turn.
class CountCache {
 public:
  std::optional<std::int64_t> find(std::uint64_t key) {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(key);
    if (found == counts_.end()) return std::nullopt;
    return found->second;
  }
  void put(std::uint64_t key, std::int64_t tokens) {
    const std::lock_guard lock(mutex_);
    if (counts_.size() >= counts_kept) counts_.clear();
    counts_.insert_or_assign(key, tokens);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::int64_t> counts_;
};

/// Why a local model cannot be loaded: what the catalogue saw of its file.
std::unexpected<Error> unusable(const policy::ModelCard& card) {
  auto why = card.state_error.value_or(Error{Code::unavailable, card.state_detail, "missing"});
  why.message = fmt::format("The model {}: {}", card.name, why.message);
  return std::unexpected(std::move(why));
}

bool is_same_file(const std::optional<Manifest>& a, const std::optional<Manifest>& b) {
  return a.has_value() == b.has_value() && (!a || (a->file == b->file && a->bytes == b->bytes));
}

/// An OpenAI body with what the worker must know of the caller, after all fields of the call: the last of two
/// of one name counts.
std::string with_caller(std::string body, const exchange::Caller& caller, dialects::Form form,
                        const std::optional<Manifest>& adapter) {
  JsonWriter json;
  json.object().field("person", caller.person).field("organisation", caller.organisation);
  json.field("rights", caller.rights);
  json.field("priority", caller.priority == identity::Priority::batch ? "batch" : "interactive");
  json.field("shares_instructions", !caller.reads_documents);
  if (form != dialects::Form::talk) json.field("form", form == dialects::Form::gap ? "gap" : "continuation");
  if (adapter) {
    json.key("adapters").array().object().field("name", adapter->id).field("file", adapter->file);
    json.field("key", adapter->sha256).end().end();
  }
  json.end();
  body.pop_back();
  return body + R"(,"bastide":)" + json.text() + "}";
}

}  // namespace

struct House::Impl {
  Impl(const Config& config, HouseOptions given, Pool& shared_pool, Metrics& metrics)
      : options(std::move(given)),
        pool(shared_pool),
        embedding_model(config.knowledge.embedding_model),
        idle_unload(options.idle_unload.value_or(std::chrono::minutes(config.local_models.idle_minutes))),
        catalogue(config, options.data_folder + "/models"),
        restarts(metrics.counter("bastide_worker_restarts_total",
                                 "Model processes that died and were restarted.")),
        calls_local(metrics.counter("bastide_model_calls_total", "Calls of models.", "place=\"local\"")),
        calls_provider(
            metrics.counter("bastide_model_calls_total", "Calls of models.", "place=\"provider\"")) {}

  /// The running form of a local model; made at its first use, and anew when its file was replaced.
  std::shared_ptr<local::LocalModel> local_model(const Manifest& manifest) {
    std::shared_ptr<local::LocalModel> replaced;
    const std::lock_guard lock(mutex);
    auto& model = locals[manifest.id];
    const auto found = manifest.draft.empty() ? std::nullopt : catalogue.find(manifest.draft);
    const auto draft = found ? found->local : std::nullopt;
    const bool same =
        model && model->manifest().file == manifest.file && model->manifest().bytes == manifest.bytes &&
        model->manifest().sha256 == manifest.sha256 && model->manifest().shards == manifest.shards &&
        model->manifest().vision == manifest.vision &&
        model->manifest().context_tokens == manifest.context_tokens &&
        model->manifest().gpu_layers == manifest.gpu_layers &&
        model->manifest().pooling == manifest.pooling && model->manifest().draft == manifest.draft &&
        is_same_file(model->draft(), draft);
    if (same) {
      model->keep_loaded(manifest.keep_loaded);
      return model;
    }
    local::LocalModelOptions made;
    made.manifest = manifest;
    made.draft = draft;
    made.own_binary = options.own_binary;
    made.slots = options.slots;
    made.threads = options.threads > 0 ? options.threads : usable_cores();
    made.idle_unload = idle_unload;
    made.prefix_key = options.prefix_key;
    made.prefix_folder = prefix_folder();
    replaced = std::exchange(model, std::make_shared<local::LocalModel>(std::move(made), restarts));
    model->keep_loaded(manifest.keep_loaded);
    // Ending a worker waits for it: not on the caller's thread, which may be a loop.
    if (replaced && !pool.try_post([gone = replaced] { gone->shut_down(); }))
      retired.push_back(std::move(replaced));
    return model;
  }

  [[nodiscard]] std::string prefix_folder() const { return options.data_folder + "/cache/prefixes"; }

  [[nodiscard]] std::shared_ptr<local::LocalModel> running(std::string_view id) const {
    const std::lock_guard lock(mutex);
    const auto found = locals.find(id);
    return found == locals.end() ? nullptr : found->second;
  }

  [[nodiscard]] Provider* provider(std::string_view id) const {
    const auto found = providers.find(id);
    return found == providers.end() ? nullptr : found->second.get();
  }

  const HouseOptions options;
  Pool& pool;
  const std::string embedding_model;
  const Millis idle_unload;
  const Catalogue catalogue;
  Counter& restarts;
  Counter& calls_local;
  Counter& calls_provider;
  std::list<std::unique_ptr<net::Client>>
      own_clients;  // of providers with a certificate authority of their own
  std::map<std::string, std::unique_ptr<Provider>, std::less<>> providers;
  CountCache counts;
  mutable std::mutex mutex;
  std::map<std::string, std::shared_ptr<local::LocalModel>, std::less<>> locals;
  std::vector<std::shared_ptr<local::LocalModel>> retired;
};

House::House(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

House::~House() {
  for (auto& model : impl_->retired) model->shut_down();
  for (auto& [id, model] : impl_->locals) model->shut_down();
}

Result<std::unique_ptr<House>> House::create(const Config& config, HouseOptions options, net::Client& client,
                                             Pool& pool, Metrics& metrics) {
  auto impl = std::make_shared<Impl>(config, std::move(options), pool, metrics);
  for (std::size_t i = 0; i < config.models.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (config.models[i].id == config.models[j].id)
        return fail(Code::invalid, fmt::format("Two models are named \"{}\".", config.models[i].id));
  for (const auto& provider : config.providers) {
    net::Client* through = &client;
    if (!provider.ca_file.empty()) {
      net::ClientOptions client_options;
      client_options.ca_file = provider.ca_file;
      auto own = net::Client::create(client_options);
      if (!own) return pass(own);
      through = impl->own_clients.emplace_back(std::move(*own)).get();
    }
    impl->providers.emplace(
        provider.id,
        make_provider(provider, *through,
                      impl->options.provider_keys ? &impl->options.provider_keys->of(provider.id) : nullptr));
  }
  metrics.gauge("bastide_workers", "Model processes that run.", [weak = std::weak_ptr(impl)] {
    const auto state = weak.lock();
    if (!state) return 0.0;
    const std::lock_guard lock(state->mutex);
    return static_cast<double>(
        std::ranges::count_if(state->locals, [](const auto& each) { return each.second->worker_pid() > 0; }));
  });
  return std::unique_ptr<House>(new House(std::move(impl)));
}

std::vector<policy::ModelCard> House::catalogue() const {
  using State = local::LocalStatus::State;
  std::vector<policy::ModelCard> out;
  for (auto& entry : impl_->catalogue.all()) {
    auto card = std::move(entry.card);
    // An adapter is as ready as the model that it goes on top of.
    const auto model = entry.local && card.state == "stopped" ? impl_->running(entry.local->id) : nullptr;
    if (model) {
      const auto status = model->status();
      if (status.state != State::stopped) card.state_detail = status.detail;
      if (status.state == State::loading) card.state = "loading";
      if (status.state == State::ready) card.state = "ready";
      if (status.state == State::failed) {
        card.state = "failed";
        card.state_error = status.error;
        card.ready = false;
      }
    }
    out.push_back(std::move(card));
  }
  return out;
}

Task<Result<std::unique_ptr<exchange::Completion>>> House::start(exchange::ModelCall call,
                                                                 std::stop_token stop) {
  auto entry = impl_->catalogue.find(call.model.id);
  if (!entry)
    co_return fail(Code::not_found, fmt::format("There is no model named \"{}\".", call.model.id),
                   "unknown_model");
  call.model = entry->card;
  if (entry->local) {
    impl_->calls_local.add();
    if (entry->card.state == "missing" || entry->card.state == "failed") co_return unusable(entry->card);
    dialects::Losses losses;
    const auto form = dialects::take_form(call.request);
    auto body = worker_body(std::move(call.request), losses);
    if (!body) co_return pass(body);
    if (auto said = dialects::refuse_losses(losses); !said) co_return pass(said);
    const auto model = impl_->local_model(*entry->local);
    auto started =
        co_await model->start(with_caller(std::move(*body), call.caller, form, entry->adapter), stop);
    if (!started || losses.empty()) co_return started;
    co_return std::make_unique<TellingCompletion>(std::move(*started), std::move(losses));
  }
  impl_->calls_provider.add();
  auto* provider = impl_->provider(entry->card.provider);
  if (!provider)
    co_return fail(Code::unavailable,
                   fmt::format("The model {}: {}", entry->card.name, entry->card.state_detail),
                   "unknown_dialect");
  auto started = co_await provider->start(std::move(call), stop);
  co_return started;
}

std::int64_t House::count_tokens(const policy::ModelCard& model,
                                 std::span<const exchange::Message> messages) const {
  if (model.local) {
    const auto running = impl_->running(model.id.substr(0, model.id.find(':')));  // an adapter's base
    dialects::ChatRequest request;
    if (running) request.messages.assign(messages.begin(), messages.end());
    dialects::Losses losses;
    const auto body = running ? worker_body(std::move(request), losses) : Result<std::string>(std::string());
    if (running && body) {
      const std::uint64_t key =
          XXH3_64bits_withSeed(body->data(), body->size(), XXH3_64bits(model.id.data(), model.id.size()));
      if (const auto known = impl_->counts.find(key)) return *known;
      if (const auto counted = running->count(*body)) {
        impl_->counts.put(key, *counted);
        return *counted;
      }
    }
  }
  return estimate_tokens(messages);
}

Task<Result<exchange::Embeddings>> House::embed(std::string model, std::vector<std::string> texts,
                                                EmbedKind kind, exchange::TooLong too_long) {
  if (model.empty()) model = impl_->embedding_model;
  if (texts.empty()) co_return exchange::Embeddings();
  if (texts.size() > embed_texts_max)
    co_return fail(Code::too_large,
                   fmt::format("At most {} texts can be embedded at once.", embed_texts_max));
  std::size_t bytes = 0;
  for (const auto& text : texts) bytes += text.size();
  if (bytes > embed_bytes_max)
    co_return fail(Code::too_large, "The texts to embed are longer than 32 MB together.");
  const auto entry = impl_->catalogue.find(model);
  if (!entry)
    co_return fail(Code::not_found, fmt::format("There is no embedding model named \"{}\".", model),
                   "unknown_model", fmt::format("Fetch it with `bastide model pull {}`.", model));
  if (!entry->card.can("embeddings"))
    co_return fail(Code::invalid, fmt::format("The model {} makes no embeddings.", entry->card.name),
                   "no_capability");
  if (!entry->local) {
    auto* provider = impl_->provider(entry->card.provider);
    if (!provider) co_return fail(Code::unavailable, entry->card.state_detail, "unknown_dialect");
    auto vectors = co_await provider->embed(entry->card.upstream, std::move(texts), {});
    if (!vectors) co_return pass(vectors);
    co_return exchange::Embeddings{.vectors = std::move(*vectors)};
  }
  if (entry->card.state == "missing" || entry->card.state == "failed") co_return unusable(entry->card);
  const auto& prefix = kind == EmbedKind::query     ? entry->local->query_prefix
                       : kind == EmbedKind::passage ? entry->local->passage_prefix
                                                    : std::string();
  for (auto& text : texts) text = prefix + to_valid_utf8(trim(text));
  const auto running = impl_->local_model(*entry->local);
  auto embedded = co_await running->embed(std::move(texts), too_long, {});
  co_return embedded;
}

Task<Result<exchange::Ranking>> House::rerank(policy::ModelCard model, std::string query,
                                              std::vector<std::string> documents, std::stop_token stop) {
  const auto entry = impl_->catalogue.find(model.id);
  if (!entry || !entry->card.can("rerank"))
    co_return fail(Code::unsupported, fmt::format("The model {} ranks no documents.", model.id),
                   "no_capability", "Choose a reranker.");
  if (!entry->local) {
    impl_->calls_provider.add();
    auto* provider = impl_->provider(entry->card.provider);
    if (!provider) co_return fail(Code::unavailable, entry->card.state_detail, "unknown_dialect");
    auto ranked =
        co_await provider->rerank(entry->card.upstream, std::move(query), std::move(documents), stop);
    co_return ranked;
  }
  if (entry->card.state == "missing" || entry->card.state == "failed") co_return unusable(entry->card);
  impl_->calls_local.add();
  for (auto& document : documents) document = to_valid_utf8(document);
  const auto running = impl_->local_model(*entry->local);
  auto scores = co_await running->rerank(to_valid_utf8(query), std::move(documents), stop);
  if (!scores) co_return pass(scores);
  co_return exchange::Ranking{std::move(scores->scores), scores->tokens, scores->documents_cut};
}

Task<Result<std::unique_ptr<exchange::ProviderAnswer>>> House::send(exchange::ProviderCall call,
                                                                    std::stop_token stop) {
  auto* provider = impl_->provider(call.model.provider);
  if (!provider)
    co_return fail(Code::not_found, fmt::format("The model {} is of no provider.", call.model.name),
                   "unknown_model");
  impl_->calls_provider.add();
  auto answer = co_await provider->send(std::move(call), stop);
  co_return answer;
}

void House::forget_beginnings() {
  std::vector<std::shared_ptr<local::LocalModel>> running;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [id, model] : impl_->locals)
      if (model) running.push_back(model);
  }
  for (const auto& model : running) model->forget_beginnings();
  std::error_code ignored;
  std::filesystem::remove_all(impl_->prefix_folder(), ignored);
}

void House::load_kept() {
  for (const auto& entry : impl_->catalogue.all()) {
    if (!entry.local || entry.adapter) continue;
    const bool keeps = entry.local->keep_loaded;
    if (keeps && entry.card.state == "stopped")
      impl_->local_model(*entry.local)->load_ahead();
    else if (const auto model = keeps ? nullptr : impl_->running(entry.local->id))
      model->keep_loaded(false);
  }
}

Task<Result<void>> House::warm(std::string model) {
  const auto entry = impl_->catalogue.find(model);
  if (!entry)
    co_return fail(Code::not_found, fmt::format("There is no model named \"{}\".", model), "unknown_model");
  if (!entry->local) co_return Result<void>();
  const auto running = impl_->local_model(*entry->local);
  auto ready = co_await running->ready({});
  co_return ready;
}

}  // namespace bastide::models
