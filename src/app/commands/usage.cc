// `bastide usage export`: the rows of the usage log, for a spreadsheet or a FinOps tool.
#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "app/commands.h"
#include "app/program.h"
#include "storage/policy/usage_files.h"
#include "storage/policy/usage_words.h"

namespace bastide::app {
namespace {

constexpr UnixMillis day_ms = 86'400'000;

std::string quoted(const std::string& text) {
  std::string safe = text;
  // What a spreadsheet would take for a formula.
  if (!safe.empty() && std::string_view("=+-@").find(safe.front()) != std::string_view::npos)
    safe.insert(0, "'");
  if (safe.find_first_of(",\"\r\n") == std::string::npos) return safe;
  std::string out = "\"";
  for (const char c : safe) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string_view dialect(std::uint8_t code) {
  constexpr std::array<std::string_view, 5> names{"", "openai", "anthropic", "gemini", "mistral"};
  return code < names.size() ? names[code] : "";
}

void print_csv_head() {
  fmt::print(
      "at,exchange,person,key,groups,assistant,model_asked,model,provider,zone,label,door,dialect_in,dialect_"
      "out,"
      "route_reason,failovers,status,error,cache_hit,input_tokens,cached_input_tokens,cache_write_tokens,"
      "output_tokens,reasoning_tokens,audio_input_tokens,audio_output_tokens,images,tokens_estimated,cost,"
      "cost_estimated,wh_low,wh_high,latency_ms,first_token_ms\n");
}

void print_csv(const policy::UsageRow& row, storage::UsageWords& words) {
  const auto word = [&](policy::Word each) { return quoted(words.text(each)); };
  const auto flag = [&](std::uint8_t each) { return row.flags & each ? "true" : "false"; };
  using namespace policy;
  fmt::print("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},", rfc3339(row.at_ms),
             quoted(std::string(row.exchange_id())), word(row.person), word(row.key), word(row.groups),
             word(row.assistant), word(row.model_asked), word(row.model), word(row.provider), word(row.zone),
             word(row.label), word(row.door), dialect(row.dialect_in), dialect(row.dialect_out),
             word(row.reason), row.failovers, row.status, word(row.error), flag(usage_flag::cache_hit));
  fmt::print("{},{},{},{},{},{},{},{},{},{:.9f},{},{:.6f},{:.6f},{:.3f},{:.3f}\n", row.input,
             row.cached_input, row.cache_write, row.output, row.reasoning, row.audio_input, row.audio_output,
             row.images, flag(usage_flag::tokens_estimated), from_amount(Unit::money, row.nano_money),
             flag(usage_flag::cost_estimated), from_amount(Unit::energy, row.micro_wh_low),
             from_amount(Unit::energy, row.micro_wh_high), row.latency_us / 1e3, row.first_token_us / 1e3);
}

// Columns of the FinOps Open Cost and Usage Specification (focus.finops.org); those of our own begin with x_.
void print_focus_head() {
  fmt::print(
      "BilledCost,EffectiveCost,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ConsumedQuantity,"
      "ConsumedUnit,"
      "ProviderName,ServiceCategory,ServiceName,ResourceId,SubAccountId,Tags,x_Exchange,x_Key,x_Estimated,"
      "x_InputTokens,x_OutputTokens,x_Wh\n");
}

void print_focus(const policy::UsageRow& row, storage::UsageWords& words) {
  if (row.model == 0) return;  // nothing was consumed
  const auto word = [&](policy::Word each) { return quoted(words.text(each)); };
  const double cost = policy::from_amount(policy::Unit::money, row.nano_money);
  const auto tags =
      fmt::format(R"({{"label":"{}","assistant":"{}"}})", words.text(row.label), words.text(row.assistant));
  fmt::print(
      "{:.9f},{:.9f},Usage,{},{},{},Tokens,{},AI and Machine Learning,{},{},{},{},{},{},{},{},{},{:.6f}\n",
      cost, cost, rfc3339(row.at_ms), rfc3339(row.at_ms + row.latency_us / 1000 + 1), row.tokens().total(),
      word(row.provider), word(row.model), word(row.model), word(row.person), quoted(tags),
      quoted(std::string(row.exchange_id())), word(row.key),
      row.flags & policy::usage_flag::cost_estimated ? "true" : "false", row.input, row.output,
      policy::from_amount(policy::Unit::energy, row.micro_wh_high));
}

}  // namespace

int usage_export_command(const Common& common, const UsageExportOptions& options) {
  const auto from = parse_day(options.from);
  const auto to = parse_day(options.to);
  if (!from || !to || *from > *to)
    return complain({Code::invalid, "The days cannot be understood.", "usage_span",
                     "Give --from and --to as 2026-11-22, the first not after the last."});
  const auto folder = DataFolder{common.data_folder}.usage();
  auto names = storage::usage_segment::list(folder);
  if (!names) return complain(names.error());
  auto words = storage::UsageWords::open(folder + "/words");
  if (!words) return complain(words.error());
  const bool focus = options.format == "focus";
  focus ? print_focus_head() : print_csv_head();
  for (const auto& name : *names) {
    auto scanned =
        storage::usage_segment::scan(folder + "/" + name, [&](const policy::UsageRow& row, std::uint64_t) {
          if (row.at_ms < *from || row.at_ms >= *to + day_ms) return;
          focus ? print_focus(row, **words) : print_csv(row, **words);
        });
    if (!scanned) return complain(scanned.error());
  }
  return 0;
}

}  // namespace bastide::app
