// Images of a call: out of its messages, and within its prompt.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "models/local/llama_impl.h"

namespace bastide::models::local {
namespace {

constexpr std::size_t data_url_head_max = 200;  // before the bytes of an image

std::unexpected<Error> bad(std::string message) {
  return fail(Code::invalid, std::move(message), "bad_request");
}

/// The bytes that a call's image is made of: OpenAI's `image_url` with a data: address.
Result<std::string> image_bytes(const nlohmann::ordered_json& part) {
  const auto image = part.value("image_url", nlohmann::ordered_json());
  if (!image.is_object() || !image.contains("url") || !image["url"].is_string())
    return bad("An \"image_url\" has a \"url\".");
  const auto& text = image["url"].get_ref<const std::string&>();
  constexpr std::string_view mark = ";base64,";
  const auto at = text.substr(0, data_url_head_max).find(mark);
  if (!text.starts_with("data:") || at == std::string::npos)
    return fail(Code::invalid, "A local model reads images that are sent along, not those behind an address.",
                "image_by_address", "Send the image itself: \"data:image/png;base64,...\".");
  auto bytes = unbase64(std::string_view(text).substr(at + mark.size()));
  if (!bytes) return fail(Code::invalid, "An image is not valid base64.", "damaged_image", "Send it again.");
  return bytes;
}

template <class Image>
Result<std::vector<Image>> take(nlohmann::ordered_json& body, const std::string& marker,
                                Result<Image> (*read)(std::string_view)) {
  std::vector<Image> out;
  std::uint64_t pixels = 0;
  for (auto& message : body.at("messages")) {
    const auto content = message.find("content");
    if (content == message.end() || !content->is_array()) continue;
    for (auto& part : *content) {
      if (part.at("type") != "image_url") continue;
      if (out.size() == Vision::images_max)
        return bad(fmt::format("A call has at most {} images.", Vision::images_max));
      auto bytes = image_bytes(part);
      if (!bytes) return pass(bytes);
      auto size = image_size(*bytes);
      if (!size) return pass(size);
      pixels += std::uint64_t{size->first} * size->second;
      if (pixels > Vision::pixels_max)
        return fail(Code::invalid, "The images of the call are too large together.", "image_too_large",
                    "Send fewer, or smaller ones.");
      auto image = read(*bytes);
      if (!image) return pass(image);
      out.push_back(std::move(*image));
      part = {{"type", "media_marker"}, {"text", marker}};
    }
  }
  return out;
}

}  // namespace

Result<std::vector<Pixels>> take_images(nlohmann::ordered_json& body, const std::string& marker) {
  return take(body, marker, decode_image);
}

Result<std::vector<ImageSize>> take_image_sizes(nlohmann::ordered_json& body, const std::string& marker) {
  return take(body, marker, image_size);
}

PromptImage& Generation::Impl::image_at(std::size_t index) {
  return *std::ranges::find_if(images,
                               [&](const PromptImage& each) { return index < each.begin + each.tokens; });
}

bool Engine::images_take_fewer_positions() const {
  return impl_->vision && impl_->vision->takes_fewer_positions();
}

bool Generation::holds_images() const { return !impl_->images.empty(); }

int Generation::position(std::size_t index) const {
  std::size_t out = index;
  for (const auto& image : impl_->images)
    if (image.begin + image.tokens <= index) out -= image.tokens - image.positions;
  return static_cast<int>(out);
}

Generation::Run Generation::run_at(std::size_t index) const {
  Run out{0, impl_->prompt.size()};
  for (const auto& image : impl_->images) {
    const std::size_t end = image.begin + image.tokens;
    if (index < image.begin) {
      out.end = image.begin;
      break;
    }
    if (index < end) return {image.begin, end, true, impl_->images_are_whole};
    out.begin = end;
  }
  return out;
}

}  // namespace bastide::models::local
