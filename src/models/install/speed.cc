#include "models/install/speed.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <span>

#include "base/cores.h"
#include "base/time.h"
#include "models/local/energy.h"
#include "models/local/llama_engine.h"
#include "models/local/placement.h"

namespace bastide::models {
namespace {

constexpr int answers = 8;
constexpr int prompt_tokens = 512;
constexpr int answer_tokens = 48;
constexpr int context_tokens = 768;
constexpr std::size_t piece_tokens = 128;

double seconds_since(Steady::time_point begun) {
  return std::max(1e-9, std::chrono::duration<double>(Steady::now() - begun).count());
}

std::string some_text() {
  std::string out;
  for (int i = 0; i < 300; ++i) out += fmt::format("Rule {} of the house holds for everybody. ", i);
  return out;
}

/// A part is measured for so long at most: a slow machine says so, and not after minutes.
bool has_had_enough(Steady::time_point begun) { return Steady::now() - begun > std::chrono::seconds(8); }

/// How many tokens were read.
Result<int> read_prompt(local::Engine& engine, const std::vector<local::Token>& prompt) {
  const auto begun = Steady::now();
  std::size_t at = 0;
  while (at < prompt.size() && (at == 0 || !has_had_enough(begun))) {
    engine.clear_batch();
    for (const std::size_t end = std::min(prompt.size(), at + piece_tokens); at < end; ++at)
      engine.add(0, prompt[at], static_cast<int>(at), false);
    if (auto decoded = engine.decode(); !decoded) return pass(decoded);
  }
  return static_cast<int>(at);
}

/// Counts what a part of the measurement uses, where this machine tells.
class Meter {
 public:
  explicit Meter(const local::Plan& plan) : shares_(counters(plan)) {}
  [[nodiscard]] std::string source() const { return shares_.source(); }
  void begin() { shares_.begin(); }
  /// Watt-hours of 1,000 tokens since `begin`.
  [[nodiscard]] double wh_per_1000(std::size_t tokens) {
    shares_.add(1, tokens);
    return shares_.take(1) / 3600 * 1000 / static_cast<double>(std::max<std::size_t>(1, tokens));
  }

 private:
  static std::vector<std::unique_ptr<local::EnergyCounter>> counters(const local::Plan& plan) {
    std::vector<std::unique_ptr<local::EnergyCounter>> out;
    out.push_back(local::rapl_counter());
    out.push_back(local::nvml_counter(local::gpu_addresses(plan)));
    return out;
  }
  local::EnergyShares shares_;
};

/// "AMD EPYC 9534 64-Core Processor"; empty where the system does not say.
std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  constexpr std::string_view field = "model name";
  for (std::string line; std::getline(in, line);)
    if (const auto colon = line.find(": "); line.starts_with(field) && colon != std::string::npos)
      return line.substr(colon + 2);
  return {};
}

struct Written {
  std::size_t tokens = 0;
  double seconds = 0;
  [[nodiscard]] double speed() const { return static_cast<double>(tokens) / seconds; }
};

/// The same tokens again and again: what is drawn does not change what it costs.
Result<Written> write_answers(local::Engine& engine, std::span<const local::Token> read, int count) {
  const auto beginning = static_cast<int>(read.size());
  for (int slot = 1; slot < count; ++slot) engine.copy(0, slot, beginning);
  engine.forget(0, beginning);
  const auto begun = Steady::now();
  int written = 0;
  for (; written < answer_tokens && (written == 0 || !has_had_enough(begun)); ++written) {
    engine.clear_batch();
    for (int slot = 0; slot < count; ++slot) {
      engine.add(slot, read[static_cast<std::size_t>(written)], beginning + written, true);
      if (slot > 0) engine.share_beginning(slot, read.size());
    }
    if (auto decoded = engine.decode(); !decoded) return pass(decoded);
  }
  return Written{static_cast<std::size_t>(count * written), seconds_since(begun)};
}

Result<void> measure_chat(local::Engine& engine, Meter& meter, Speed& out) {
  auto tokens = engine.tokenize(some_text());
  if (!tokens) return pass(tokens);
  auto& prompt = *tokens;
  if (prompt.size() < prompt_tokens) return fail(Code::internal, "The text to measure with is too short.");
  prompt.resize(prompt_tokens);
  const auto begun = Steady::now();
  auto read = read_prompt(engine, prompt);
  if (!read) return pass(read);
  out.prompt = *read / seconds_since(begun);
  prompt.resize(static_cast<std::size_t>(*read));
  meter.begin();
  auto one = write_answers(engine, prompt, 1);
  if (!one) return pass(one);
  out.one_answer = one->speed();
  out.wh = meter.wh_per_1000(one->tokens);
  auto many = write_answers(engine, prompt, answers);
  if (!many) return pass(many);
  out.eight_answers = many->speed();
  return {};
}

Result<void> measure_embedding(local::Engine& engine, Meter& meter, Speed& out) {
  auto reading = engine.tokenize_for_embedding(some_text());
  if (!reading) return pass(reading);
  auto& tokens = reading->tokens;
  tokens.resize(std::min<std::size_t>(tokens.size(), piece_tokens));
  const std::vector<std::vector<local::Token>> batch(3, tokens);
  meter.begin();
  const auto begun = Steady::now();
  constexpr int times_max = 8;
  int times = 0;
  for (; times < times_max && (times == 0 || !has_had_enough(begun)); ++times)
    if (auto vectors = engine.embed(batch); !vectors) return pass(vectors);
  const auto read = static_cast<std::size_t>(times) * batch.size() * tokens.size();
  out.embedding = static_cast<double>(read) / seconds_since(begun);
  out.wh = meter.wh_per_1000(read);
  return {};
}

}  // namespace

Result<Speed> measure_speed(const Manifest& manifest) {
  if (auto whole = check_file(manifest); !whole) return pass(whole);
  auto need = local::placement_need(manifest, answers);
  auto& options = need.engine;
  options.context_tokens = options.kind == local::ModelKind::chat ? context_tokens : 512;
  options.threads = usable_cores();
  auto placed = local::place_model(need);
  if (!placed) return pass(placed);
  if (placed->slots < answers)
    return fail(
        Code::unavailable,
        fmt::format("There is no memory for {} answers of the model {} at once.", answers, manifest.name),
        "not_enough_memory", "Stop other programs, or choose a smaller model.");
  Speed out;
  out.place = placed->where;
  out.threads = options.threads;
  out.machine = processor();
  out.at = rfc3339(now_ms());
  const auto begun = Steady::now();
  auto engine = local::Engine::load(options);
  if (!engine) return pass(engine);
  out.load_s = seconds_since(begun);
  Meter meter(placed->plan);
  out.energy = meter.source();
  auto measured = options.kind == local::ModelKind::chat ? measure_chat(**engine, meter, out)
                                                         : measure_embedding(**engine, meter, out);
  if (!measured) return pass(measured);
  return out;
}

Result<bool> keep_speed(const std::string& id, const std::string& sha256, const Speed& speed,
                        const std::string& folder) {
  auto manifests = read_manifests(folder);
  const auto found = std::ranges::find(manifests, id, &Manifest::id);
  if (found == manifests.end() || found->sha256 != sha256) return false;
  found->speed = speed;
  if (auto written = write_manifest(*found, folder); !written) return pass(written);
  return true;
}

}  // namespace bastide::models
