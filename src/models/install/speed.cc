#include "models/install/speed.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/cores.h"
#include "base/time.h"
#include "models/gguf/reader.h"
#include "models/local/llama_engine.h"
#include "models/local/memory.h"

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

Result<void> read_prompt(local::Engine& engine, const std::vector<local::Token>& prompt) {
  for (std::size_t at = 0; at < prompt.size(); at += piece_tokens) {
    engine.clear_batch();
    for (std::size_t i = at; i < std::min(prompt.size(), at + piece_tokens); ++i)
      engine.add(0, prompt[i], static_cast<int>(i), false);
    if (auto decoded = engine.decode(); !decoded) return decoded;
  }
  return {};
}

/// The same tokens again and again: what is drawn does not change what it costs.
Result<double> write_answers(local::Engine& engine, const std::vector<local::Token>& prompt, int count) {
  for (int slot = 1; slot < count; ++slot) engine.copy(0, slot, prompt_tokens);
  engine.forget(0, prompt_tokens);
  engine.share_beginning(count > 1 ? prompt_tokens : 0);
  const auto begun = Steady::now();
  for (int i = 0; i < answer_tokens; ++i) {
    engine.clear_batch();
    for (int slot = 0; slot < count; ++slot)
      engine.add(slot, prompt[static_cast<std::size_t>(i)], prompt_tokens + i, true);
    if (auto decoded = engine.decode(); !decoded) return pass(decoded);
  }
  return count * answer_tokens / seconds_since(begun);
}

Result<void> measure_chat(local::Engine& engine, Speed& out) {
  auto tokens = engine.tokenize(some_text());
  if (!tokens) return pass(tokens);
  auto& prompt = *tokens;
  if (prompt.size() < prompt_tokens) return fail(Code::internal, "The text to measure with is too short.");
  prompt.resize(prompt_tokens);
  const auto begun = Steady::now();
  if (auto read = read_prompt(engine, prompt); !read) return read;
  out.prompt = prompt_tokens / seconds_since(begun);
  auto one = write_answers(engine, prompt, 1);
  if (!one) return pass(one);
  out.one_answer = *one;
  auto many = write_answers(engine, prompt, answers);
  if (!many) return pass(many);
  out.eight_answers = *many;
  return {};
}

Result<void> measure_embedding(local::Engine& engine, Speed& out) {
  auto tokens = engine.tokenize_for_embedding(some_text());
  if (!tokens) return pass(tokens);
  tokens->resize(std::min<std::size_t>(tokens->size(), piece_tokens));
  const std::vector<std::vector<local::Token>> batch(3, *tokens);
  const auto begun = Steady::now();
  constexpr int times = 8;
  for (int i = 0; i < times; ++i)
    if (auto vectors = engine.embed(batch); !vectors) return pass(vectors);
  out.embedding = static_cast<double>(times * batch.size() * tokens->size()) / seconds_since(begun);
  return {};
}

}  // namespace

Result<Speed> measure_speed(const Manifest& manifest) {
  if (auto whole = check_file(manifest); !whole) return pass(whole);
  auto facts = gguf::read_facts(manifest.file);
  if (!facts) return pass(facts);
  const auto needed = local::needed_memory_bytes(*facts, context_tokens, answers);
  if (const auto available = local::available_memory_bytes(); needed > available)
    return fail(Code::unavailable,
                fmt::format("The model {} needs {} of memory; {} are available.", manifest.name,
                            local::gigabytes(needed), local::gigabytes(available)),
                "not_enough_memory", "Stop other programs, or choose a smaller model.");
  local::EngineOptions options;
  options.file = manifest.file;
  options.kind = manifest.kind == Kind::embedding  ? local::ModelKind::embedding
                 : manifest.kind == Kind::reranker ? local::ModelKind::reranker
                                                   : local::ModelKind::chat;
  options.context_tokens = options.kind == local::ModelKind::chat ? context_tokens : 512;
  options.slots = answers;
  options.threads = usable_cores();
  Speed out;
  out.threads = options.threads;
  const auto begun = Steady::now();
  auto engine = local::Engine::load(options);
  if (!engine) return pass(engine);
  out.load_s = seconds_since(begun);
  auto measured =
      options.kind == local::ModelKind::chat ? measure_chat(**engine, out) : measure_embedding(**engine, out);
  if (!measured) return pass(measured);
  return out;
}

}  // namespace bastide::models
