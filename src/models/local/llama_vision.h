// Images of a prompt: what llama.cpp's multimodal part makes of them before the model reads them. Part of the
// llama.cpp adapter: no file outside it includes this.
#pragma once

#include <mtmd.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "models/local/image.h"
#include "models/local/llama_engine.h"

namespace bastide::models::local {

using ImageSize = std::pair<std::uint32_t, std::uint32_t>;  // width, height

/// What a vision encoder made of an image or of one of its tiles: a row of numbers for each of its tokens.
struct SeenImage {
  enum class State : std::uint8_t { waiting, ready, failed };
  std::atomic<State> state = State::waiting;
  std::vector<float> rows;  // constant once `ready`
};

/// An image, or one of its tiles, within a prompt.
struct PromptImage {
  std::size_t begin = 0;  // of its tokens in the prompt
  std::size_t tokens = 0;
  std::size_t positions = 0;  // that the model counts for them
  std::string key;            // of its content
  std::shared_ptr<const mtmd_input_chunk> chunk;
  std::shared_ptr<SeenImage> seen;  // null until the model comes to it
};

struct PromptWithImages {
  std::vector<Token> tokens;  // negative ones, made of the image's content, stand for images
  std::vector<PromptImage> images;
};

/// The file that lets a model see, loaded. `split` and `look_at` are thread-safe. Images are encoded by a
/// thread of its own, so that answers go on meanwhile.
class Vision {
 public:
  /// Images that were encoded stay, the least recently used going first.
  static constexpr std::uint64_t kept_max_bytes = 128ULL << 20;
  static constexpr std::size_t images_max = 64;  // in a call
  static constexpr std::uint64_t pixels_max = 100'000'000;

  /// Code::unavailable, load_failed; also for a file that was made for another model.
  [[nodiscard]] static Result<std::unique_ptr<Vision>> load(const EngineOptions& options,
                                                            const llama_model* model);
  ~Vision();
  Vision(const Vision&) = delete;
  Vision& operator=(const Vision&) = delete;

  /// Stands for an image in a text. Nobody can guess it.
  [[nodiscard]] const std::string& marker() const { return marker_; }
  /// Whether an image's tokens look at each other in both directions: it is then decoded whole.
  [[nodiscard]] bool is_seen_at_once() const;
  /// Whether the model places what follows an image by its sides, not by its tokens.
  [[nodiscard]] bool takes_fewer_positions() const { return has_sections_; }
  /// Code::invalid, bad_request, when the text has not one marker for each image.
  [[nodiscard]] Result<PromptWithImages> split(const std::string& text, std::span<const Pixels> images) const;
  /// How many tokens `split` would make of images of these sizes.
  [[nodiscard]] Result<std::uint32_t> count(const std::string& text, std::span<const ImageSize> images) const;
  /// Begins to encode it unless that is done, for people of these `rights`. Sets `seen`.
  SeenImage::State look_at(PromptImage& image, std::string_view rights);
  /// Where the model places its tokens from `position` on, as llama_batch::pos has them.
  [[nodiscard]] std::vector<llama_pos> places(const PromptImage& image, llama_pos position, std::size_t first,
                                              std::size_t count) const;

 private:
  struct ContextDeleter {
    void operator()(mtmd_context* context) const { mtmd_free(context); }
  };
  struct Wanted {
    std::string key;
    std::shared_ptr<const mtmd_input_chunk> chunk;
    std::weak_ptr<SeenImage> seen;  // of those who wait; nobody: it is not encoded
  };
  struct Kept {
    std::string key;
    std::shared_ptr<SeenImage> seen;
  };
  using Bitmap = std::unique_ptr<mtmd_bitmap, decltype(&mtmd_bitmap_free)>;
  using Chunks = std::unique_ptr<mtmd_input_chunks, decltype(&mtmd_input_chunks_free)>;
  explicit Vision(const llama_model* model);
  [[nodiscard]] Result<Chunks> cut(const std::string& text, std::span<const Bitmap> images) const;
  void run();
  [[nodiscard]] bool encode(const mtmd_input_chunk& chunk, std::vector<float>& rows);
  void keep(const std::string& key, std::shared_ptr<SeenImage> seen);  // under the lock

  const std::string marker_;
  const std::size_t row_floats_;
  const bool has_sections_;  // of positions: M-RoPE
  std::unique_ptr<mtmd_context, ContextDeleter> context_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Wanted> wanted_;
  std::unordered_map<std::string, std::weak_ptr<SeenImage>> waiting_;  // by key
  std::list<Kept> kept_;                                               // the one used last at the end
  std::uint64_t kept_bytes_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bastide::models::local
