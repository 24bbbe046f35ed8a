#include "gateway/texts.h"

#include <simdjson.h>

namespace bastide::gateway {
namespace {

namespace od = simdjson::ondemand;

constexpr int depth_max = 64;
constexpr std::size_t base64_bytes_min = 256;  // what is shorter is looked at

std::unexpected<Error> malformed() {
  return fail(Code::invalid, "The body is no valid JSON.", "json_malformed", "Send a JSON object.");
}

// False when the JSON is broken or too deep.
bool collect(od::value value, std::string& out, int depth, bool may_be_base64) {
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
      out += text;
      out += '\n';
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
  std::string text;
};

TextReader::TextReader() : impl_(std::make_unique<Impl>()) {}
TextReader::~TextReader() = default;

Result<std::string_view> TextReader::read(std::string_view body, std::size_t readable_bytes) {
  auto& text = impl_->text;
  text.clear();
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
  if (document.get_value().get(root) || !collect(root, text, 0, false)) return malformed();
  return std::string_view(text);
}

}  // namespace bastide::gateway
