// The sample collection: the administration of Valmoret, a town that does not exist.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace bastide::knowledge::sample {

/// Written for Bastide; a name that ends in ".pdf.txt" is laid out as a PDF when it is loaded.
struct File {
  std::string_view name;
  std::string_view text;
};
[[nodiscard]] std::span<const File> files();

/// A PDF of A4 pages: "# " the title, "## " headings, other lines paragraphs; Helvetica, Latin letters only.
[[nodiscard]] std::string write_pdf(std::string_view text);

}  // namespace bastide::knowledge::sample
