# Writes OUT: the table of all NNNN_name.sql in FOLDER, by number.  cmake -DFOLDER=... -DOUT=... -P embed_migrations.cmake
cmake_minimum_required(VERSION 3.25)
file(GLOB files ${FOLDER}/*.sql)
list(SORT files)
set(rows "")
set(numbers "")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
    message(FATAL_ERROR "${file}: a migration is named NNNN_name.sql, in lower case")
  endif()
  set(number ${CMAKE_MATCH_1})
  set(title ${CMAKE_MATCH_2})
  if(number IN_LIST numbers)
    message(FATAL_ERROR "${file}: the number ${number} is taken by another migration")
  endif()
  list(APPEND numbers ${number})
  string(REGEX REPLACE "^0+([0-9])" "\\1" plain ${number})
  file(READ ${file} sql)
  string(APPEND rows "    {${plain}, \"${title}\", R\"bastide_sql(${sql})bastide_sql\"},\n")
endforeach()
list(LENGTH numbers count)
if(rows)
  set(rows "{\n${rows}}")
endif()
file(WRITE ${OUT}.new "#include <array>

#include \"storage/migrations.h\"

namespace bastide::storage {
namespace {
constexpr std::array<Migration, ${count}> table{${rows}};
}  // namespace
std::span<const Migration> embedded_migrations() { return table; }
}  // namespace bastide::storage
")
file(RENAME ${OUT}.new ${OUT})
