// The second file of a model that reads images: imported, fetched, listed, checked and removed with the
// first.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/crypto.h"
#include "models/catalogue/catalogue.h"
#include "models/gguf/reader.h"
#include "models/gguf/writer.h"
#include "models/install/commands.h"
#include "models/install/shelf.h"
#include "tests/models/scratch.h"
#include "tests/net/scripted_server.h"

namespace bastide::models {
namespace {

using net::test::ScriptedServer;
using test::read_file;
using test::Scratch;
using test::write_file;

constexpr std::size_t weights = 1024;

std::string write_gguf(const std::string& path, gguf::Writer& writer, char weight) {
  const std::string bytes(weights * 4, weight);
  writer.tensor("t", gguf::TensorType::f32, {weights}, bytes);
  EXPECT_TRUE(writer.write(path));
  return path;
}

class VisionFile : public ::testing::Test {
 protected:
  VisionFile() {
    gguf::Writer model("llama");
    model.text("general.name", "Seeing");
    write_gguf(model_, model, 'm');
    write_projector(vision_, 'v');
  }

  static std::string write_projector(const std::string& path, char weight) {
    gguf::Writer projector("clip");
    projector.boolean("clip.has_vision_encoder", true);
    return write_gguf(path, projector, weight);
  }

  /// Says them at /m.gguf and /v.gguf, and remembers who was asked.
  void answer(int fd, int) {
    const auto request = ScriptedServer::read_request(fd);
    const bool is_vision = request.starts_with("GET /v.gguf");
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(is_vision ? "vision" : "model");
    }
    const std::string bytes = read_file(is_vision ? vision_ : model_);
    if (is_vision && fails_)
      ScriptedServer::say(fd, "HTTP/1.1 404 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    else
      ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(bytes.size()) +
                                  "\r\nconnection: close\r\n\r\n" + bytes);
  }

  Installable listed() {
    Installable out;
    out.model.id = "seeing";
    out.model.name = "Seeing";
    out.download_bytes = 10'000;
    PullSource source;
    source.url = server_.url("/m.gguf");
    source.sha256 = sha256_hex(read_file(model_));
    out.from = {source};
    source.url = server_.url("/v.gguf");
    source.sha256 = sha256_hex(read_file(vision_));
    out.vision_from = {source};
    return out;
  }

  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
  }

  const Scratch scratch_;
  const std::string model_ = scratch_.path("m.gguf");
  const std::string vision_ = scratch_.path("v.gguf");
  const std::string folder_ = scratch_.path("models");
  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::atomic<bool> fails_ = false;
  ScriptedServer server_{[this](int fd, int number) { answer(fd, number); }};
};

using Words = std::vector<std::string>;

TEST_F(VisionFile, IsToldFromAModel) {
  EXPECT_FALSE(gguf::read_facts(model_)->is_projector);
  EXPECT_TRUE(gguf::read_facts(vision_)->is_projector);
  EXPECT_TRUE(gguf::read_facts(vision_)->has_vision);
  gguf::Writer hearing("clip");
  hearing.boolean("clip.has_audio_encoder", true);
  const auto facts = gguf::read_facts(write_gguf(scratch_.path("h.gguf"), hearing, 'h'));
  EXPECT_TRUE(facts->is_projector);
  EXPECT_FALSE(facts->has_vision);
  EXPECT_EQ(import_model({model_, "seeing", scratch_.path("h.gguf")}, folder_).error().detail,
            "no_projector");
}

TEST_F(VisionFile, IsImportedAndRemovedWithItsModel) {
  const auto manifest = import_model({model_, "seeing", vision_}, folder_);
  ASSERT_TRUE(manifest) << manifest.error().message;
  ASSERT_TRUE(manifest->vision);
  EXPECT_EQ(manifest->vision->file, folder_ + "/seeing.mmproj.gguf");
  EXPECT_EQ(read_file(manifest->vision->file), read_file(vision_));
  EXPECT_EQ(bytes_of(*manifest), manifest->bytes + manifest->vision->bytes);
  const auto read = read_manifests(folder_);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].vision, manifest->vision);
  const auto entry = Catalogue({}, folder_).find("seeing");
  ASSERT_TRUE(entry);
  EXPECT_TRUE(entry->card.can("vision"));
  EXPECT_TRUE(entry->card.can("chat"));
  EXPECT_TRUE(remove_model("seeing", folder_));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/seeing.gguf"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/seeing.mmproj.gguf"));
}

TEST_F(VisionFile, AndModelAreNotTakenForEachOther) {
  EXPECT_EQ(import_model({vision_, "seeing"}, folder_).error().detail, "projector_alone");
  EXPECT_EQ(import_model({vision_, "seeing", vision_}, folder_).error().detail, "projector_alone");
  EXPECT_EQ(import_model({model_, "seeing", model_}, folder_).error().detail, "no_projector");
  EXPECT_EQ(import_model({model_, "seeing", scratch_.path("none")}, folder_).error().detail, "missing");
  EXPECT_EQ(import_model({model_, "seeing.mmproj"}, folder_).error().detail, "bad_name");
  gguf::Writer embedding("llama");
  embedding.u32("llama.pooling_type", 1);
  write_gguf(scratch_.path("e.gguf"), embedding, 'e');
  EXPECT_EQ(import_model({scratch_.path("e.gguf"), "seeing", vision_}, folder_).error().detail,
            "no_chat_model");
  EXPECT_TRUE(read_manifests(folder_).empty());
}

TEST_F(VisionFile, IsAnOptionOfTheCommand) {
  const Config config;
  const auto command = [&](const Words& words) { return model_command(config, scratch_.path(), words); };
  EXPECT_EQ(command({"import", model_, "--name", "seeing", "--vision", vision_}), 0);
  EXPECT_EQ(command({"import", vision_}), 1);
  EXPECT_EQ(command({"import", model_, "--base", "seeing", "--vision", vision_}), 2);
  EXPECT_EQ(command({"list"}), 0);
  EXPECT_EQ(command({"remove", "seeing"}), 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/.pull"));
}

TEST_F(VisionFile, IsCheckedAsItsModelIs) {
  auto manifest = *import_model({model_, "seeing", vision_}, folder_);
  EXPECT_TRUE(check_file(manifest));
  write_projector(manifest.vision->file, 'w');
  EXPECT_EQ(check_file(manifest).error().detail, "corrupt_file");
  write_file(manifest.vision->file, "cut");
  EXPECT_EQ(check_file(manifest).error().detail, "cut_short");
  EXPECT_NE(check_file(manifest).error().message.find("vision file"), std::string::npos);
  EXPECT_EQ(Catalogue({}, folder_).find("seeing")->card.state, "failed");
  std::filesystem::remove(manifest.vision->file);
  EXPECT_EQ(check_file(manifest).error().detail, "missing");
  const auto card = Catalogue({}, folder_).find("seeing")->card;
  EXPECT_EQ(card.state, "missing");
  EXPECT_FALSE(card.ready);
}

TEST_F(VisionFile, OfADamagedDescriptionIsNone) {
  for (const auto* wrong : {R"("v")", "{}", R"({"file":"../v","bytes":1})", R"({"file":"v","bytes":0})"})
    EXPECT_FALSE(
        parse_manifest(R"({"id":"a","file":"a.gguf","bytes":1,"vision":)" + std::string(wrong) + "}", "/d"))
        << wrong;
}

TEST_F(VisionFile, StandsInTheConfigurationBesideAFile) {
  Config config;
  ModelConfig model;
  model.id = "own";
  model.provider = "local";
  model.file = model_;
  model.vision = vision_;
  config.models.push_back(model);
  const auto entry = Catalogue(config, folder_).find("own");
  ASSERT_TRUE(entry && entry->local && entry->local->vision);
  EXPECT_EQ(entry->local->vision->file, vision_);
  EXPECT_TRUE(entry->card.can("vision"));
  EXPECT_TRUE(check_file(*entry->local));
  std::filesystem::remove(vision_);
  EXPECT_EQ(Catalogue(config, folder_).find("own")->card.state, "missing");
}

TEST_F(VisionFile, IsFetchedBeforeTheModelIsSeen) {
  auto model = listed();
  fails_ = true;
  EXPECT_EQ(pull_model(model, folder_, *tell_person()).error().detail, "missing");
  EXPECT_TRUE(read_manifests(folder_).empty());
  EXPECT_EQ(asked(), (Words{"model", "vision"}));
  fails_ = false;
  const auto pulled = pull_model(model, folder_, *tell_person());
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(asked(), (Words{"vision"})) << "the model came whole before";
  EXPECT_TRUE(check_file(*pulled));
  ASSERT_TRUE(pulled->vision);
  EXPECT_EQ(read_file(pulled->file), read_file(model_));
  EXPECT_EQ(read_file(pulled->vision->file), read_file(vision_));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/.pull/seeing"));
}

TEST_F(VisionFile, IsFetchedAloneWhereItAloneIsWanting) {
  auto model = listed();
  const auto vision_from = std::exchange(model.vision_from, {});
  const auto before = pull_model(model, folder_, *tell_person());
  ASSERT_TRUE(before);
  EXPECT_FALSE(before->vision);
  model.vision_from = vision_from;
  EXPECT_TRUE(lacks_vision(model, *before));
  asked();
  const auto seeing = pull_model(model, folder_, *tell_person());
  ASSERT_TRUE(seeing && seeing->vision);
  EXPECT_EQ(asked(), (Words{"vision"}));
  EXPECT_FALSE(lacks_vision(model, *seeing));
  write_file(seeing->vision->file, "damaged");
  ASSERT_TRUE(pull_model(model, folder_, *tell_person()));
  EXPECT_EQ(asked(), (Words{"vision"}));
  EXPECT_TRUE(check_file(*seeing)) << "the same bytes again";
  write_file(seeing->file, "damaged");
  ASSERT_TRUE(pull_model(model, folder_, *tell_person()));
  EXPECT_EQ(asked(), (Words{"model"}));
  EXPECT_TRUE(check_file(read_manifests(folder_)[0]));
}

TEST_F(VisionFile, IsNotAddedToAModelOfOnesOwnThatHasTheName) {
  const auto own = import_model({model_, "seeing"}, folder_);
  ASSERT_TRUE(own);
  EXPECT_FALSE(lacks_vision(listed(), *own));
}

TEST_F(VisionFile, MustBeWhatWasPromised) {
  auto model = listed();
  model.vision_from[0].sha256 = std::string(64, 'a');
  EXPECT_EQ(pull_model(model, folder_, *tell_person()).error().detail, "wrong_hash");
  model.vision_from = model.from;
  EXPECT_EQ(pull_model(model, folder_, *tell_person()).error().detail, "no_projector");
  model = listed();
  model.from = model.vision_from;
  EXPECT_EQ(pull_model(model, folder_, *tell_person()).error().detail, "projector_alone");
  EXPECT_TRUE(read_manifests(folder_).empty());
}

TEST(VisionSources, AreThoseOfTheListAndOfTheOrganisation) {
  const auto by_id = [](const std::vector<Installable>& all, std::string_view id) {
    return *std::ranges::find(all, id, [](const Installable& each) { return each.model.id; });
  };
  const auto known = by_id(installable_models(), "ministral-3-8b").vision_from;
  ASSERT_EQ(known.size(), 1U);
  EXPECT_TRUE(known[0].url.ends_with("Ministral-3-8B-Instruct-2512-BF16-mmproj.gguf"));
  EXPECT_TRUE(by_id(installable_models(), "qwen3-4b").vision_from.empty());
  const Scratch scratch;
  write_file(scratch.path("catalogue.json"), R"([
    {"id": "ministral-3-8b", "url": "https://m.example/m.gguf", "vision": {"url": "https://m.example/v.gguf"}},
    {"id": "qwen3-vl-4b", "vision": null},
    {"id": "qwen3-vl-8b", "vision": {"sources": [{"path": "/mnt/v.gguf"}]}},
    {"id": "ours", "name": "Ours", "kind": "chat", "capabilities": ["chat"], "languages": ["fr"], "licence": "own",
     "context_tokens": 4096, "parameters_total": [1, 1], "parameters_active": [1, 1], "download_bytes": 7,
     "path": "/mnt/m.gguf", "vision": {"path": "/mnt/v.gguf"}}])");
  const auto all = installable_models(scratch.path());
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(by_id(*all, "ministral-3-8b").from[0].url, "https://m.example/m.gguf");
  EXPECT_EQ(by_id(*all, "ministral-3-8b").vision_from.size(), 2U);
  EXPECT_EQ(by_id(*all, "ministral-3-8b").vision_from[0].url, "https://m.example/v.gguf");
  EXPECT_TRUE(by_id(*all, "qwen3-vl-4b").vision_from.empty());
  EXPECT_EQ(by_id(*all, "qwen3-vl-4b").from.size(), 1U);
  EXPECT_EQ(by_id(*all, "qwen3-vl-8b").from.size(), 1U);
  EXPECT_EQ(by_id(*all, "qwen3-vl-8b").vision_from[0].file, "/mnt/v.gguf");
  EXPECT_EQ(by_id(*all, "ours").vision_from[0].file, "/mnt/v.gguf");
  write_file(scratch.path("catalogue.json"), R"([{"id": "ministral-3-8b", "vision": {}}])");
  EXPECT_EQ(installable_models(scratch.path()).error().detail, "bad_catalogue");
}

TEST_F(VisionFile, CountsInWhatIsListed) {
  const auto manifest = *import_model({model_, "seeing", vision_}, folder_);
  const auto shelf = read_shelf(folder_, {});
  ASSERT_TRUE(shelf);
  const auto found =
      std::ranges::find(*shelf, "seeing", [](const ShelfModel& each) { return each.known.model.id; });
  ASSERT_NE(found, shelf->end());
  JsonWriter json;
  json.object();
  put_shelf_model(json, *found);
  const auto shown = nlohmann::json::parse(json.end().take());
  EXPECT_EQ(shown["reads_images"], true);
  EXPECT_EQ(shown["download_bytes"], bytes_of(manifest));
}

}  // namespace
}  // namespace bastide::models
