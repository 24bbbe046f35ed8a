// HTTP messages as values: what a server call and a client call share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bastide::net {

struct Header {
  std::string name;
  std::string value;
};

/// Names compare without case. Order and repetition are kept.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}
  /// The first value, or nothing.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  void add(std::string name, std::string value) { fields_.push_back({std::move(name), std::move(value)}); }
  void reserve(std::size_t count) { fields_.reserve(count); }
  void set(std::string name, std::string value);
  void remove(std::string_view name);
  template <class Predicate>
  void remove_if(Predicate&& unwanted) {
    std::erase_if(fields_, unwanted);
  }
  [[nodiscard]] const std::vector<Header>& all() const { return fields_; }
  /// Complete lines ("name: value" CR LF) that an answer carries besides: made by the house, never from
  /// input, and not checked. One string instead of two for each field.
  void add_lines(std::string lines) {
    if (lines_.empty())
      lines_ = std::move(lines);
    else
      lines_ += lines;
  }
  [[nodiscard]] const std::string& lines() const { return lines_; }

 private:
  std::vector<Header> fields_;
  std::string lines_;
};

struct Request {
  std::string method;
  std::string path;   // percent-decoded, without query; always valid UTF-8 and free of NUL
  std::string query;  // raw, without '?'
  Headers headers;
  std::string peer;  // the client's IP address
  bool secure = false;

  /// Percent-decoded value of a query parameter.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers{};
  std::string body{};
};

/// Percent-decoding ('+' is a space when `plus_is_space`); nothing when malformed.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace bastide::net
