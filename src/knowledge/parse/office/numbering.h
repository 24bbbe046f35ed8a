// The numbers Word shows before paragraphs, which are not in their text: word/numbering.xml and running
// counters.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "knowledge/parse/office/archive.h"

namespace bastide::knowledge::parse::office {

class Numbering {
 public:
  void load(Archive& archive, const std::string& part);
  /// Counts one more paragraph of list `id` at `level` (from 0) and gives its label, "3.2 " or "b) "; empty
  /// for bullets and for lists that are unknown.
  [[nodiscard]] std::string next(std::string_view id, int level);

 private:
  static constexpr int levels = 9;
  struct Level {
    std::string format = "decimal";
    std::string text;
    long start = 1;
  };
  using Levels = std::array<Level, levels>;
  std::map<std::string, Levels, std::less<>> abstract_;
  std::map<std::string, std::string, std::less<>> instance_;  // list id to abstract id
  std::map<std::string, std::array<long, levels>, std::less<>>
      counts_;  // by abstract id: instances go on counting
};

}  // namespace bastide::knowledge::parse::office
