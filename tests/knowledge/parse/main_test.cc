// These tests start themselves as parser processes: main hands over like the program's own does.
#include <gtest/gtest.h>

#include <span>
#include <string_view>

#include "knowledge/parse/parse.h"

int main(int count, char** arguments) {
  if (count > 1 && std::string_view(arguments[1]) == "parse-worker")
    return bastide::knowledge::parse::parse_worker_main({arguments, static_cast<std::size_t>(count)});
  testing::InitGoogleTest(&count, arguments);
  return RUN_ALL_TESTS();
}
