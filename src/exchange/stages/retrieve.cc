// 5. Passages that this person may read; their labels join the exchange's.
#include <fmt/format.h>

#include "base/json.h"
#include "exchange/prompt.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

constexpr std::size_t passages_max = 8;

void write_passages(JsonWriter& json, const std::vector<Passage>& passages) {
  json.array();
  for (const auto& passage : passages)
    json.object()
        .field("passage", passage.id)
        .field("document", passage.document)
        .field("title", passage.title)
        .field("section", passage.section)
        .field("page", passage.page)
        .field("label", passage.label)
        .field("score", passage.score)
        .field("lexical", passage.lexical)
        .field("dense", passage.dense)
        .field("cosine", passage.cosine)
        .end();
  json.end();
}

class Retrieve final : public Stage {
 public:
  Retrieve(Knowledge& knowledge, const policy::Labels& labels) : knowledge_(knowledge), labels_(labels) {}
  [[nodiscard]] std::string_view name() const override { return "retrieve"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    if (exchange.ask.collections.empty()) {
      trace.decision = "none";
      trace.reasons.push_back("No collection was asked.");
      co_return Result<void>{};
    }
    auto found = co_await knowledge_.retrieve(exchange.who, query_of(exchange.ask), exchange.ask.collections,
                                              passages_max);
    if (!found) co_return pass(found);
    exchange.retrieval = std::move(*found);
    auto& retrieval = exchange.retrieval;

    for (const auto& passage : retrieval.passages) {
      auto label = labels_.find_or_highest(passage.label);
      if (label <= exchange.label) continue;
      exchange.label = label;
      exchange.label_reasons.push_back("Raised by a passage of \"" + passage.title + "\".");
    }
    trace.decision = retrieval.supported ? "found" : "nothing_found";
    trace.reasons.push_back(fmt::format("{} passages kept, {} set aside, of {} that this person may read.",
                                        retrieval.passages.size(), retrieval.candidates.size(),
                                        retrieval.searched));
    if (!retrieval.reason.empty()) trace.reasons.push_back(retrieval.reason);
    if (!retrieval.dense_available)
      trace.reasons.push_back("By words only: the embedding model is not ready.");
    JsonWriter json;
    json.object()
        .field("label", labels_.id(exchange.label))
        .field("searched", retrieval.searched)
        .key("passages");
    write_passages(json, retrieval.passages);
    json.key("candidates");
    write_passages(json, retrieval.candidates);
    trace.detail_json = json.end().take();
    if (!retrieval.supported) {
      exchange.quoting = true;
      exchange.quoting_why = "nothing_found";
    } else if (exchange.ask.quote_only) {
      exchange.quoting = true;
      exchange.quoting_why = "asked";
    }
    co_return Result<void>{};
  }

 private:
  Knowledge& knowledge_;
  const policy::Labels& labels_;
};
}  // namespace

std::unique_ptr<Stage> retrieve_stage(Knowledge& knowledge, const policy::Labels& labels) {
  return std::make_unique<Retrieve>(knowledge, labels);
}

}  // namespace bastide::exchange
