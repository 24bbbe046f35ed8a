// The fields of a JSON object, one after another, without looking into their values: several times as fast as
// a parser where most of the bytes are one long text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bastide::dialects {

/// Reads each byte once, 32 at a time. It is sure of what every reader of JSON understands alike: anything
/// else (escapes in names, control characters, malformed UTF-8, deep nesting, a missing sign) is for a parser
/// to judge. What lies within nested values is only delimited. One walk, one thread.
class FieldWalk {
 public:
  /// 64 bytes behind `json` may be read.
  explicit FieldWalk(std::string_view json) : json_(json) {}

  enum class Step : std::uint8_t {
    field,  // `key` and `value` tell which
    end,    // of the object, with nothing but blanks behind it
    unsure  // ask a parser
  };
  [[nodiscard]] Step next();
  /// Without its quotes; has no escapes.
  [[nodiscard]] std::string_view key() const { return key_; }
  /// As it stands, strings with their quotes, no blanks around it.
  [[nodiscard]] std::string_view value() const { return value_; }
  /// Strings of `long_bytes_min` bytes or more within the value, without their quotes. Escapes stand as they
  /// are.
  [[nodiscard]] const std::vector<std::string_view>& long_strings() const { return long_; }
  static constexpr std::size_t long_bytes_min = 256;

  /// Whether a string so far was the id of a file that was left here (base/id.h).
  [[nodiscard]] bool names_file() const { return names_file_; }

  /// The same for any value by itself, as far as the walk is sure.
  [[nodiscard]] static std::vector<std::string_view> long_strings_of(std::string_view json);

 private:
  void skip_blanks();
  // Each gives false where it is not sure, and moves at_ behind what it skipped.
  bool skip_string();
  bool skip_nested();
  bool skip_value();
  [[nodiscard]] Step finish();

  std::string_view json_;
  std::size_t at_ = 0;
  bool begun_ = false;
  bool ascii_ = true;
  bool names_file_ = false;
  std::string_view key_, value_;
  std::vector<std::string_view> long_;
};

}  // namespace bastide::dialects
