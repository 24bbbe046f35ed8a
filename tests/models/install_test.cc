#include "models/install/install.h"

#include <gtest/gtest.h>
#include <zip.h>

#include "base/crypto.h"
#include "models/catalogue/catalogue.h"
#include "models/gguf/writer.h"
#include "models/install/commands.h"
#include "models/install/unpack.h"
#include "tests/models/scratch.h"
#include "tests/net/scripted_server.h"

namespace bastide::models {
namespace {

using net::test::ScriptedServer;
using test::read_file;
using test::Scratch;
using test::write_file;

std::string small_gguf(const Scratch& scratch, bool embedding = false) {
  gguf::Writer writer("llama");
  writer.text("general.name", "Tiny Model");
  writer.u32("llama.context_length", 1024);
  if (embedding) writer.u32("llama.pooling_type", 1);
  static const std::string bytes(4096, 'x');
  writer.tensor("t", gguf::TensorType::f32, {1024}, bytes);
  EXPECT_TRUE(writer.write(scratch.path("small.gguf")));
  return scratch.path("small.gguf");
}

void make_zip(const std::string& path, const std::string& member, const std::string& bytes) {
  int why = 0;
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &why);
  ASSERT_NE(zip, nullptr);
  zip_file_add(zip, member.c_str(), zip_source_buffer(zip, bytes.data(), bytes.size(), 0), ZIP_FL_ENC_UTF_8);
  ASSERT_EQ(zip_close(zip), 0);
}

TEST(Unpack, TakesOneMemberAndItsHash) {
  const Scratch scratch;
  const std::string bytes(3'000'000, 'm');
  make_zip(scratch.path("a.whl"), "p/model.bin", bytes);
  const auto hash = unpack_member(scratch.path("a.whl"), "p/model.bin", scratch.path("out"), 1 << 30);
  ASSERT_TRUE(hash) << hash.error().message;
  EXPECT_EQ(*hash, sha256_hex(bytes));
  EXPECT_EQ(read_file(scratch.path("out")), bytes);
}

TEST(Unpack, LeavesNothingOfWhatIsWrong) {
  const Scratch scratch;
  make_zip(scratch.path("a.whl"), "p/model.bin", std::string(3'000'000, 'm'));
  EXPECT_FALSE(unpack_member(scratch.path("a.whl"), "other", scratch.path("out"), 1 << 30));
  EXPECT_FALSE(unpack_member(scratch.path("a.whl"), "p/model.bin", scratch.path("out"), 1000)) << "a bomb";
  std::string bytes = read_file(scratch.path("a.whl"));
  write_file(scratch.path("cut.whl"), bytes.substr(0, bytes.size() / 2));
  EXPECT_FALSE(unpack_member(scratch.path("cut.whl"), "p/model.bin", scratch.path("out"), 1 << 30));
  EXPECT_FALSE(std::filesystem::exists(scratch.path("out")));
}

TEST(Manifest, RoundTripsAndRefusesPaths) {
  Manifest manifest;
  manifest.id = "a-model";
  manifest.name = "A \"model\"";
  manifest.file = "/x/a-model.gguf";
  manifest.bytes = 7;
  manifest.kind = Kind::embedding;
  manifest.query_prefix = "query: ";
  manifest.answers_documents = false;
  manifest.parameters_total = {1, 2};
  const auto read = parse_manifest(to_json(manifest), "/data/models");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->file, "/data/models/a-model.gguf");
  EXPECT_EQ(read->name, manifest.name);
  EXPECT_EQ(read->kind, Kind::embedding);
  EXPECT_EQ(read->query_prefix, "query: ");
  EXPECT_FALSE(read->answers_documents);
  EXPECT_EQ(read->parameters_total.high, 2);
  for (const char* wrong :
       {"", "[]", R"({"id":"a","file":"../x","bytes":1})", R"({"id":"../a","file":"x","bytes":1})",
        R"({"id":"a","file":"x","bytes":-1})", R"({"id":"a","file":".x","bytes":1})"})
    EXPECT_FALSE(parse_manifest(wrong, "/d")) << wrong;
}

TEST(Manifest, SeesFilesThatAreCutGoneOrChanged) {
  const Scratch scratch;
  Manifest manifest;
  manifest.id = manifest.name = "m";
  manifest.file = scratch.path("m.gguf");
  write_file(manifest.file, "12345678");
  manifest.bytes = 8;
  manifest.sha256 = sha256_hex("12345678");
  EXPECT_TRUE(check_file(manifest)) << "not checked before, and right";
  write_file(manifest.file, "12345679");
  EXPECT_EQ(check_file(manifest).error().detail, "corrupt_file");
  write_file(manifest.file, "1234");
  EXPECT_EQ(check_file(manifest).error().detail, "cut_short");
  EXPECT_NE(check_file(manifest).error().message.find("4 of 8"), std::string::npos);
  std::filesystem::remove(manifest.file);
  EXPECT_EQ(check_file(manifest).error().detail, "missing");
}

TEST(Import, MakesAModelVisibleAndRemovesIt) {
  const Scratch scratch;
  const std::string folder = scratch.path("models");
  const auto manifest = import_model(small_gguf(scratch), "tiny", folder);
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->kind, Kind::chat);
  EXPECT_EQ(manifest->context_tokens, 1024);
  EXPECT_FALSE(manifest->answers_documents) << "far too small";
  EXPECT_TRUE(check_file(*manifest));
  EXPECT_EQ(import_model(scratch.path("small.gguf"), "tiny", folder).error().code, Code::conflict);
  EXPECT_EQ(import_model(scratch.path("small.gguf"), "No Good", folder).error().detail, "bad_name");
  write_file(scratch.path("cut.gguf"), read_file(scratch.path("small.gguf")).substr(0, 2000));
  EXPECT_EQ(import_model(scratch.path("cut.gguf"), "cut", folder).error().detail, "cut_short");
  EXPECT_EQ(read_manifests(folder).size(), 1U);
  EXPECT_TRUE(remove_model("tiny", folder));
  EXPECT_FALSE(remove_model("tiny", folder));
  EXPECT_FALSE(std::filesystem::exists(folder + "/tiny.gguf"));
  EXPECT_EQ(id_from_name("Qwen 3 (4B) é.gguf"), "qwen-3-4b-.gguf");
}

Installable from_url(const ScriptedServer& server, const std::string& sha256) {
  Installable out;
  out.model.id = "web-model";
  out.model.name = "Web model";
  out.from.url = server.url("/m.gguf");
  out.from.sha256 = sha256;
  out.download_bytes = 5000;
  return out;
}

TEST(Pull, FetchesChecksAndPublishes) {
  const Scratch scratch;
  const std::string bytes = read_file(small_gguf(scratch));
  ScriptedServer server([&](int fd, int) {
    ScriptedServer::read_request(fd);
    ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(bytes.size()) +
                                "\r\nconnection: close\r\n\r\n" + bytes);
  });
  const std::string folder = scratch.path("models");
  const auto wrong = pull_model(from_url(server, std::string(64, 'a')), folder);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().detail, "wrong_hash");
  EXPECT_TRUE(read_manifests(folder).empty()) << "nothing half-made is visible";
  EXPECT_FALSE(std::filesystem::exists(folder + "/web-model.gguf"));
  const auto right = pull_model(from_url(server, sha256_hex(bytes)), folder);
  ASSERT_TRUE(right) << right.error().message;
  EXPECT_EQ(read_file(folder + "/web-model.gguf"), bytes);
  EXPECT_FALSE(std::filesystem::exists(folder + "/.pull/web-model"));
}

TEST(Catalogue, JoinsConfigurationAndFolderAndStaysLive) {
  const Scratch scratch;
  Config config;
  ProviderConfig provider;
  provider.id = "cloud";
  provider.zone = "eu";
  config.providers.push_back(provider);
  ModelConfig model;
  model.id = "fast";
  model.provider = "cloud";
  model.upstream = "gpt";
  model.parameters_total = Range{1, 1.5};
  config.models.push_back(model);
  model = {};
  model.id = "g";
  model.provider = "other";
  config.models.push_back(model);
  model = {};
  model.id = "gone";
  model.provider = "local";
  model.file = scratch.path("nothing.gguf");
  config.models.push_back(model);
  const Catalogue catalogue(config, scratch.path("models"));
  const auto fast = catalogue.find("fast");
  ASSERT_TRUE(fast);
  EXPECT_EQ(fast->card.zone, "eu");
  EXPECT_EQ(fast->card.upstream, "gpt");
  EXPECT_TRUE(fast->card.ready);
  EXPECT_FALSE(fast->card.answers_documents) << "1.5 billion at most";
  EXPECT_FALSE(catalogue.find("g")->card.ready) << "its provider is not configured";
  EXPECT_EQ(catalogue.find("gone")->card.state, "missing");
  EXPECT_FALSE(catalogue.find("tiny"));

  ASSERT_TRUE(import_model(small_gguf(scratch), "tiny", scratch.path("models")));
  for (int i = 0; i < 150 && !catalogue.find("tiny"); ++i) std::this_thread::sleep_for(Millis(10));
  const auto tiny = catalogue.find("tiny");
  ASSERT_TRUE(tiny);
  EXPECT_EQ(tiny->card.zone, "walls");
  EXPECT_TRUE(tiny->card.local && tiny->card.ready);
  EXPECT_EQ(tiny->card.state, "stopped");
  EXPECT_EQ(catalogue.all().size(), 4U);
}

TEST(Installable, TheListIsComplete) {
  for (const auto& each : installable_models()) {
    EXPECT_TRUE(is_model_id(each.model.id));
    EXPECT_NE(each.from.package.empty(), each.from.url.empty()) << each.model.id;
    EXPECT_GT(each.download_bytes, 0U);
    if (!each.from.package.empty()) {
      EXPECT_EQ(each.from.sha256.size(), 64U);
      EXPECT_EQ(each.from.package_sha256.size(), 64U);
    }
  }
  EXPECT_FALSE(find_installable("smollm2-135m")->model.answers_documents);
  EXPECT_EQ(find_installable("nothing"), nullptr);
}

TEST(Commands, AnswerWithExitCodes) {
  const Scratch scratch;
  const Config config;
  EXPECT_EQ(model_command(config, scratch.path(), {}), 2);
  EXPECT_EQ(model_command(config, scratch.path(), {"dance"}), 2);
  EXPECT_EQ(model_command(config, scratch.path(), {"list"}), 0);
  EXPECT_EQ(model_command(config, scratch.path(), {"list", "--json"}), 0);
  EXPECT_EQ(model_command(config, scratch.path(), {"pull", "nothing"}), 1);
  EXPECT_EQ(model_command(config, scratch.path(), {"import", small_gguf(scratch), "--name", "tiny"}), 0);
  EXPECT_EQ(model_command(config, scratch.path(), {"remove", "tiny"}), 0);
  EXPECT_EQ(model_command(config, scratch.path(), {"remove", "tiny"}), 1);
}

}  // namespace
}  // namespace bastide::models
