// One chat call: its prompt, its sampling, and what it gives token by token.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "models/local/answer_parser.h"
#include "models/local/llama_impl.h"
#include "models/local/llama_template.h"
#include "models/local/schema_rules.h"
#include "models/local/slot.h"

namespace bastide::models::local {
namespace {

/// More than most tokens have.
constexpr std::size_t forced_bytes_a_token = 8;

std::unexpected<Error> bad(std::string message) {
  return fail(Code::invalid, std::move(message), "bad_request");
}

template <class From, class To>
void set(const std::optional<From>& from, To& into) {
  if (from) into = static_cast<To>(*from);
}

void set_sampler(common_params_sampling& params, const llama_vocab* vocab, const Sampling& from,
                 const std::vector<llama_logit_bias>& ends) {
  params.no_perf = true;
  set(from.temperature, params.temp);
  set(from.dynatemp_range, params.dynatemp_range);
  set(from.dynatemp_exponent, params.dynatemp_exponent);
  set(from.top_k, params.top_k);
  set(from.top_p, params.top_p);
  set(from.min_p, params.min_p);
  set(from.typical_p, params.typ_p);
  set(from.top_n_sigma, params.top_n_sigma);
  set(from.xtc_probability, params.xtc_probability);
  set(from.xtc_threshold, params.xtc_threshold);
  set(from.min_keep, params.min_keep);
  set(from.repeat_penalty, params.penalty_repeat);
  set(from.presence_penalty, params.penalty_present);
  set(from.frequency_penalty, params.penalty_freq);
  set(from.repeat_last_n, params.penalty_last_n);
  set(from.dry_multiplier, params.dry_multiplier);
  set(from.dry_base, params.dry_base);
  set(from.dry_allowed_length, params.dry_allowed_length);
  set(from.dry_penalty_last_n, params.dry_penalty_last_n);
  if (from.dry_sequence_breakers) params.dry_sequence_breakers = *from.dry_sequence_breakers;
  set(from.mirostat, params.mirostat);
  set(from.mirostat_tau, params.mirostat_tau);
  set(from.mirostat_eta, params.mirostat_eta);
  if (from.samplers) params.samplers = common_sampler_types_from_names(*from.samplers);
  params.seed = from.seed.value_or(LLAMA_DEFAULT_SEED);
  for (const auto& bias : from.logit_bias) {
    if (bias.token >= 0 && bias.token < llama_vocab_n_tokens(vocab))
      params.logit_bias.push_back({bias.token, bias.bias});
    if (bias.token < 0)
      for (const auto token : common_tokenize(vocab, bias.text, false, true))
        params.logit_bias.push_back({token, bias.bias});
  }
  params.ignore_eos = from.ignore_eos;
  if (from.ignore_eos) {
    params.logit_bias.insert(params.logit_bias.end(), ends.begin(), ends.end());
    params.logit_bias_eog = ends;
  }
}

void set_grammar(common_params_sampling& params, const llama_vocab* vocab, const Sampling& from,
                 const common_chat_params& chat) {
  params.generation_prompt = chat.generation_prompt;
  for (const auto& word : chat.preserved_tokens)
    if (const auto ids = common_tokenize(vocab, word, false, true); ids.size() == 1)
      params.preserved_tokens.insert(ids[0]);
  if (!from.grammar.empty()) {
    params.grammar = {COMMON_GRAMMAR_TYPE_USER, from.grammar};
  } else if (!chat.grammar.empty()) {
    params.grammar = {COMMON_GRAMMAR_TYPE_TOOL_CALLS, chat.grammar};
    params.grammar_lazy = chat.grammar_lazy;
    for (const auto& trigger : chat.grammar_triggers) {
      const auto ids = trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_WORD
                           ? common_tokenize(vocab, trigger.value, false, true)
                           : llama_tokens();
      if (ids.size() == 1 && params.preserved_tokens.contains(ids[0]))
        params.grammar_triggers.push_back({COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN, trigger.value, ids[0]});
      else
        params.grammar_triggers.push_back(trigger);
    }
  } else if (!from.json_schema.empty()) {
    params.grammar = {COMMON_GRAMMAR_TYPE_USER, whole_grammar(from.schema)};
  }
}

/// What the server says of the caller, in "bastide": {"person", "organisation", "rights", "priority",
/// "shares_instructions"}.
void read_caller(const nlohmann::json& body, Generation::Impl& out) {
  for (const char* name : {"user", "safety_identifier"})
    if (const auto said = body.find(name); said != body.end() && said->is_string())
      out.scope.end_user = said->get<std::string>();
  const auto found = body.find("bastide");
  if (found == body.end() || !found->is_object()) return;
  out.scope.person = found->value("person", "");
  out.scope.organisation = found->value("organisation", "");
  out.scope.rights = found->value("rights", "");
  if (found->value("priority", "") == "batch") out.priority = Priority::batch;
}

/// How many tokens at the prompt's beginning are those of the system message alone.
std::size_t instruction_tokens(const llama_vocab* vocab, const nlohmann::json& body,
                               const std::string& prompt, const std::vector<Token>& tokens) {
  const auto caller = body.find("bastide");
  if (caller != body.end() && caller->is_object() && !caller->value("shares_instructions", true)) return 0;
  const auto& first = body.at("messages").front();
  const auto content = first.find("content");
  if (first.at("role") != "system" || content == first.end() || !content->is_string()) return 0;
  const auto text = content->get<std::string>();
  const auto at = text.empty() ? std::string::npos : prompt.find(text);
  if (at == std::string::npos) return 0;
  const auto beginning = common_tokenize(vocab, prompt.substr(0, at + text.size()), true, true);
  return common_prefix(beginning, tokens);
}

/// Whether every token keeps the order of its logit until `params` narrow the choice, biases apart: there is
/// no penalty.
bool keeps_order(const common_params_sampling& params, const llama_vocab* vocab) {
  std::int32_t suppressed = 0;
  llama_vocab_get_suppress_tokens(vocab, &suppressed);
  return params.mirostat == 0 && suppressed == 0 && params.penalty_repeat == 1 &&
         params.penalty_present == 0 && params.penalty_freq == 0 && params.dry_multiplier == 0;
}

/// Whether `params` ask for the likeliest token that a grammar, if there is one, allows.
bool is_greedy(const common_params_sampling& params, const Sampling& from, const llama_vocab* vocab) {
  return params.temp <= 0 && params.dynatemp_range == 0 && !params.grammar_lazy &&
         params.xtc_probability == 0 && from.logit_bias.empty() && keeps_order(params, vocab);
}

/// How many of the likeliest tokens are left before any other sampler looks at them. 0: all, or not known.
std::size_t top_k_of(const common_params_sampling& params, const llama_vocab* vocab) {
  if (params.top_k <= 0 || params.top_n_sigma > 0 || !params.logit_bias.empty() ||
      !keeps_order(params, vocab))
    return 0;
  for (const auto sampler : params.samplers) {
    if (sampler == COMMON_SAMPLER_TYPE_TOP_K) return static_cast<std::size_t>(params.top_k);
    const bool is_off = sampler == COMMON_SAMPLER_TYPE_PENALTIES || sampler == COMMON_SAMPLER_TYPE_DRY ||
                        sampler == COMMON_SAMPLER_TYPE_TOP_N_SIGMA;
    if (!is_off) return 0;
  }
  return 0;
}

bool begins_with_space(std::string_view text) {
  return !text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0;
}

/// Leads a grammar past what the template has written of the answer. As common_sampler_init does.
void take_prefill(Grammar& grammar, const llama_vocab* vocab, const std::string& written) {
  if (written.empty()) return;
  const auto tokens = common_tokenize(vocab, written, false, true);
  for (std::size_t each = 0; each < tokens.size(); ++each) {
    const auto piece = common_token_to_piece(vocab, tokens[each], true);
    // Some vocabularies put a space before the first token.
    const bool is_added = each == 0 && begins_with_space(piece) && !begins_with_space(written);
    if (!is_added) grammar.accept(tokens[each]);
  }
}

enum class Reads : std::uint8_t { text, images };

Error context_too_long(std::size_t tokens, std::size_t tokens_max) {
  return error_with(
      {{"tokens", static_cast<std::int64_t>(tokens)}, {"tokens_max", static_cast<std::int64_t>(tokens_max)}},
      Code::invalid, "The question with its context is {tokens} tokens long; this model reads {tokens_max}.",
      "context_too_long", "Shorten it, or choose a model with a longer context.");
}

/// Templates read the arguments of calls and what tools answered as JSON, where it is that.
bool is_too_deep(const nlohmann::json& message) {
  const auto is_deep = [](const std::string& text) {
    return is_deeper(text, nesting_max) && nlohmann::json::accept(text);
  };
  const auto text_at = [](const nlohmann::json& part, const char* name) {
    return part.is_object() && part.contains(name) && part[name].is_string() ? part[name].get<std::string>()
                                                                             : std::string();
  };
  if (message["role"] == "tool" && message.contains("content")) {
    auto answered = text_at(message, "content");
    if (message["content"].is_array())
      for (const auto& part : message["content"]) answered += text_at(part, "text");
    if (is_deep(answered)) return true;
  }
  const auto calls = message.find("tool_calls");
  return calls != message.end() && calls->is_array() &&
         std::ranges::any_of(*calls, [&](const nlohmann::json& call) {
           return call.is_object() && call.contains("function") &&
                  is_deep(text_at(call["function"], "arguments"));
         });
}

/// Fails before llama.cpp sees it, so that the message names the field.
Result<nlohmann::json> read_body(std::string_view text, Reads reads) {
  auto body = parse_json(text);
  if (!body) return body;
  if (!body->is_object() || !body->contains("messages") || !(*body)["messages"].is_array() ||
      (*body)["messages"].empty())
    return bad("\"messages\" is a list with at least one message.");
  for (const auto& message : (*body)["messages"]) {
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string())
      return bad("Each of \"messages\" is an object with a \"role\".");
    if (is_too_deep(message))
      return bad(fmt::format(
          "The arguments of a call and what a tool answers are nested {} levels deep at most.", nesting_max));
    const auto content = message.find("content");
    if (content == message.end() || !content->is_array()) continue;
    for (const auto& part : *content) {
      const auto type = part.is_object() ? part.value("type", "") : "";
      if (type == "text" || (type == "image_url" && reads == Reads::images)) continue;
      return bad(reads == Reads::images ? "This model reads text and images only: no sound or files."
                                        : "This model reads text only: no images, sound or files.");
    }
  }
  return body;
}

}  // namespace

Result<std::unique_ptr<Generation>> Engine::prepare(std::string_view body_json) const try {
  auto body = read_body(body_json, impl_->vision ? Reads::images : Reads::text);
  if (!body) return pass(body);
  auto ordered = nlohmann::ordered_json::parse(body_json);
  auto sampling = read_sampling(ordered, impl_->templates.arguments);
  if (!sampling) return pass(sampling);
  const auto form = form_of(*body);
  const auto choice = read_tool_choice(*body);
  if (!choice) return std::unexpected(choice.error());
  std::vector<Pixels> images;
  if (impl_->vision) {
    auto taken = take_images(ordered, impl_->vision->marker());
    if (!taken) return pass(taken);
    images = std::move(*taken);
  }
  Rendered rendered;
  if (form == Form::talk)
    rendered =
        render(impl_->templates, common_json::parse(images.empty() ? std::string(body_json) : ordered.dump()),
               *sampling, *choice);
  const auto& chat = rendered.chat;
  if (choice->mode == ToolChoice::Mode::required && chat.grammar.empty())
    return bad("This model's template knows no tools, so that none can be asked for.");

  auto out = std::make_unique<Generation::Impl>();
  out->context = impl_->context.get();
  out->vocab = impl_->vocab;
  out->tokens = &*impl_->tokens;
  if (form != Form::talk) {
    auto prompt = text_prompt(impl_->vocab, *body, form);
    if (!prompt) return pass(prompt);
    out->prompt = std::move(*prompt);
  } else if (!images.empty()) {
    auto prompt = impl_->vision->split(chat.prompt, images);
    if (!prompt) return pass(prompt);
    out->prompt = std::move(prompt->tokens);
    out->images = std::move(prompt->images);
    out->images_are_whole = impl_->vision->is_seen_at_once();
    if (out->images_are_whole &&
        std::ranges::any_of(out->images, [](const auto& each) { return each.tokens > whole_image_tokens; }))
      return bad("An image is too large for this model.");
  } else {
    out->prompt = common_tokenize(impl_->vocab, chat.prompt, true, true);
  }
  if (out->prompt.empty()) return bad("The messages are empty.");
  const auto context = static_cast<std::size_t>(impl_->facts.context_tokens);
  if (out->prompt.size() + 1 > context) return std::unexpected(context_too_long(out->prompt.size(), context));
  read_caller(*body, *out);
  auto adapters = read_adapters(*body);
  if (!adapters) return pass(adapters);
  out->adapters = std::move(*adapters);
  out->scope.adapters = key_of(out->adapters);
  if (form == Form::talk)
    out->scope.instruction_tokens = instruction_tokens(impl_->vocab, *body, chat.prompt, out->prompt);
  out->max_tokens = sampling->max_tokens;
  out->ignore_eos = sampling->ignore_eos;
  if (sampling->guess_max) out->guess_max = static_cast<std::size_t>(*sampling->guess_max);
  out->guess_min = static_cast<std::size_t>(sampling->guess_min.value_or(0));
  out->logprobs = sampling->logprobs;
  out->stop_tokens = sampling->stop_token_ids;

  common_params_sampling params;
  set_sampler(params, impl_->vocab, *sampling, impl_->end_biases);
  set_grammar(params, impl_->vocab, *sampling, chat);
  out->preserved = params.preserved_tokens;
  out->is_greedy = is_greedy(params, *sampling, impl_->vocab);
  if (!params.grammar.empty() && !params.grammar_lazy) {
    out->grammar = Grammar::of(impl_->vocab, params.grammar.grammar, &*impl_->tokens);
    if (!out->grammar) return bad("The grammar is not valid.");
    if (common_grammar_needs_prefill(params.grammar))
      take_prefill(*out->grammar, impl_->vocab, params.generation_prompt);
    params.grammar = {};
  }
  if (!out->is_greedy) {
    out->sampler.reset(common_sampler_init(impl_->model.get(), params));
    if (!out->sampler) return bad("The grammar is not valid.");
    out->top_k = top_k_of(params, impl_->vocab);
  }

  auto stop_words = sampling->stop_words;
  stop_words.insert(stop_words.end(), chat.additional_stops.begin(), chat.additional_stops.end());
  out->gate = TextGate(std::move(stop_words));
  if (!rendered.format.parsers.empty())
    out->parser = std::make_unique<AnswerParser>(std::move(rendered.format), impl_->parsing);
  return std::make_unique<Generation>(std::move(out));
} catch (const std::exception& error) {
  // llama.cpp's messages name fields and rules of templates, never content of the messages beyond field
  // values.
  return bad(fmt::format("The model's template does not take this call: {}",
                         std::string(error.what()).substr(0, 200)));
}

Result<std::uint32_t> Engine::count(std::string_view body_json) const try {
  auto body = read_body(body_json, impl_->vision ? Reads::images : Reads::text);
  if (!body) return pass(body);
  std::string text(body_json);
  auto ordered = nlohmann::ordered_json::parse(text);
  // A template makes rules of them here too.
  if (auto choice = read_tool_choice(*body); !choice) return std::unexpected(choice.error());
  if (auto tools = read_tool_schemas(ordered, impl_->templates.arguments); !tools) return pass(tools);
  std::vector<ImageSize> images;
  if (impl_->vision) {
    auto taken = take_image_sizes(ordered, impl_->vision->marker());
    if (!taken) return pass(taken);
    images = std::move(*taken);
    text = ordered.dump();
  }
  const auto rendered = render(impl_->templates, common_json::parse(text), Sampling{});
  if (!images.empty()) return impl_->vision->count(rendered.chat.prompt, images);
  return static_cast<std::uint32_t>(common_tokenize(impl_->vocab, rendered.chat.prompt, true, true).size());
} catch (const std::exception&) {
  return bad("The model's template does not take this call.");
}

Generation::Generation(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Generation::~Generation() = default;
const std::vector<Token>& Generation::prompt() const { return impl_->prompt; }

const CacheScope& Generation::scope() const { return impl_->scope; }
Priority Generation::priority() const { return impl_->priority; }
std::int64_t Generation::max_tokens() const { return impl_->max_tokens; }
std::size_t Generation::guess_max() const { return impl_->guess_max; }
Draws Generation::draws() const { return impl_->is_greedy ? Draws::the_likeliest : Draws::by_chance; }
std::size_t Generation::guess_min() const { return impl_->guess_min; }
bool Generation::stopped() const { return impl_->gate.stopped(); }
bool Generation::called_tools() const { return impl_->parser && impl_->parser->called_tools(); }

bool Generation::ends_answer(Token token) const {
  if (std::ranges::find(impl_->stop_tokens, token) != impl_->stop_tokens.end()) return true;
  return !impl_->ignore_eos && llama_vocab_is_eog(impl_->vocab, token);
}

std::vector<Token> Generation::forced(std::size_t size_max) try {
  if (!impl_->grammar || size_max == 0) return {};
  const auto text = impl_->grammar->forced(size_max * forced_bytes_a_token);
  if (text.empty()) return {};
  auto out = common_tokenize(impl_->vocab, text, false, false);
  // The last token may go on with what is not known.
  if (out.size() > 1 && out.size() <= size_max) out.pop_back();
  out.resize(std::min(out.size(), size_max));
  return out;
} catch (const std::exception&) {
  return {};  // what cannot be guessed is drawn
}

Delta Generation::take(Token token) {
  const bool special = impl_->preserved.contains(token);
  const std::string shown = impl_->gate.feed(common_token_to_piece(impl_->vocab, token, special));
  Delta out;
  if (impl_->parser)
    out = impl_->parser->feed(shown, special ? AnswerParser::Piece::mark : AnswerParser::Piece::text);
  else
    out.text = shown;
  out.logprobs = std::exchange(impl_->drawn, {});
  return out;
}

Delta Generation::finish(Ending ending) {
  Delta out;
  const std::string rest = impl_->gate.finish();
  if (!impl_->parser) {
    out.text = rest;
    return out;
  }
  return impl_->parser->finish(rest, ending);
}

}  // namespace bastide::models::local
