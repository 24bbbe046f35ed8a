#include "gateway/texts.h"

#include <simdjson.h>

#include <algorithm>

namespace bastide::gateway {
namespace {

namespace od = simdjson::ondemand;

constexpr int depth_max = 64;
constexpr std::size_t base64_bytes_min = 256;  // what is shorter is looked at
constexpr std::size_t remembered_bytes_min = 128;
constexpr std::size_t remembered_max = 64;

std::unexpected<Error> malformed() {
  return fail(Code::invalid, "The body is no valid JSON.", "json_malformed", "Send a JSON object.");
}

struct Texts {
  std::string all;
  std::vector<std::pair<std::size_t, std::size_t>> longer{};  // from where, how many bytes
};

// False when the JSON is broken or too deep.
bool collect(od::value value, Texts& out, int depth, bool may_be_base64) {
  if (depth > depth_max) return false;
  od::json_type type{};
  if (value.type().get(type)) return false;
  switch (type) {
    case od::json_type::string: {
      std::string_view text;
      if (value.get_string().get(text)) return false;
      if (text.size() >= base64_bytes_min && (may_be_base64 || text.starts_with("data:")) &&
          text.find(' ') == std::string_view::npos)
        return true;
      out.all += text;
      if (text.size() >= remembered_bytes_min && out.longer.size() < remembered_max)
        out.longer.emplace_back(out.all.size() - text.size(), text.size());
      out.all += '\n';
      return true;
    }
    case od::json_type::array: {
      od::array array;
      if (value.get_array().get(array)) return false;
      for (auto item : array) {
        od::value one;
        if (item.get(one) || !collect(one, out, depth + 1, false)) return false;
      }
      return true;
    }
    case od::json_type::object: {
      od::object object;
      if (value.get_object().get(object)) return false;
      for (auto item : object) {
        od::raw_json_string key;
        od::value one;
        if (item.key().get(key) || item.value().get(one)) return false;
        const bool is_data = key == "data";
        if (!collect(one, out, depth + 1, is_data)) return false;
      }
      return true;
    }
    default:
      return true;
  }
}

}  // namespace

struct TextReader::Impl {
  od::parser parser;
  std::string padded;
  Texts texts{};
};

TextReader::TextReader() : impl_(std::make_unique<Impl>()) {}
TextReader::~TextReader() = default;

Result<std::string_view> TextReader::read(std::string_view body, std::size_t readable_bytes) {
  auto& texts = impl_->texts;
  texts.all.clear();
  texts.longer.clear();
  if (readable_bytes < body.size() + simdjson::SIMDJSON_PADDING) {
    impl_->padded.assign(body);
    impl_->padded.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    body = impl_->padded;
    readable_bytes = body.size() + simdjson::SIMDJSON_PADDING;
  }
  od::document document;
  if (impl_->parser.iterate(simdjson::padded_string_view(body.data(), body.size(), readable_bytes))
          .get(document))
    return malformed();
  od::value root;
  if (document.get_value().get(root) || !collect(root, texts, 0, false)) return malformed();
  return std::string_view(texts.all);
}

std::vector<std::string_view> TextReader::without(
    const std::vector<std::pair<std::size_t, std::size_t>>& places) const {
  const auto& texts = impl_->texts;
  std::vector<std::string_view> out;
  for (const auto& [from, bytes] : texts.longer)
    if (std::ranges::none_of(
            places, [&](const auto& place) { return place.first < from + bytes && from < place.second; }))
      out.push_back(std::string_view(texts.all).substr(from, bytes));
  return out;
}

}  // namespace bastide::gateway
