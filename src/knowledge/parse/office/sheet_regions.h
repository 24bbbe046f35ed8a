// A sheet's rows as the regions a person sees: tables between blank rows, single cells above them as words
// about them.
#pragma once

#include <vector>

#include "knowledge/parse/builder.h"

namespace bastide::knowledge::parse::office {

class SheetRegions {
 public:
  explicit SheetRegions(detail::Builder& builder) : builder_(builder) {}
  void row(detail::Row cells);
  /// Ends the region; call it once at the end of a sheet.
  void blank();

 private:
  detail::Builder& builder_;
  std::vector<detail::Row> rows_;
};

}  // namespace bastide::knowledge::parse::office
