#include "guard/house_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/crypto.h"
#include "base/text.h"
#include "dialects/text_leaves.h"
#include "guard/masking.h"
#include "guard/pseudonyms.h"
#include "guard/restorer.h"

namespace bastide::guard {
namespace {

constexpr int attempts_max = 5;  // of one map, when answers of a conversation run side by side

// What the seal is bound to: a map moved to another conversation or person does not open.
std::string seal_context(const std::string& conversation, const std::string& person) {
  return fmt::format("guard.pseudonyms\n{}\n{}", conversation, person);
}

void tell_model(std::vector<dialects::Message>& messages, std::string note) {
  for (auto& message : messages) {
    if (message.role != dialects::Role::system) continue;
    auto* text = message.parts.empty() ? nullptr : std::get_if<dialects::Text>(&message.parts.back().content);
    if (text == nullptr) continue;
    text->text += text->text.empty() ? note : "\n\n" + note;
    return;
  }
  messages.insert(messages.begin(), dialects::text_message(dialects::Role::system, std::move(note)));
}

}  // namespace

Result<std::unique_ptr<HouseGuard>> HouseGuard::make(const GuardConfig& config, const Detector& detector,
                                                     PseudonymStore& store, KeyOf key_of, Pool& pool) {
  std::vector<Type> blocked;
  for (const auto& name : config.block_outside) {
    auto type = type_of(name);
    if (!type || !is_data(*type))
      return fail(Code::invalid,
                  fmt::format("guard.block_outside names \"{}\", which is not a type of data.", name),
                  "unknown_finding_type", "Use types such as \"secret\", \"iban\", \"nir\", \"card\".");
    blocked.push_back(*type);
  }
  return std::unique_ptr<HouseGuard>(new HouseGuard(config.pseudonymise_outside, std::move(blocked), detector,
                                                    store, std::move(key_of), pool));
}

HouseGuard::HouseGuard(bool masks, std::vector<Type> blocked, const Detector& detector, PseudonymStore& store,
                       KeyOf key_of, Pool& pool)
    : masks_(masks),
      blocked_(std::move(blocked)),
      detector_(detector),
      store_(store),
      key_of_(std::move(key_of)),
      pool_(pool) {}

exchange::Guard::Verdict HouseGuard::inspect(std::string_view text) const {
  Verdict verdict;
  auto matches = is_utf8(text) ? detector_.find(text) : detector_.find(to_valid_utf8(text));
  if (!matches) {
    verdict.decision = "block";
    verdict.reasons.push_back(matches.error().message);
    return verdict;
  }
  std::map<std::string_view, int> counts;
  bool personal = false, kept_inside = false, attack = false;
  for (const auto& match : *matches) {
    verdict.findings.push_back(
        {std::string(type_name(match.type)), match.first, match.last, match.score, std::string(match.rule)});
    ++counts[type_name(match.type)];
    attack = attack || !is_data(match.type);
    if (!is_data(match.type)) continue;
    verdict.types |= 1U << kind_of(match.type);
    verdict.places.emplace_back(match.begin, match.end);
    if (std::ranges::find(blocked_, match.type) != blocked_.end())
      kept_inside = true;
    else
      personal = personal || match.personal;
  }
  verdict.decision = attack || kept_inside ? "warn" : personal ? "mask" : "allow";
  for (const auto& [type, count] : counts)
    verdict.reasons.push_back(fmt::format("{} x {} found.", count, type));
  if (kept_inside) verdict.reasons.emplace_back("It holds what may not leave the walls.");
  if (attack) verdict.reasons.emplace_back("It looks like an attempt to change the model's instructions.");
  return verdict;
}

Task<Result<exchange::Pseudonymised>> HouseGuard::pseudonymise(std::string conversation, std::string person,
                                                               dialects::ChatRequest request) {
  auto work = [this, &conversation, &person, &request] { return replace(conversation, person, request); };
  auto done = co_await run_on(pool_, work);
  co_return done;
}

Result<exchange::Pseudonymised> HouseGuard::mask(const dialects::ChatRequest& request,
                                                 std::span<const std::string_view> clean) const {
  return try_once({}, {}, request, clean);
}

Result<exchange::Pseudonymised> HouseGuard::replace(const std::string& conversation,
                                                    const std::string& person,
                                                    const dialects::ChatRequest& request) const {
  for (int attempt = 1;; ++attempt) {
    auto done = try_once(conversation, person, request, {});
    bool again = !done && done.error().code == Code::conflict && attempt < attempts_max;
    if (!again) return done;
  }
}

Result<exchange::Pseudonymised> HouseGuard::try_once(const std::string& conversation,
                                                     const std::string& person,
                                                     const dialects::ChatRequest& request,
                                                     std::span<const std::string_view> clean) const {
  auto map = std::make_shared<PseudonymMap>();
  std::string key;
  PseudonymStore::Stored stored;
  bool lasting = masks_ && !conversation.empty();
  if (lasting) {
    auto found = store_.load(conversation);
    if (!found) return pass(found);
    stored = std::move(*found);
    auto got = key_of_(person);
    if (!got) return pass(got);
    key = std::move(*got);
    if (stored.version > 0) {
      auto opened = open_sealed(key, stored.sealed, seal_context(conversation, person));
      if (!opened) return pass(opened);
      auto parsed = PseudonymMap::parse(*opened);
      if (!parsed) return pass(parsed);
      *map = std::move(*parsed);
    }
  }

  auto known = map->entries().size();
  Masker masker(detector_, *map, blocked_, clean);
  exchange::Pseudonymised out;
  out.request = request;
  auto masked = dialects::for_each_text(out.request, [&masker](std::string& text) -> Result<void> {
    auto replaced = masker.text(text);
    if (!replaced) return pass(replaced);
    text = std::move(*replaced);
    return {};
  });
  if (!masked) return pass(masked);
  if (!masks_) {
    out.request = request;
    return out;
  }

  // Durable before anything is sent: an answer that comes after a restart must find its values.
  if (lasting && map->entries().size() > known) {
    auto sealed = seal(key, map->serialise(), seal_context(conversation, person));
    if (auto saved = store_.save(conversation, person, sealed, stored.version); !saved) return pass(saved);
  }
  std::vector<const PseudonymMap::Entry*> used;
  for (const auto& entry : masker.used()) used.push_back(&entry);
  if (!used.empty()) tell_model(out.request.messages, token_note(used));
  out.masked = masker.masked();
  for (const auto& entry : masker.used())
    if (entry.kind != literal_kind) out.types |= 1U << entry.kind;
  if (!map->entries().empty()) out.restorer = std::make_unique<ConversationRestorer>(std::move(map));
  return out;
}

}  // namespace bastide::guard
