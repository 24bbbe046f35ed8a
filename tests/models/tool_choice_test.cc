#include "models/local/tool_choice.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bastide::models::local {
namespace {

using Mode = ToolChoice::Mode;
using Names = std::vector<std::string>;

Result<ToolChoice> read(const std::string& choice, const std::string& tools = R"([
    {"type":"function","function":{"name":"search"}},{"type":"function","function":{"name":"weather"}}])") {
  return read_tool_choice(nlohmann::json::parse("{" + (tools.empty() ? "" : "\"tools\":" + tools) +
                                                (tools.empty() || choice.empty() ? "" : ",") +
                                                (choice.empty() ? "" : "\"tool_choice\":" + choice) + "}"));
}

void expect(const Result<ToolChoice>& got, Mode mode, const Names& names = {}) {
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->mode, mode);
  EXPECT_EQ(got->names, names);
}

TEST(ToolChoice, IsReadInAllOfItsForms) {
  expect(read(""), Mode::automatic);
  expect(read("", ""), Mode::automatic);
  expect(read("null", "null"), Mode::automatic);
  expect(read("\"auto\""), Mode::automatic);
  expect(read("\"none\""), Mode::none);
  expect(read("\"none\"", ""), Mode::none);
  expect(read("\"required\""), Mode::required);
  expect(read(R"({"type":"function","function":{"name":"search"}})"), Mode::required, {"search"});
  const std::string both = R"("tools":[{"type":"function","function":{"name":"weather"}},
                                       {"type":"function","function":{"name":"search"}}]}})";
  expect(read(R"({"type":"allowed_tools","allowed_tools":{"mode":"required",)" + both), Mode::required,
         {"weather", "search"});
  expect(read(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto",)" + both), Mode::automatic,
         {"weather", "search"});
  expect(read(R"({"type":"allowed_tools","allowed_tools":{)" + both), Mode::automatic, {"weather", "search"});
}

TEST(ToolChoice, IsRefusedWithTheFieldThatIsWrong) {
  const auto refused = [](const Result<ToolChoice>& got, const std::string& part) {
    ASSERT_FALSE(got) << part;
    EXPECT_EQ(got.error().code, Code::invalid);
    EXPECT_EQ(got.error().detail, "bad_request");
    EXPECT_NE(got.error().message.find(part), std::string::npos) << got.error().message;
  };
  refused(read("\"always\""), "\"tool_choice\" is none, auto, required");
  refused(read("7"), "\"tool_choice\" is none, auto, required");
  refused(read("{}"), "names a function");
  refused(read(R"({"type":"custom","custom":{"name":"search"}})"), "names a function");
  refused(read(R"({"type":"function","function":{"name":"shell"}})"), "none of \"tools\"");
  refused(read(R"({"type":"function","function":{"name":"search"}})", ""), "none of \"tools\"");
  refused(read("", R"([{"type":"function","function":{"name":")" + std::string(60'000, '_') + "\"}}]"),
          "longer than 256 bytes");
  refused(read("\"required\"", ""), "there are no \"tools\"");
  refused(read("\"required\"", "[]"), "there are no \"tools\"");
  refused(read(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}})"), "names no tool");
  refused(read(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":{}}})"), "is a list");
  refused(read(R"({"type":"allowed_tools","allowed_tools":{"mode":1,"tools":[]}})"), "mode");
  refused(read("", R"([{"type":"custom","custom":{"name":"shell"}}])"), "Each of \"tools\"");
  refused(read("", R"([{"type":"function"}])"), "Each of \"tools\"");
  refused(read("", R"({"name":"search"})"), "\"tools\" is a list");
}

}  // namespace
}  // namespace bastide::models::local
