#include "models/local/llama_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "models/local/llama_impl.h"

namespace bastide::models::local {
namespace {

constexpr int chat_batch_tokens = 512;
constexpr int embedding_sequences_max = 32;

double cpu_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

std::unexpected<Error> decode_failed() {
  return fail(Code::upstream, "The model could not compute the answer.", "decode_failed", "Try again.");
}

}  // namespace

std::unexpected<Error> load_failed(const std::string& file) {
  const auto slash = file.rfind('/');
  return fail(
      Code::unavailable,
      fmt::format("The model file {} could not be loaded: it is damaged, or of a kind that this version does "
                  "not know.",
                  slash == std::string::npos ? file : file.substr(slash + 1)),
      "load_failed", "Fetch it again with `bastide model pull`, or choose another model.");
}

void silence_llama() {
  const auto nowhere = [](ggml_log_level, const char*, void*) {};
  llama_log_set(nowhere, nullptr);
  mtmd_log_set(nowhere, nullptr);
  common_log_set_verbosity_thold(-1);
}

llama_model_params model_params(const EngineOptions& options) {
  static const Offload none{{nullptr}, 0, {}, {}};
  const Offload& offload = options.offload ? *options.offload : none;
  llama_model_params params = llama_model_default_params();
  // llama.cpp does not write to the list.
  params.devices = const_cast<ggml_backend_dev_t*>(offload.devices.data());
  params.n_gpu_layers = offload.gpu_layers;
  if (!offload.split.empty()) params.tensor_split = offload.split.data();
  if (!offload.overrides.empty()) params.tensor_buft_overrides = offload.overrides.data();
  return params;
}

enum llama_pooling_type pooling_of(const EngineOptions& options) {
  if (options.kind == ModelKind::reranker) return LLAMA_POOLING_TYPE_RANK;
  if (options.pooling == "mean") return LLAMA_POOLING_TYPE_MEAN;
  if (options.pooling == "cls") return LLAMA_POOLING_TYPE_CLS;
  return options.pooling == "last" ? LLAMA_POOLING_TYPE_LAST : LLAMA_POOLING_TYPE_UNSPECIFIED;
}

llama_context_params context_params(const EngineOptions& options, int context_tokens, int slots) {
  llama_context_params params = llama_context_default_params();
  params.n_threads = options.threads;
  params.n_threads_batch = options.threads;
  params.no_perf = true;
  // Measured: on CPUs without it, long contexts decode a quarter faster. GPUs would need memory for the
  // scores.
  params.flash_attn_type = options.offload ? LLAMA_FLASH_ATTN_TYPE_AUTO : LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.n_seq_max = static_cast<std::uint32_t>(slots);
  if (options.kind != ModelKind::chat) {
    // All texts of a batch are computed at once: attention needs them in one piece.
    const int tokens = std::max(context_tokens, 512);
    params.embeddings = true;
    params.n_ctx = static_cast<std::uint32_t>(tokens);
    params.n_batch = params.n_ubatch = static_cast<std::uint32_t>(tokens);
    params.kv_unified = true;
    params.pooling_type = pooling_of(options);
  } else {
    params.n_ctx = static_cast<std::uint32_t>(context_tokens * slots);
    params.n_batch = params.n_ubatch = chat_batch_tokens;
    params.kv_unified = false;
  }
  return params;
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;
const EngineFacts& Engine::facts() const { return impl_->facts; }

Result<std::unique_ptr<Engine>> Engine::load(const EngineOptions& options) try {
  silence_llama();
  llama_backend_init();

  auto impl = std::make_unique<Impl>();
  llama_model_params from = model_params(options);
  struct Progress {
    const EngineOptions& options;
    int last = -1;
  } progress{options};
  from.progress_callback_user_data = &progress;
  from.progress_callback = [](float done, void* user) {
    auto& shown = *static_cast<Progress*>(user);
    const int per_cent = std::clamp(static_cast<int>(done * 100), 0, 100);
    if (per_cent != shown.last && shown.options.on_progress) shown.options.on_progress(per_cent);
    shown.last = per_cent;
    return true;
  };
  impl->model.reset(llama_model_load_from_file(options.file.c_str(), from));
  if (!impl->model) return load_failed(options.file);
  impl->vocab = llama_model_get_vocab(impl->model.get());

  char description[128] = "";
  llama_model_desc(impl->model.get(), description, sizeof description);
  impl->facts.description = description;
  impl->facts.parameters = static_cast<std::int64_t>(llama_model_n_params(impl->model.get()));
  impl->facts.dimension = options.kind == ModelKind::reranker
                              ? static_cast<int>(llama_model_n_cls_out(impl->model.get()))
                              : llama_model_n_embd(impl->model.get());
  const int trained = llama_model_n_ctx_train(impl->model.get());
  impl->facts.context_tokens =
      trained > 0 ? std::min(options.context_tokens, trained) : options.context_tokens;

  if (!options.vision_file.empty()) {
    auto vision = Vision::load(options, impl->model.get());
    if (!vision) return pass(vision);
    impl->vision = std::move(*vision);
  }
  impl->slots = options.kind == ModelKind::chat ? options.slots : embedding_sequences_max;
  auto params = context_params(options, impl->facts.context_tokens, impl->slots);
  if (impl->vision && impl->vision->is_seen_at_once())
    params.n_batch = params.n_ubatch = static_cast<std::uint32_t>(whole_image_tokens);
  impl->context.reset(llama_init_from_model(impl->model.get(), params));
  if (!impl->context) return load_failed(options.file);
  auto pool_params = ggml_threadpool_params_default(options.threads);
  pool_params.poll = 0;  // between two batches they sleep
  impl->pool.reset(ggml_threadpool_new(&pool_params));
  if (impl->pool) llama_attach_threadpool(impl->context.get(), impl->pool.get(), impl->pool.get());
  if (!options.offload)
    impl->governor.emplace(options.threads);
  else
    impl->on_device_lost = options.on_device_lost;
  impl->batch_tokens_max = static_cast<int>(llama_n_batch(impl->context.get()));
  impl->batch = llama_batch_init(impl->batch_tokens_max, 0, 1);

  if (options.kind == ModelKind::chat) {
    impl->templates = read_templates(impl->model.get());
    impl->tokens.emplace(impl->vocab);
    for (llama_token token = 0; token < llama_vocab_n_tokens(impl->vocab); ++token)
      if (llama_vocab_is_eog(impl->vocab, token)) impl->end_biases.push_back({token, -INFINITY});
  }
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
} catch (const std::exception&) {
  return load_failed(options.file);
}

void Engine::clear_batch() {
  impl_->batch.n_tokens = 0;
  llama_memory_set_shared(llama_get_memory(impl_->context.get()), -1, 0);
}

int Engine::add(int slot, Token token, int position, bool wants_logits) {
  auto& batch = impl_->batch;
  const int row = batch.n_tokens++;
  batch.token[row] = token;
  batch.pos[row] = position;
  batch.n_seq_id[row] = 1;
  batch.seq_id[row][0] = slot;
  batch.logits[row] = wants_logits ? 1 : 0;
  return row;
}

Result<void> Engine::decode() {
  return impl_->batch.n_tokens == 0 ? Result<void>() : impl_->decode(impl_->batch);
}

Result<void> Engine::Impl::decode(const llama_batch& what) try {
  const auto begun = Steady::now();
  const double cpu_before = cpu_seconds();
  const int status = llama_decode(context.get(), what);
  const auto now = Steady::now();
  if (governor &&
      governor->note(now, std::chrono::duration<double>(now - begun).count(), cpu_seconds() - cpu_before))
    llama_set_n_threads(context.get(), governor->threads(), governor->threads());
  if (status == 0) return {};
  // -1 is a batch that makes no sense, what is above it had no room; below it, the computation itself failed.
  if (status < -1 && on_device_lost) on_device_lost();
  return decode_failed();
} catch (const std::exception&) {
  if (on_device_lost) on_device_lost();
  return decode_failed();
}

Result<bool> Engine::has_seen(Generation& call, std::size_t index) {
  switch (impl_->vision->look_at(call.impl_->image_at(index), call.scope().rights)) {
    case SeenImage::State::ready:
      return true;
    case SeenImage::State::waiting:
      return false;
    default:
      return fail(Code::upstream, "The model could not look at an image.", "image_failed",
                  "Try again, or send it in another size.");
  }
}

Result<void> Engine::decode_image(int slot, const Generation& call, std::size_t index, std::size_t count,
                                  bool wants_logits) {
  const auto& image = call.impl_->image_at(index);
  const std::size_t first = index - image.begin;
  const std::size_t row_floats = image.seen->rows.size() / image.tokens;
  auto places = impl_->vision->places(image, call.position(image.begin), first, count);
  std::vector<std::int32_t> sequences(count, 1);
  llama_seq_id sequence = slot;
  std::vector<llama_seq_id*> of_sequence(count, &sequence);
  std::vector<std::int8_t> logits(count, 0);
  logits.back() = wants_logits ? 1 : 0;
  // llama.cpp reads the rows only.
  auto* rows = const_cast<float*>(image.seen->rows.data()) + first * row_floats;
  const llama_batch batch{static_cast<std::int32_t>(count),
                          nullptr,
                          rows,
                          places.data(),
                          sequences.data(),
                          of_sequence.data(),
                          logits.data()};
  const bool is_whole = call.impl_->images_are_whole;
  if (is_whole) llama_set_causal_attn(impl_->context.get(), false);
  auto decoded = impl_->decode(batch);
  if (is_whole) llama_set_causal_attn(impl_->context.get(), true);
  return decoded;
}

Engine::Likely Engine::likeliest() const {
  const float* logits = llama_get_logits_ith(impl_->context.get(), -1);
  const std::span all(logits, static_cast<std::size_t>(llama_vocab_n_tokens(impl_->vocab)));
  const auto best = std::ranges::max_element(all);
  float sum = 0;
  for (const float each : all) sum += std::exp(each - *best);
  return {static_cast<Token>(best - all.begin()), 1 / sum};
}

bool Engine::has_vocabulary_of(const Engine& other) const {
  // Makers pad vocabularies to sizes that machines like.
  constexpr int unused_max = 256;
  const auto *a = impl_->vocab, *b = other.impl_->vocab;
  const int size = std::min(llama_vocab_n_tokens(a), llama_vocab_n_tokens(b));
  if (llama_vocab_type(a) != llama_vocab_type(b) ||
      std::max(llama_vocab_n_tokens(a), llama_vocab_n_tokens(b)) - size > unused_max)
    return false;
  for (Token token = 0; token < size; ++token) {
    const bool is_named = !(llama_vocab_get_attr(a, token) & LLAMA_TOKEN_ATTR_UNUSED) &&
                          !(llama_vocab_get_attr(b, token) & LLAMA_TOKEN_ATTR_UNUSED);
    if (is_named && std::string_view(llama_vocab_get_text(a, token)) != llama_vocab_get_text(b, token))
      return false;
  }
  return true;
}

bool Engine::forget(int slot, int position) {
  auto* memory = llama_get_memory(impl_->context.get());
  const int window = llama_model_n_swa(impl_->model.get());
  // With sliding-window attention the cells that the next token looks at may be gone already.
  const bool window_is_there = window <= 0 || position == 0 ||
                               llama_memory_seq_pos_min(memory, slot) <= std::max(0, position - window);
  if (window_is_there && llama_memory_seq_rm(memory, slot, position, -1)) return true;
  llama_memory_seq_rm(memory, slot, -1, -1);
  return position == 0;
}

bool Engine::can_take_back() const {
  return !llama_model_is_recurrent(impl_->model.get()) && !llama_model_is_hybrid(impl_->model.get());
}

bool Engine::copy(int from, int to, int positions) {
  auto* memory = llama_get_memory(impl_->context.get());
  llama_memory_seq_rm(memory, to, -1, -1);
  llama_memory_seq_cp(memory, from, to, -1, -1);
  return forget(to, positions);
}

void Engine::share_beginning(int slot, std::size_t positions) {
  llama_memory_set_shared(llama_get_memory(impl_->context.get()), slot, static_cast<llama_pos>(positions));
}

std::string Engine::save(int slot, int from, int to) try {
  auto* context = impl_->context.get();
  llama_memory_set_saved(llama_get_memory(context), from, to);
  std::string out(llama_state_seq_get_size(context, slot), '\0');
  const auto written =
      llama_state_seq_get_data(context, reinterpret_cast<std::uint8_t*>(out.data()), out.size(), slot);
  return written == out.size() ? out : std::string();
} catch (const std::exception&) {
  return {};
}

bool Engine::restore(int slot, std::string_view state) try {
  auto* context = impl_->context.get();
  llama_memory_seq_rm(llama_get_memory(context), slot, -1, -1);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(state.data());
  if (llama_state_seq_set_data(context, bytes, state.size(), slot) == state.size()) return true;
  llama_memory_seq_rm(llama_get_memory(context), slot, -1, -1);
  return false;
} catch (const std::exception&) {
  llama_memory_seq_rm(llama_get_memory(impl_->context.get()), slot, -1, -1);
  return false;
}

Result<std::vector<Token>> Engine::tokenize(std::string_view text) const try {
  return common_tokenize(impl_->vocab, std::string(text), true, false);
} catch (const std::exception&) {
  return fail(Code::invalid, "A text could not be split into tokens.", "bad_request");
}

}  // namespace bastide::models::local
