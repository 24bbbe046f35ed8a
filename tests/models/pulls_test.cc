// Pulls by the server, with scripts in the place of its own program; and the shelf that shows them.
#include "models/install/pulls.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/json.h"
#include "base/time.h"
#include "models/gguf/writer.h"
#include "models/install/shelf.h"
#include "tests/models/scratch.h"

namespace bastide::models {
namespace {

using test::Scratch;

class ServerPulls : public testing::Test {
 protected:
  /// A program that answers `... pull MODEL ...` with `script`.
  std::string program(const std::string& script) {
    const auto path = scratch_.path("program");
    test::write_file(path, "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  template <class Condition>
  static bool soon(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(Millis(10));
    }
    return false;
  }
  Pulls::Ended ended() {
    return [this](const std::string& model, const std::optional<Error>& error) {
      const std::lock_guard lock(mutex_);
      ended_.emplace_back(model, error);
    };
  }
  std::vector<std::pair<std::string, std::optional<Error>>> all_ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

  Scratch scratch_;
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::optional<Error>>> ended_;
};

TEST_F(ServerPulls, SayHowFarTheyAreAndEndWhenAsked) {
  Pulls pulls(
      program(R"(echo $$ >"$0.pid"; echo '{"step":"fetching","done_bytes":5,"total_bytes":10}'; sleep 60)"),
      scratch_.path("data"));
  ASSERT_TRUE(pulls.start("tiny", ended()));
  ASSERT_TRUE(soon([&] { return !pulls.all().empty() && pulls.all()[0].done_bytes == 5; }));
  const auto shown = pulls.all()[0];
  EXPECT_EQ(shown.model, "tiny");
  EXPECT_EQ(shown.step, Pull::Step::fetching);
  EXPECT_EQ(shown.total_bytes, 10U);
  EXPECT_EQ(pulls.start("tiny", ended()).error().detail, "pull_running");
  const auto pid = std::stoi(test::read_file(scratch_.path("program.pid")));
  EXPECT_TRUE(pulls.cancel("tiny"));
  EXPECT_NE(::kill(pid, 0), 0) << "its process is gone";
  EXPECT_TRUE(pulls.all().empty());
  EXPECT_FALSE(pulls.cancel("tiny"));
  EXPECT_TRUE(all_ended().empty()) << "it did not end by itself";
}

TEST_F(ServerPulls, AreStartedWithWhatTheCommandTakes) {
  Pulls pulls(program(R"(echo "$@" >"$0.words")"), "/data folder");
  ASSERT_TRUE(pulls.start("tiny", ended()));
  ASSERT_TRUE(soon([&] { return !all_ended().empty(); }));
  EXPECT_EQ(test::read_file(scratch_.path("program.words")), "model pull tiny --json --data /data folder\n");
  EXPECT_EQ(all_ended()[0].first, "tiny");
  EXPECT_FALSE(all_ended()[0].second) << "it is installed";
  EXPECT_TRUE(pulls.all().empty());
}

TEST_F(ServerPulls, ThatFailSayWhyUntilTheyAreForgotten) {
  Pulls pulls(program(R"(echo '{"step":"checking","done_bytes":0,"total_bytes":0}'
echo '{"error":{"code":"corrupt","message":"It is another.","detail":"wrong_hash","action":"Try again."}}'; exit 1)"),
              scratch_.path("data"));
  ASSERT_TRUE(pulls.start("tiny", ended()));
  ASSERT_TRUE(soon([&] { return !all_ended().empty(); }));
  ASSERT_EQ(pulls.all().size(), 1U);
  EXPECT_EQ(pulls.all()[0].step, Pull::Step::failed);
  EXPECT_EQ(pulls.all()[0].error->detail, "wrong_hash");
  EXPECT_EQ(all_ended()[0].second->code, Code::corrupt);
  EXPECT_TRUE(pulls.start("tiny", ended())) << "it may be tried again";
  ASSERT_TRUE(soon([&] { return all_ended().size() == 2; }));
  EXPECT_TRUE(pulls.cancel("tiny"));
  EXPECT_TRUE(pulls.all().empty());
}

TEST_F(ServerPulls, WhoseProcessDiesOrTalksWithoutEndFail) {
  for (const auto* script : {"kill -9 $$", "head -c 300000 /dev/zero | tr '\\0' x; sleep 60", "exit 3"}) {
    Pulls pulls(program(script), scratch_.path("data"));
    ASSERT_TRUE(pulls.start("tiny", ended()));
    ASSERT_TRUE(soon([&] { return !all_ended().empty(); })) << script;
    EXPECT_EQ(all_ended()[0].second.value_or(Error{}).detail, "pull_died") << script;
    ended_.clear();
  }
}

TEST_F(ServerPulls, AreFewAtOnceAndEndWithTheServer) {
  Pulls::Ended none;
  const auto begun = Steady::now();
  {
    Pulls pulls(program("echo $$ >>\"$0.pids\"; sleep 60 & sleep 60"), scratch_.path("data"));
    ASSERT_TRUE(pulls.start("one", none));
    ASSERT_TRUE(pulls.start("two", none));
    EXPECT_EQ(pulls.start("three", none).error().detail, "too_many_pulls");
    EXPECT_TRUE(pulls.cancel("one"));
    EXPECT_TRUE(pulls.start("three", none));
  }
  EXPECT_LT(Steady::now() - begun, std::chrono::seconds(30));
  EXPECT_FALSE(Pulls("/nowhere/bastide", "/data").start("one", none));
}

TEST(Room, IsWhatIsFreeOnTheMachineAndItsGpus) {
  using local::Room;
  const local::Machine machine{
      4'000'000'000,
      {{"Card", 6'000'000'000, 8'000'000'000, false}, {"Chip", 9'000'000'000, 9'000'000'000, true}}};
  EXPECT_EQ(local::room_for(9'400'000'000, machine), Room::fits);
  EXPECT_EQ(local::room_for(9'500'000'000, machine), Room::too_large) << "some of each GPU is left to others";
  EXPECT_EQ(local::room_for(0, machine), Room::unknown);
  const auto read = parse_machine(to_json(machine));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->host_bytes, machine.host_bytes);
  ASSERT_EQ(read->devices.size(), 2U);
  EXPECT_EQ(read->devices[0].name, "Card");
  EXPECT_EQ(read->devices[0].free_bytes, 6'000'000'000U);
  EXPECT_TRUE(read->devices[1].is_host_memory);
  for (const auto* wrong :
       {"", "[]", "{}", R"({"memory_bytes":-1,"gpus":3})", R"({"memory_bytes":1,"gpus":[{}]})"})
    EXPECT_FALSE(parse_machine(wrong)) << wrong;
}

nlohmann::json json_of(const ShelfModel& model) {
  JsonWriter json;
  json.object();
  put_shelf_model(json, model);
  return nlohmann::json::parse(json.end().take());
}

const ShelfModel& find(const std::vector<ShelfModel>& models, std::string_view id) {
  return *std::ranges::find(models, id,
                            [](const ShelfModel& model) -> std::string_view { return model.known.model.id; });
}

TEST(Shelf, HoldsTheListWithWhatIsInstalledAndMeasured) {
  const Scratch scratch;
  gguf::Writer writer("llama");
  writer.u32("llama.context_length", 1024);
  const std::string bytes(4096, 'x');
  writer.tensor("t", gguf::TensorType::f32, {1024}, bytes);
  Manifest own;
  own.file = scratch.path("own.gguf");
  ASSERT_TRUE(writer.write(own.file));
  own.id = "own";
  own.name = "Our own";
  own.bytes = std::filesystem::file_size(own.file);
  own.speed = Speed{};
  own.speed->at = "2026-11-20T10:00:00Z";
  own.speed->place = "the processor";
  own.speed->one_answer = 90;
  ASSERT_TRUE(write_manifest(own, scratch.path()));
  test::write_file(scratch.path("catalogue.json"),
                   R"([{"id":"ours","name":"Ours","kind":"chat","capabilities":["chat"],
    "languages":["fr"],"licence":"own","context_tokens":512,"parameters_total":[1,1],"parameters_active":[1,1],
    "download_bytes":10,"memory_bytes":2000000000,"sources":[{"url":"https://mirror.example.org/ours"}],
    "quality":[{"benchmark":"MIRACL","score":70.5,"source":"https://example.org/paper"}]}])");
  const auto shelf = read_shelf(scratch.path(), {1'000'000'000, {}});
  ASSERT_TRUE(shelf) << shelf.error().message;
  const auto ours = json_of(find(*shelf, "ours"));
  EXPECT_EQ(ours["room"], "too_large");
  EXPECT_EQ(ours["installed"], false);
  EXPECT_EQ(ours["quality"][0]["source"], "https://example.org/paper");
  EXPECT_FALSE(ours.contains("measured")) << "nobody did";
  EXPECT_EQ(json_of(find(*shelf, "smollm2-135m"))["room"], "fits");
  const auto here = json_of(find(*shelf, "own"));
  EXPECT_EQ(here["installed"], true);
  EXPECT_EQ(here["measured"]["one_answer_tokens_per_s"], 90.0);
  EXPECT_GT(here["memory_bytes"], 4096);
}

TEST(Shelf, ShowsNoFigureWithoutItsSource) {
  const Scratch scratch;
  test::write_file(scratch.path("catalogue.json"),
                   R"([{"id":"ours","name":"Ours","kind":"chat","capabilities":["chat"],
    "languages":[],"licence":"","context_tokens":512,"parameters_total":[1,1],"parameters_active":[1,1],"download_bytes":10,
    "sources":[{"url":"https://mirror.example.org/ours"}],"quality":[{"benchmark":"MIRACL","score":70.5,"source":"me"}]}])");
  const auto shelf = read_shelf(scratch.path(), {});
  ASSERT_FALSE(shelf);
  EXPECT_EQ(shelf.error().detail, "bad_catalogue");
}

TEST_F(ServerPulls, OfTheShelfAreOfModelsThatTheListHas) {
  Shelf shelf(program(R"([ "$2" = machine ] && echo '{"memory_bytes":1,"gpus":[{"name":"Card","free_bytes":5,
"total_bytes":9,"is_host_memory":false}]}' | tr -d '\n' && echo)"),
              scratch_.path("data"));
  ASSERT_EQ(shelf.machine().devices.size(), 1U);
  EXPECT_EQ(shelf.machine().devices[0].name, "Card");
  EXPECT_GT(shelf.machine().host_bytes, 1U) << "memory is that of now";
  EXPECT_EQ(shelf.pull("no such", {}).error().detail, "unknown_model");
  Shelf without(program("exit 1"), scratch_.path("data"));
  EXPECT_TRUE(without.machine().devices.empty());
}

}  // namespace
}  // namespace bastide::models
