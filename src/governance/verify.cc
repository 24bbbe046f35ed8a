#include "governance/verify.h"

#include <fmt/format.h>

#include <map>

#include "base/crypto.h"
#include "base/json.h"
#include "governance/audit.h"

namespace bastide::governance {
namespace {

constexpr std::int64_t page_entries = 256;
constexpr std::int64_t page_checkpoints = 64;

/// One walk through the log.
class Walk {
 public:
  Walk(LogStore& store, identity::PersonKeys& keys, const Signer& signer, const Witness& witness)
      : store_(store), keys_(keys), signer_(signer), witness_(witness) {
    out_.public_key = signer.verifier().text();
  }

  Result<Verification> run(const std::function<void(std::int64_t, std::int64_t)>& progress) {
    auto size = store_.size();
    if (!size) return pass(size);
    size_ = *size;
    while (hasher_.size() < size_) {
      const auto before = hasher_.size();
      auto page = store_.page(before, std::min(page_entries, size_ - before));
      if (!page) return pass(page);
      if (auto checked = check(*page); !checked) return pass(checked);
      if (hasher_.size() == before) break;  // a gap: nothing after it can be placed
      if (progress) progress(hasher_.size(), size_);
    }
    if (hasher_.size() < size_)
      problem("entry {} is missing: the log says that it has {} entries.", hasher_.size(), size_);
    if (auto checked = check_rest_of_checkpoints(); !checked) return pass(checked);
    out_.entries = hasher_.size();
    out_.root = hasher_.root();
    return std::move(out_);
  }

 private:
  template <class... A>
  void problem(fmt::format_string<A...> form, A&&... parts) {
    ++out_.problems_total;
    if (out_.problems.size() < Verification::problems_max)
      out_.problems.push_back(fmt::format(form, std::forward<A>(parts)...));
  }

  Result<void> check(const LogPage& page) {
    std::map<std::pair<int, std::int64_t>, Hash> stored;
    for (const auto& node : page.nodes) stored[{node.level, node.position}] = node.hash;
    for (const auto& found : page.entries) {
      const auto& entry = found.entry;
      if (entry.position != hasher_.size()) return {};
      const auto leaf = leaf_hash(canonical(entry.body));
      if (leaf != entry.leaf)
        problem("entry {} ({}): its fields are not those that were logged.", entry.position, entry.body.kind);
      // The tree was built over the stored leaves: going on with them shows what else is wrong, and what is
      // not.
      hasher_.push(entry.leaf, [&](const Node& node) {
        ++out_.nodes;
        const auto at = stored.find({node.level, node.position});
        if (at == stored.end())
          problem("tree node {}/{}, completed by entry {}, is missing.", node.level, node.position,
                  entry.position);
        else if (at->second != node.hash)
          problem("tree node {}/{} is not the hash of what lies below it (entries {} to {}).", node.level,
                  node.position, node.position << node.level, ((node.position + 1) << node.level) - 1);
      });
      check_payload(found);
      if (auto checked = check_checkpoints(); !checked) return checked;
    }
    return {};
  }

  void check_payload(const Found& found) {
    const auto& body = found.entry.body;
    if (!found.payload) {
      ++out_.erased;
      return;
    }
    auto key = detail::payload_key(found.payload->owner, keys_, signer_);
    if (!key && key.error().detail == "key_destroyed") {
      ++out_.erased;
      return;
    }
    auto opened =
        key ? open_sealed(*key, found.payload->sealed, detail::payload_context(body)) : pass_text(key);
    if (!opened || opened->size() < detail::salt_bytes) {
      problem("entry {} ({} {}): its payload does not open with its owner's key.", found.entry.position,
              body.kind, body.subject);
      return;
    }
    const std::string_view plain = *opened;
    const auto payload = plain.substr(detail::salt_bytes);
    if (commit(plain.substr(0, detail::salt_bytes), payload) != body.commitment)
      return problem("entry {} ({} {}): its payload is not the one that was logged.", found.entry.position,
                     body.kind, body.subject);
    ++out_.payloads;
    if (!witness_) return;
    if (auto wrong = witness_(body, payload))
      problem("entry {} ({} {}): {}", found.entry.position, body.kind, body.subject, *wrong);
  }
  static Result<std::string> pass_text(Result<std::string>& from) { return pass(from); }

  /// Checkpoints of exactly as many entries as were walked.
  Result<void> check_checkpoints() {
    if (!coming_ && !none_left_)
      if (auto next = next_checkpoint(); !next) return next;
    while (coming_ && coming_->size <= hasher_.size()) {
      check(*coming_);
      if (auto next = next_checkpoint(); !next) return next;
    }
    return {};
  }

  Result<void> next_checkpoint() {
    const auto after = coming_ ? coming_->size : 0;
    coming_.reset();
    if (ahead_.empty()) {
      auto more = store_.checkpoints(after, page_checkpoints);
      if (!more) return pass(more);
      ahead_.assign(more->rbegin(), more->rend());
    }
    none_left_ = ahead_.empty();
    if (none_left_) return {};
    coming_ = std::move(ahead_.back());
    ahead_.pop_back();
    return {};
  }

  void check(const Checkpoint& checkpoint) {
    ++out_.checkpoints;
    auto text = signer_.verifier().open_note(checkpoint.note);
    if (!text) {
      problem("checkpoint of {} entries: its signature does not hold.", checkpoint.size);
      return;
    }
    auto stated = parse_checkpoint(*text);
    if (!stated || stated->size != checkpoint.size || stated->origin != signer_.verifier().name()) {
      problem("checkpoint of {} entries: it does not say what it is kept for.", checkpoint.size);
      return;
    }
    if (checkpoint.size == hasher_.size() && stated->root != hasher_.root())
      problem("checkpoint of {} entries: the log had another content when it was signed at {}.",
              checkpoint.size, stated->at);
  }

  Result<void> check_rest_of_checkpoints() {
    // Those that were signed while this ran are of a larger log, and then it is larger by now.
    auto now = store_.size();
    if (!now) return pass(now);
    if (auto checked = check_checkpoints(); !checked) return checked;
    while (coming_) {
      check(*coming_);
      if (coming_->size > *now)
        problem("checkpoint of {} entries: the log has only {}, so entries were cut off.", coming_->size,
                *now);
      if (auto next = next_checkpoint(); !next) return next;
    }
    return {};
  }

  LogStore& store_;
  identity::PersonKeys& keys_;
  const Signer& signer_;
  const Witness& witness_;
  std::int64_t size_ = 0;
  TreeHasher hasher_;
  Verification out_;
  std::optional<Checkpoint> coming_;
  std::vector<Checkpoint> ahead_;
  bool none_left_ = false;
};

}  // namespace

Result<Verification> verify_log(LogStore& store, identity::PersonKeys& keys, const Signer& signer,
                                const std::function<void(std::int64_t, std::int64_t)>& progress,
                                const Witness& witness) {
  return Walk(store, keys, signer, witness).run(progress);
}

std::string to_text(const Verification& it) {
  std::string text = it.holds() ? "The audit log holds.\n"
                                : fmt::format("The audit log does NOT hold: {} problem{}.\n",
                                              it.problems_total, it.problems_total == 1 ? "" : "s");
  for (const auto& problem : it.problems) text += fmt::format("  - {}\n", problem);
  if (it.problems_total > static_cast<std::int64_t>(it.problems.size()))
    text +=
        fmt::format("  and {} more.\n", it.problems_total - static_cast<std::int64_t>(it.problems.size()));
  text += fmt::format(
      "{} entries, {} tree nodes, {} checkpoints; {} payloads match, {} erased.\nRoot of {} entries: "
      "{}\nKey: {}\n",
      it.entries, it.nodes, it.checkpoints, it.payloads, it.erased, it.entries, hex(it.root), it.public_key);
  return text;
}

std::string to_json(const Verification& it) {
  JsonWriter json;
  json.object()
      .field("holds", it.holds())
      .field("entries", it.entries)
      .field("nodes", it.nodes)
      .field("checkpoints", it.checkpoints)
      .field("payloads", it.payloads)
      .field("erased", it.erased)
      .field("root", hex(it.root))
      .field("public_key", it.public_key)
      .field("problems_total", it.problems_total)
      .key("problems")
      .array();
  for (const auto& problem : it.problems) json.value(problem);
  return json.end().end().take();
}

}  // namespace bastide::governance
