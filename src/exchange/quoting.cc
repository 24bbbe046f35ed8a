#include "exchange/quoting.h"

#include <fmt/format.h>

#include "base/text.h"
#include "exchange/prompt.h"

namespace bastide::exchange {
namespace {

constexpr std::size_t quotes_max = 3;

std::string nothing_found(const std::string& language) {
  return language == "fr" ? "Pas de réponse dans vos documents. Bastide préfère ne rien affirmer."
                          : "No answer in your documents. Bastide would rather not guess.";
}

// A quotation in Markdown; its lines keep the ">" so that a table or list stays one block. A row alone would
// not say what its cells are.
std::string block(const Citation& citation) {
  std::string out;
  if (!citation.header.empty()) out = "> " + citation.header + "\n";
  for (auto line : split(trim(citation.quote), '\n')) out += "> " + std::string(trim(line)) + "\n";
  out.pop_back();
  return out + fmt::format(" [{}]", citation.marker);
}
}  // namespace

Task<Result<void>> answer_with_quotes(Exchange& exchange, Knowledge& knowledge) {
  bool shown_before = !exchange.answer.empty();
  exchange.citations.clear();
  exchange.answer.clear();
  exchange.finish = Finish::stop;
  std::vector<std::string> blocks;
  if (exchange.quoting_why != "nothing_found") {
    auto quotes = co_await knowledge.quotes(query_of(exchange.ask), exchange.retrieval.passages, quotes_max);
    if (!quotes) co_return pass(quotes);
    int marker = 0;
    for (auto& quote : *quotes) {
      quote.marker = ++marker;
      exchange.citations.push_back(quote);
      blocks.push_back(block(quote));
    }
    exchange.citations_checked = exchange.citations_kept = quotes->size();
  }
  if (blocks.empty()) {
    exchange.quoting_why = "nothing_found";
    blocks.push_back(nothing_found(exchange.ask.language));
  }
  exchange.answer = fmt::format("{}", fmt::join(blocks, "\n\n"));
  if (!exchange.sink) co_return Result<void>{};
  for (const auto& citation : exchange.citations) {
    auto told = co_await exchange.sink->on_citation(citation);
    if (!told) co_return told;
  }
  if (shown_before) {
    auto told = co_await exchange.sink->on_replace(exchange.answer, exchange.quoting_why);
    co_return told;
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    auto told = co_await exchange.sink->on_text(i == 0 ? blocks[i] : "\n\n" + blocks[i]);
    if (!told) co_return told;
  }
  co_return Result<void>{};
}

}  // namespace bastide::exchange
