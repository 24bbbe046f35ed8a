#include "gateway/plan.h"

#include <fmt/format.h>

#include <map>

#include "base/json.h"
#include "base/log.h"
#include "dialects/configured.h"

namespace bastide::gateway {
namespace {

// Where each dialect's servers want the key.
std::string_view key_field(Dialect dialect) {
  switch (dialect) {
    case Dialect::anthropic:
      return "x-api-key: ";
    case Dialect::gemini:
      return "x-goog-api-key: ";
    default:
      return "Authorization: Bearer ";
  }
}

// Servers of OpenAI's own want the new name; those that speak as it does know the old one.
std::string_view limit_field(dialects::Dialect dialect, const std::string& authority) {
  if (dialect == dialects::Dialect::gemini) return {};
  const auto host = authority.substr(0, authority.find(':'));
  return host.ends_with("openai.com") || host.ends_with("openai.azure.com") ? "max_completion_tokens"
                                                                            : "max_tokens";
}

std::shared_ptr<const Upstream> upstream_of(const ProviderConfig& provider, const KeyRings& keys,
                                            const FairGates& gates) {
  const auto dialect = dialects::spoken(provider.dialect);
  auto target = net::RelayTarget::parse(dialects::api_root(dialect, provider.base_url));
  if (!target || !provider.ca_file.empty()) return nullptr;  // the long way has a client that trusts the file
  auto upstream = std::make_shared<Upstream>();
  upstream->id = provider.id;
  upstream->dialect = dialect;
  upstream->target = std::move(*target);
  upstream->timeout = Millis(provider.timeout_s * 1000);
  upstream->head = fmt::format(
      "Host: {}\r\nUser-Agent: Bastide\r\nContent-Type: application/json\r\nAccept-Encoding: identity\r\n",
      upstream->target->authority());
  upstream->key_field = key_field(provider.dialect);
  upstream->keys = &keys.of(provider.id);
  upstream->gate = gates.of_provider(provider.id);
  upstream->limit_field = limit_field(dialect, upstream->target->authority());
  return upstream;
}

policy::ModelCard card_of(const ModelConfig& model, const ProviderConfig& provider) {
  policy::ModelCard card;
  card.id = model.id;
  card.name = model.name.empty() ? model.id : model.name;
  card.provider = provider.id;
  card.upstream = model.upstream.empty() ? model.id : model.upstream;
  card.zone = provider.zone;
  card.capabilities = model.capabilities;
  card.context_tokens = model.context_tokens;
  card.output_tokens_max = model.output_tokens_max;
  card.price = model.price;
  card.parameters_active = model.parameters_active;
  card.parameters_total = model.parameters_total;
  card.fallback = model.fallback;
  card.hedge_after_ms = model.hedge_after_ms;
  return card;
}

}  // namespace

Plans::Plans(const Config& config, const policy::Router& router, policy::Label default_label,
             policy::UsageLog& log, const KeyRings& keys, const FairGates& gates) {
  std::unordered_map<std::string, std::shared_ptr<const Upstream>> upstreams;
  std::unordered_map<std::string, const ProviderConfig*> providers;
  for (const auto& provider : config.providers) {
    providers[provider.id] = &provider;
    if (auto upstream = upstream_of(provider, keys, gates)) upstreams[provider.id] = std::move(upstream);
  }
  for (const auto& model : config.models) {
    const auto upstream = upstreams.find(model.provider);
    if (upstream == upstreams.end()) continue;
    const auto& provider = *providers[model.provider];
    if (!router.allows(default_label, provider.zone, model.id)) continue;
    auto plan = std::make_unique<Plan>();
    plan->card = card_of(model, provider);
    plan->upstream = upstream->second;
    plan->upstream_json = JsonWriter().value(plan->card.upstream).take();
    plan->asked_word = log.word(model.id);
    plan->gate = gates.of_model(model.id);
    plan->leaves_walls = router.place(provider.zone) != policy::Place::walls;
    plans_.emplace(model.id, std::move(plan));
  }
  for (auto& [id, plan] : plans_)
    for (const auto& next : plan->card.fallback) {
      const auto* other = find(next);
      if (other && other->leaves_walls == plan->leaves_walls)
        plan->fallback.push_back(other);
      else
        plan->has_other_fallback = true;
    }
  std::map<std::string, std::vector<Alias::Member>> shared;
  for (const auto& model : config.models)
    for (const auto& name : model.aliases) shared[name].push_back({model.id, find(model.id), model.weight});
  for (auto& [name, members] : shared) aliases_.emplace(name, std::make_unique<Alias>(std::move(members)));
}

const Alias* Plans::alias(std::string_view name) const {
  const auto found = aliases_.find(name);
  return found == aliases_.end() ? nullptr : found->second.get();
}

const policy::ModelTerms& Plan::terms(policy::Accounts& accounts, policy::Moment now) const {
  const auto generation = accounts.generation();
  if (generation_.load(std::memory_order_acquire) == generation)
    return *terms_.load(std::memory_order_relaxed);
  const auto& found = accounts.model(card, now);
  terms_.store(&found, std::memory_order_relaxed);
  generation_.store(generation, std::memory_order_release);
  return found;
}

const Plan* Plans::find(std::string_view model) const {
  const auto found = plans_.find(model);
  return found == plans_.end() ? nullptr : found->second.get();
}

std::vector<const Upstream*> Plans::upstreams() const {
  std::vector<const Upstream*> out;
  for (const auto& [id, plan] : plans_)
    if (std::find(out.begin(), out.end(), plan->upstream.get()) == out.end())
      out.push_back(plan->upstream.get());
  return out;
}

}  // namespace bastide::gateway
