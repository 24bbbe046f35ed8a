# Writes OUT: the table of all files in FOLDER.  cmake -DFOLDER=... -DOUT=... -P embed_sample.cmake
file(GLOB files ${FOLDER}/*)
list(SORT files)
set(rows "")
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  file(READ ${file} text)
  string(APPEND rows "    {\"${name}\", R\"bastide_doc(${text})bastide_doc\"},\n")
endforeach()
list(LENGTH files count)
file(WRITE ${OUT}.new "#include <array>

#include \"knowledge/sample/sample.h\"

namespace bastide::knowledge::sample {
namespace {
constexpr std::array<File, ${count}> table{{
${rows}}};
}  // namespace
std::span<const File> files() { return table; }
}  // namespace bastide::knowledge::sample
")
file(RENAME ${OUT}.new ${OUT})
