#include "models/local/llama_vision.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/crypto.h"
#include "models/local/llama_impl.h"
#include "models/local/placement.h"

namespace bastide::models::local {
namespace {

/// Who reads answers comes first.
constexpr int encoder_nice = 5;

mtmd_context_params vision_params(const EngineOptions& options, const std::string& marker) {
  auto params = mtmd_context_params_default();
  params.use_gpu = options.offload != nullptr;
  if (options.offload && !options.offload->devices.empty()) params.device = options.offload->devices.front();
  params.print_timings = false;
  params.n_threads = options.threads;
  params.media_marker = marker.c_str();
  params.warmup = false;
  return params;
}

/// Numbers that no token has, of the image's content: equal images are equal runs, and no two others are.
void append_stand_ins(std::vector<Token>& out, std::string_view key, std::size_t count) {
  Sha256 hash{};
  constexpr std::size_t a_hash = sizeof(hash) / sizeof(std::uint32_t);
  for (std::size_t each = 0; each < count; ++each) {
    if (each % a_hash == 0) hash = sha256(std::string(key) + " " + std::to_string(each));
    std::uint32_t bits = 0;
    std::memcpy(&bits, hash.data() + each % a_hash * sizeof(bits), sizeof(bits));
    out.push_back(static_cast<Token>(bits | (1U << 31)));
  }
}

std::string id_of(const Pixels& image) {
  Sha256Stream hash;
  hash.update(std::to_string(image.width) + "x" + std::to_string(image.height) + ":");
  hash.update({reinterpret_cast<const char*>(image.rgb.data()), image.rgb.size()});
  return hex(hash.finish());
}

}  // namespace

Result<std::uint64_t> vision_bytes(const EngineOptions& options) try {
  if (options.vision_file.empty()) return 0;
  silence_llama();
  std::uint64_t out = Vision::kept_max_bytes;
  const std::string marker = mtmd_default_marker();
  const auto taken = mtmd_get_memory_usage(options.vision_file.c_str(), vision_params(options, marker));
  if (taken.empty()) return load_failed(options.vision_file);
  for (const auto& [device, bytes] : taken) out += bytes;
  return out;
} catch (const std::exception&) {
  return load_failed(options.vision_file);
}

Vision::Vision(const llama_model* model)
    : marker_("<__image_" + random_token(16) + "__>"),
      row_floats_(static_cast<std::size_t>(llama_model_n_embd_inp(model))),
      has_sections_(llama_model_rope_type(model) == LLAMA_ROPE_TYPE_MROPE ||
                    llama_model_rope_type(model) == LLAMA_ROPE_TYPE_IMROPE) {}

Result<std::unique_ptr<Vision>> Vision::load(const EngineOptions& options, const llama_model* model) try {
  std::unique_ptr<Vision> out(new Vision(model));
  out->context_.reset(
      mtmd_init_from_file(options.vision_file.c_str(), model, vision_params(options, out->marker_)));
  if (!out->context_ || !mtmd_support_vision(out->context_.get())) return load_failed(options.vision_file);
  out->thread_ = std::thread([self = out.get()] { self->run(); });
  return out;
} catch (const std::exception&) {
  return load_failed(options.vision_file);
}

Vision::~Vision() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Vision::is_seen_at_once() const { return mtmd_decode_use_non_causal(context_.get(), nullptr); }

Result<Vision::Chunks> Vision::cut(const std::string& text, std::span<const Bitmap> images) const {
  std::vector<const mtmd_bitmap*> given;
  for (const auto& image : images) given.push_back(image.get());
  Chunks out(mtmd_input_chunks_init(), mtmd_input_chunks_free);
  const mtmd_input_text input{text.data(), text.size(), true, true};
  if (mtmd_tokenize(context_.get(), out.get(), &input, given.data(), given.size()) != 0)
    return fail(Code::invalid, "The model's template has no place for one of the images.", "bad_request");
  return out;
}

Result<std::uint32_t> Vision::count(const std::string& text, std::span<const ImageSize> images) const {
  std::vector<Bitmap> empty;
  for (const auto& [width, height] : images)
    empty.emplace_back(mtmd_bitmap_init(width, height, nullptr), mtmd_bitmap_free);
  auto chunks = cut(text, empty);
  if (!chunks) return pass(chunks);
  std::size_t out = 0;
  for (std::size_t each = 0; each < mtmd_input_chunks_size(chunks->get()); ++each)
    out += mtmd_input_chunk_get_n_tokens(mtmd_input_chunks_get(chunks->get(), each));
  return static_cast<std::uint32_t>(out);
}

Result<PromptWithImages> Vision::split(const std::string& text, std::span<const Pixels> images) const {
  std::vector<Bitmap> bitmaps;
  for (const auto& image : images) {
    bitmaps.emplace_back(mtmd_bitmap_init(image.width, image.height, image.rgb.data()), mtmd_bitmap_free);
    mtmd_bitmap_set_id(bitmaps.back().get(), id_of(image).c_str());
  }
  auto chunks = cut(text, bitmaps);
  if (!chunks) return pass(chunks);
  PromptWithImages out;
  std::string last_id;
  std::size_t tile = 0;
  for (std::size_t each = 0; each < mtmd_input_chunks_size(chunks->get()); ++each) {
    const auto* chunk = mtmd_input_chunks_get(chunks->get(), each);
    if (mtmd_input_chunk_get_type(chunk) == MTMD_INPUT_CHUNK_TYPE_TEXT) {
      std::size_t count = 0;
      const auto* tokens = mtmd_input_chunk_get_tokens_text(chunk, &count);
      out.tokens.insert(out.tokens.end(), tokens, tokens + count);
      continue;
    }
    const char* id = mtmd_input_chunk_get_id(chunk);
    tile = id && last_id == id ? tile + 1 : 0;
    last_id = id ? id : "";
    PromptImage image;
    image.begin = out.tokens.size();
    image.tokens = mtmd_input_chunk_get_n_tokens(chunk);
    image.positions = static_cast<std::size_t>(mtmd_input_chunk_get_n_pos(chunk));
    image.key = last_id + " " + std::to_string(tile);
    image.chunk = {mtmd_input_chunk_copy(chunk), mtmd_input_chunk_free};
    append_stand_ins(out.tokens, image.key, image.tokens);
    out.images.push_back(std::move(image));
  }
  return out;
}

SeenImage::State Vision::look_at(PromptImage& image, std::string_view rights) {
  if (image.seen) return image.seen->state;
  const std::string key = std::string(rights) + '\n' + image.key;
  const std::lock_guard lock(mutex_);
  const auto kept = std::ranges::find(kept_, key, &Kept::key);
  if (kept != kept_.end()) {
    kept_.splice(kept_.end(), kept_, kept);
    image.seen = kept->seen;
    return SeenImage::State::ready;
  }
  auto& waiting = waiting_[key];
  image.seen = waiting.lock();
  if (!image.seen) {
    image.seen = std::make_shared<SeenImage>();
    waiting = image.seen;
    wanted_.push_back({key, image.chunk, image.seen});
    work_.notify_one();
  }
  return image.seen->state;
}

std::vector<llama_pos> Vision::places(const PromptImage& image, llama_pos position, std::size_t first,
                                      std::size_t count) const {
  std::vector<llama_pos> out(count * (has_sections_ ? 4 : 1));
  const auto* tokens = has_sections_ ? mtmd_input_chunk_get_tokens_image(image.chunk.get()) : nullptr;
  for (std::size_t each = 0; each < count; ++each) {
    if (!tokens) {
      out[each] = position + static_cast<llama_pos>(first + each);
      continue;
    }
    const auto place = mtmd_image_tokens_get_decoder_pos(tokens, position, first + each);
    out[each] = static_cast<llama_pos>(place.t);
    out[each + count] = static_cast<llama_pos>(place.y);
    out[each + 2 * count] = static_cast<llama_pos>(place.x);
    out[each + 3 * count] = static_cast<llama_pos>(place.z);
  }
  return out;
}

void Vision::run() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), getpriority(PRIO_PROCESS, 0) + encoder_nice);
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [&] { return stopping_ || !wanted_.empty(); });
    if (stopping_) return;
    const Wanted next = std::move(wanted_.front());
    wanted_.pop_front();
    const auto seen = next.seen.lock();
    if (seen) {
      lock.unlock();
      const bool done = encode(*next.chunk, seen->rows);
      lock.lock();
      seen->state = done ? SeenImage::State::ready : SeenImage::State::failed;
      if (done) keep(next.key, seen);
    }
    const auto waiting = waiting_.find(next.key);
    if (waiting != waiting_.end() && (waiting->second.expired() || waiting->second.lock() == seen))
      waiting_.erase(waiting);
  }
}

bool Vision::encode(const mtmd_input_chunk& chunk, std::vector<float>& rows) try {
  if (mtmd_encode_chunk(context_.get(), &chunk) != 0) return false;
  const float* out = mtmd_get_output_embd(context_.get());
  if (!out) return false;
  rows.assign(out, out + mtmd_input_chunk_get_n_tokens(&chunk) * row_floats_);
  return true;
} catch (const std::exception&) {
  return false;
}

void Vision::keep(const std::string& key, std::shared_ptr<SeenImage> seen) {
  kept_bytes_ += seen->rows.size() * sizeof(float);
  kept_.push_back({key, std::move(seen)});
  while (kept_bytes_ > kept_max_bytes) {
    kept_bytes_ -= kept_.front().seen->rows.size() * sizeof(float);
    kept_.pop_front();
  }
}

}  // namespace bastide::models::local
