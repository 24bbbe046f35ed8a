// Models in several files: named, read, imported, fetched, checked, loaded and removed as one.
#include "models/gguf/shards.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "models/catalogue/catalogue.h"
#include "models/gguf/reader.h"
#include "models/install/commands.h"
#include "models/local/chat_scheduler.h"
#include "tests/models/reader.h"
#include "tests/models/scratch.h"
#include "tests/models/shards.h"
#include "tests/models/windowed_model.h"
#include "tests/net/scripted_server.h"

namespace bastide::models {
namespace {

namespace fs = std::filesystem;
using net::test::ScriptedServer;
using test::read_file;
using test::Scratch;
using test::write_file;
using Words = std::vector<std::string>;

TEST(ShardName, IsReadOutOfNamesPathsAndAddresses) {
  const auto name = gguf::parse_shard_name("https://m.example/a-00002-of-00003.gguf?download=true");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->before, "https://m.example/a");
  EXPECT_EQ(name->index, 1);
  EXPECT_EQ(name->count, 3);
  EXPECT_EQ(name->at(2), "https://m.example/a-00003-of-00003.gguf?download=true");
  for (const char* other :
       {"", "a.gguf", "-of-", "a-00001-of-00001.gguf", "a-00000-of-00002.gguf", "a-00003-of-00002.gguf",
        "a-00001-of-00101.gguf", "a-00001-of-00002", "a-00001-of-00002.bin", "a-0001-of-0002.gguf",
        "a-+0001-of-00002.gguf", "a00001-of-00002.gguf", "00001-of-00002.gguf", "a-00001-of-"})
    EXPECT_FALSE(gguf::parse_shard_name(other)) << other;
  EXPECT_EQ(gguf::shard_files("m.gguf"), (Words{"m.gguf"}));
  EXPECT_EQ(gguf::shard_files("/d/m-00001-of-00002.gguf"),
            (Words{"/d/m-00001-of-00002.gguf", "/d/m-00002-of-00002.gguf"}));
  EXPECT_TRUE(is_model_id("a-of-b"));
  EXPECT_FALSE(is_model_id("a-00001-of-00002")) << "the name of one of several files";
}

class Shards : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(test::write_windowed_model(whole_));
    first_ = test::write_shards(whole_, scratch_.path("published"), 3);
    ASSERT_FALSE(first_.empty());
  }

  /// Says them at their names, and remembers who was asked; 404 for what `gone_` names.
  void answer(int fd, int) {
    const auto request = ScriptedServer::read_request(fd);
    const auto name = request.substr(5, request.find(" HTTP") - 5);
    bool is_gone = false;
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(name.substr(name.find('-') + 1, 5));
      is_gone = name == gone_;
    }
    const auto bytes = is_gone ? std::string() : read_file(scratch_.path(name));
    ScriptedServer::say(fd, std::string("HTTP/1.1 ") + (is_gone ? "404 X" : "200 OK") +
                                "\r\ncontent-length: " + std::to_string(bytes.size()) +
                                "\r\nconnection: close\r\n\r\n" + bytes);
  }
  Words asked() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
  }
  void set_gone(std::string name) {
    const std::lock_guard lock(mutex_);
    gone_ = std::move(name);
  }

  Installable listed() {
    Installable out;
    out.model.id = "large";
    out.model.name = "Large";
    out.download_bytes = 3'000'000;
    PullSource source;
    source.url = server_.url("/" + fs::path(first_).filename().string());
    const auto files = gguf::shard_files(first_);
    source.sha256 = sha256_hex(read_file(files[0]));
    for (const auto& file : {files[1], files[2]}) source.shard_sha256.push_back(sha256_hex(read_file(file)));
    out.from = {source};
    return out;
  }

  const Scratch scratch_;
  const std::string whole_ = scratch_.path("whole.gguf");
  const std::string folder_ = scratch_.path("models");
  std::string first_;
  std::mutex mutex_;
  Words asked_;
  std::string gone_;
  ScriptedServer server_{[this](int fd, int number) { answer(fd, number); }};
};

TEST_F(Shards, AreReadAsOneModel) {
  const auto one = gguf::read_model_facts(whole_);
  const auto all = gguf::read_model_facts(first_);
  ASSERT_TRUE(one && all);
  EXPECT_EQ(all->parameters, one->parameters);
  EXPECT_EQ(all->architecture, one->architecture);
  EXPECT_EQ(all->weights, "F32");
  EXPECT_EQ(all->shards, 3);
  std::uint64_t bytes = 0;
  for (const auto& file : gguf::shard_files(first_)) bytes += fs::file_size(file);
  EXPECT_EQ(all->bytes, bytes);
  EXPECT_LT(gguf::read_facts(first_)->bytes, bytes) << "one of them";

  const auto files = gguf::shard_files(first_);
  EXPECT_EQ(gguf::read_model_facts(files[1]).error().detail, "not_first_shard");
  fs::copy_file(files[0], scratch_.path("renamed.gguf"));
  EXPECT_EQ(gguf::read_model_facts(scratch_.path("renamed.gguf")).error().detail, "wrong_shard");
  fs::copy_file(files[1], files[2], fs::copy_options::overwrite_existing);
  EXPECT_EQ(gguf::read_model_facts(first_).error().detail, "wrong_shard");
  fs::remove(files[2]);
  EXPECT_EQ(gguf::read_model_facts(first_).error().detail, "missing");
}

TEST_F(Shards, AreImportedCheckedAndRemovedTogether) {
  const auto files = gguf::shard_files(first_);
  EXPECT_EQ(import_model({files[1], "large"}, folder_).error().detail, "not_first_shard");
  const auto manifest = import_model({first_, "large"}, folder_);
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->file, folder_ + "/large-00001-of-00003.gguf");
  EXPECT_TRUE(fs::is_empty(folder_ + "/.pull")) << "no copy is left behind";
  const auto read = read_manifests(folder_);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].shards, manifest->shards);
  ASSERT_EQ(files_of(read[0]).size(), 3U);
  for (std::size_t i = 0; i < files.size(); ++i)
    EXPECT_EQ(read_file(files_of(read[0])[i].file), read_file(files[i]));
  EXPECT_EQ(bytes_of(read[0]), gguf::read_model_facts(first_)->bytes);
  EXPECT_TRUE(check_file(read[0]));
  EXPECT_EQ(Catalogue({}, folder_).find("large")->card.state, "stopped");

  write_file(read[0].shards[0].file, "cut");
  EXPECT_NE(check_file(read[0]).error().message.find("file 2 of 3"), std::string::npos);
  EXPECT_EQ(Catalogue({}, folder_).find("large")->card.state, "failed");
  EXPECT_TRUE(remove_model("large", folder_));
  for (const auto& file : files_of(read[0])) EXPECT_FALSE(fs::exists(file.file));
}

TEST_F(Shards, AreAnOptionOfTheCommandAndOfTheConfiguration) {
  Config config;
  EXPECT_EQ(model_command(config, scratch_.path(), {"import", first_}), 0);
  EXPECT_EQ(read_manifests(folder_)[0].id, "published") << "the name without the numbers";
  ModelConfig model;
  model.id = "own";
  model.provider = "local";
  model.file = first_;
  config.models.push_back(model);
  const auto entry = Catalogue(config, folder_).find("own");
  ASSERT_TRUE(entry && entry->local);
  EXPECT_EQ(entry->card.state, "stopped");
  EXPECT_EQ(entry->local->shards.size(), 2U);
  EXPECT_EQ(bytes_of(*entry->local), gguf::read_model_facts(first_)->bytes);
  fs::remove(gguf::shard_files(first_)[2]);
  EXPECT_EQ(Catalogue(config, folder_).find("own")->card.state, "missing");
}

TEST_F(Shards, AreSeenWhenAllAreThere) {
  set_gone("published-00002-of-00003.gguf");
  EXPECT_FALSE(pull_model(listed(), folder_, *tell_person()));
  EXPECT_TRUE(read_manifests(folder_).empty());
  EXPECT_EQ(asked(), (Words{"00001", "00002"}));
  set_gone({});
  const auto pulled = pull_model(listed(), folder_, *tell_person());
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(asked(), (Words{"00002", "00003"})) << "the first came whole before";
  EXPECT_TRUE(check_file(*pulled));
  EXPECT_EQ(pulled->shards.size(), 2U);
  EXPECT_FALSE(fs::exists(folder_ + "/.pull/large"));

  write_file(pulled->shards[0].file, "damaged");
  const auto again = pull_model(listed(), folder_, *tell_person());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(asked(), (Words{"00002"})) << "only what is damaged";
  EXPECT_TRUE(check_file(*again));
  EXPECT_TRUE(check_file(read_manifests(folder_)[0]));
}

TEST_F(Shards, MustBeWhatWasPromised) {
  auto model = listed();
  model.from[0].shard_sha256[1] = std::string(64, 'a');
  EXPECT_EQ(pull_model(model, folder_, *tell_person()).error().detail, "wrong_hash");
  model = listed();
  model.from[0].shard_sha256.clear();
  model.from[0].url = server_.url("/published-00002-of-00003.gguf");
  model.from[0].sha256.clear();
  EXPECT_EQ(pull_model(model, folder_, *tell_person()).error().detail, "wrong_shard") << "not the first";
  EXPECT_TRUE(read_manifests(folder_).empty());
}

TEST_F(Shards, StandInTheOrganisationsListByTheirFirst) {
  const auto list = [&](const std::string& hashes) {
    write_file(
        scratch_.path("catalogue.json"), R"([{"id": "gpt-oss-120b", "path": "/mnt/g-00001-of-00003.gguf",
      "sha256": )" + hashes + "}]");
    return installable_models(scratch_.path());
  };
  EXPECT_EQ(list(R"("one")").error().detail, "bad_catalogue");
  const auto all = list(R"(["one", "two", "three"])");
  ASSERT_TRUE(all) << all.error().message;
  const auto model =
      *std::ranges::find(*all, "gpt-oss-120b", [](const Installable& each) { return each.model.id; });
  const auto files = model.from[0].files();
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[2].file, "/mnt/g-00003-of-00003.gguf");
  EXPECT_EQ(files[2].sha256, "three");
  EXPECT_EQ(model.from[1].files().size(), 3U) << "the built-in source";
  EXPECT_TRUE(model.from[1].files()[1].url.ends_with("gpt-oss-120b-mxfp4-00002-of-00003.gguf"));
}

/// The log-probabilities of a short answer.
std::vector<double> answered(const std::string& file) {
  local::EngineOptions options;
  options.file = file;
  options.context_tokens = 512;
  options.slots = 1;
  const auto engine = local::Engine::load(options);
  EXPECT_TRUE(engine) << engine.error().message;
  auto call = (*engine)->prepare(nlohmann::json{{"temperature", 0},
                                                {"ignore_eos", true},
                                                {"max_tokens", 20},
                                                {"logprobs", true},
                                                {"messages", {{{"role", "user"}, {"content", "Why?"}}}}}
                                     .dump());
  EXPECT_TRUE(call);
  test::Reader reader;
  local::ChatScheduler scheduler(**engine, 1, {}, reader.send());
  scheduler.submit(1, std::move(*call));
  EXPECT_TRUE(reader.ended(1));
  std::vector<double> out;
  for (const auto& frame : reader.all(local::FrameKind::logprobs, 1))
    for (const auto& each : nlohmann::json::parse(frame)) out.push_back(each["logprob"].get<double>());
  return out;
}

TEST_F(Shards, AnswerAsTheModelInOneFileDoes) {
  const auto manifest = import_model({first_, "large"}, folder_);
  ASSERT_TRUE(manifest);
  const auto one = answered(whole_);
  EXPECT_EQ(one.size(), 20U);
  EXPECT_EQ(answered(manifest->file), one);
}

}  // namespace
}  // namespace bastide::models
