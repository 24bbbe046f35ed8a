// docProps/core.xml: who wrote it, when, its title.
#pragma once

#include "knowledge/parse/builder.h"
#include "knowledge/parse/office/archive.h"

namespace bastide::knowledge::parse::office {

void read_properties(Archive& archive, detail::Builder& builder);

}  // namespace bastide::knowledge::parse::office
