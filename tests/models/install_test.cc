#include "models/install/install.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <algorithm>
#include <mutex>

#include "base/crypto.h"
#include "models/catalogue/catalogue.h"
#include "models/gguf/writer.h"
#include "models/install/commands.h"
#include "models/install/s3_signature.h"
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
  manifest.keep_loaded = true;
  manifest.query_prefix = "query: ";
  manifest.answers_documents = false;
  manifest.parameters_total = {1, 2};
  Speed speed;
  speed.at = "2026-11-22T10:00:00Z";
  speed.machine = "A machine";
  speed.one_answer = 12.5;
  speed.wh = 0.25;
  speed.energy = "RAPL";
  manifest.speed = speed;
  const auto read = parse_manifest(to_json(manifest), "/data/models");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->file, "/data/models/a-model.gguf");
  EXPECT_EQ(read->name, manifest.name);
  EXPECT_EQ(read->kind, Kind::embedding);
  EXPECT_TRUE(read->keep_loaded);
  EXPECT_EQ(read->query_prefix, "query: ");
  EXPECT_FALSE(read->answers_documents);
  EXPECT_EQ(read->parameters_total.high, 2);
  ASSERT_TRUE(read->speed);
  EXPECT_EQ(read->speed->at, manifest.speed->at);
  EXPECT_EQ(read->speed->machine, "A machine");
  EXPECT_EQ(read->speed->one_answer, 12.5);
  EXPECT_EQ(read->speed->wh, 0.25);
  EXPECT_EQ(read->speed->energy, "RAPL");
  const auto odd =
      parse_manifest(R"({"id":"a","file":"x","bytes":1,"speed":{"one_answer_tokens_per_s":"9"}})", "/d");
  ASSERT_TRUE(odd);
  EXPECT_FALSE(odd->speed) << "no speed";
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
  const auto manifest = import_model({small_gguf(scratch), "tiny"}, folder);
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->kind, Kind::chat);
  EXPECT_EQ(manifest->context_tokens, 1024);
  EXPECT_FALSE(manifest->answers_documents) << "far too small";
  EXPECT_TRUE(check_file(*manifest));
  EXPECT_EQ(import_model({scratch.path("small.gguf"), "tiny"}, folder).error().code, Code::conflict);
  EXPECT_EQ(import_model({scratch.path("small.gguf"), "No Good"}, folder).error().detail, "bad_name");
  write_file(scratch.path("cut.gguf"), read_file(scratch.path("small.gguf")).substr(0, 2000));
  EXPECT_EQ(import_model({scratch.path("cut.gguf"), "cut"}, folder).error().detail, "cut_short");
  EXPECT_EQ(read_manifests(folder).size(), 1U);
  EXPECT_TRUE(keep_model("tiny", Keep::loaded, folder));
  EXPECT_TRUE(read_manifests(folder).front().keep_loaded);
  EXPECT_TRUE(keep_model("tiny", Keep::while_called, folder));
  EXPECT_FALSE(read_manifests(folder).front().keep_loaded);
  EXPECT_EQ(keep_model("huge", Keep::loaded, folder).error().code, Code::not_found);
  EXPECT_TRUE(remove_model("tiny", folder));
  EXPECT_FALSE(remove_model("tiny", folder));
  EXPECT_FALSE(std::filesystem::exists(folder + "/tiny.gguf"));
  EXPECT_EQ(id_from_name("Qwen 3 (4B) é.gguf"), "qwen-3-4b-.gguf");
}

Installable from_url(const ScriptedServer& server, const std::string& sha256) {
  Installable out;
  out.model.id = "web-model";
  out.model.name = "Web model";
  PullSource source;
  source.url = server.url("/m.gguf");
  source.sha256 = sha256;
  out.from = {source};
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
  const auto wrong = pull_model(from_url(server, std::string(64, 'a')), folder, *tell_person());
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().detail, "wrong_hash");
  EXPECT_TRUE(read_manifests(folder).empty()) << "nothing half-made is visible";
  EXPECT_FALSE(std::filesystem::exists(folder + "/web-model.gguf"));
  const auto right = pull_model(from_url(server, sha256_hex(bytes)), folder, *tell_person());
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
  EXPECT_EQ(catalogue.find("gone")->card.state_error->detail, "file_missing") << "no list has it";
  EXPECT_FALSE(catalogue.find("tiny"));

  ASSERT_TRUE(import_model({small_gguf(scratch), "tiny"}, scratch.path("models")));
  for (int i = 0; i < 150 && !catalogue.find("tiny"); ++i) std::this_thread::sleep_for(Millis(10));
  const auto tiny = catalogue.find("tiny");
  ASSERT_TRUE(tiny);
  EXPECT_EQ(tiny->card.zone, "walls");
  EXPECT_TRUE(tiny->card.local && tiny->card.ready);
  EXPECT_EQ(tiny->card.state, "stopped");
  EXPECT_EQ(catalogue.all().size(), 4U);
}

TEST(Pull, TriesOneSourceAfterTheOther) {
  const Scratch scratch;
  const std::string bytes = read_file(small_gguf(scratch));
  std::vector<std::string> asked;
  std::mutex mutex;
  ScriptedServer server([&](int fd, int) {
    const auto request = ScriptedServer::read_request(fd);
    {
      const std::lock_guard lock(mutex);
      asked.push_back(request.substr(0, request.find(" HTTP")));
    }
    if (request.starts_with("GET /gone"))
      ScriptedServer::say(fd, "HTTP/1.1 404 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    else if (request.starts_with("GET /other"))
      ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nother");
    else
      ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(bytes.size()) +
                                  "\r\nconnection: close\r\n\r\n" + bytes);
  });
  auto model = from_url(server, sha256_hex(bytes));
  const auto right = model.from.front();
  PullSource gone, other, missing;
  gone.url = server.url("/gone");
  other.url = server.url("/other");
  other.sha256 = right.sha256;
  missing.file = scratch.path("missing.gguf");
  model.from = {gone, missing, other, right};
  const auto pulled = pull_model(model, scratch.path("models"), *tell_person());
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(asked, (std::vector<std::string>{"GET /gone", "GET /other", "GET /m.gguf"}));
  EXPECT_EQ(pulled->source, right.url);
  model.from = {gone, missing};
  const auto none = pull_model(model, scratch.path("others"), *tell_person());
  ASSERT_FALSE(none);
  EXPECT_TRUE(read_manifests(scratch.path("others")).empty());
}

TEST(Pull, TakesAFileThatIsThere) {
  const Scratch scratch;
  Installable model;
  model.model.id = model.model.name = "shared";
  PullSource source;
  source.file = small_gguf(scratch);
  source.sha256 = sha256_hex(read_file(source.file));
  model.from = {source};
  ASSERT_TRUE(pull_model(model, scratch.path("models"), *tell_person()));
  EXPECT_TRUE(std::filesystem::exists(source.file)) << "it is copied, not moved";
  model.from.front().sha256 = std::string(64, 'a');
  EXPECT_EQ(pull_model(model, scratch.path("others"), *tell_person()).error().detail, "wrong_hash");
}

TEST(Pull, SignsForABucketAndGoesOnWhereItWasCut) {
  const Scratch scratch;
  const std::string bytes = read_file(small_gguf(scratch));
  std::vector<std::string> requests;
  std::mutex mutex;
  ScriptedServer server([&](int fd, int number) {
    const auto request = ScriptedServer::read_request(fd);
    {
      const std::lock_guard lock(mutex);
      requests.push_back(request);
    }
    const auto half = bytes.size() / 2;
    const auto range = "content-range: bytes " + std::to_string(half) + "-" +
                       std::to_string(bytes.size() - 1) + "/" + std::to_string(bytes.size());
    if (number == 0)  // cut in the middle
      ScriptedServer::say(fd, "HTTP/1.1 200 OK\r\netag: \"v1\"\r\ncontent-length: " +
                                  std::to_string(bytes.size()) + "\r\n\r\n" + bytes.substr(0, half));
    else
      ScriptedServer::say(
          fd, "HTTP/1.1 206 OK\r\netag: \"v1\"\r\ncontent-length: " + std::to_string(bytes.size() - half) +
                  "\r\n" + range + "\r\nconnection: close\r\n\r\n" + bytes.substr(half));
  });
  auto model = from_url(server, sha256_hex(bytes));
  model.from.front().url = server.url("/models/m.gguf");
  model.from.front().s3 = PullSource::S3{"BASTIDE_TEST_KEY_ID", {}, {}, scratch.path("secret"), "eu-west-3"};
  const auto without = pull_model(model, scratch.path("models"), *tell_person());
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().detail, "no_secret");
  ::setenv("BASTIDE_TEST_KEY_ID", "AKIDEXAMPLE", 1);
  write_file(scratch.path("secret"), "hidden\n");
  const auto pulled = pull_model(model, scratch.path("models"), *tell_person());
  ::unsetenv("BASTIDE_TEST_KEY_ID");
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(read_file(pulled->file), bytes);
  ASSERT_EQ(requests.size(), 2U);
  for (const auto& request : requests) {
    EXPECT_NE(request.find("authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), std::string::npos)
        << request;
    EXPECT_NE(request.find("/eu-west-3/s3/aws4_request"), std::string::npos);
    EXPECT_EQ(request.find("hidden"), std::string::npos);
  }
  EXPECT_NE(requests[1].find("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date"), std::string::npos);
}

// The example of the service's own documentation: docs.aws.amazon.com, "Signature Calculations for the
// Authorization Header", GET Object.
TEST(S3Signature, IsThatOfTheDocumentation) {
  const S3Keys keys{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
  const auto headers =
      sign_s3_get("https://examplebucket.s3.amazonaws.com/test.txt", "bytes=0-9", keys, 1369353600000);
  ASSERT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers[1].value, "20130524T000000Z");
  EXPECT_EQ(headers[2].value,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(Installable, TheListIsComplete) {
  for (const auto& each : installable_models()) {
    EXPECT_TRUE(is_model_id(each.model.id));
    EXPECT_GT(each.download_bytes, 0U);
    EXPECT_GT(each.memory_bytes, each.download_bytes) << each.model.id;
    EXPECT_FALSE(each.family.empty());
    ASSERT_FALSE(each.from.empty());
    for (const auto& source : each.from) {
      EXPECT_NE(source.package.empty(), source.url.empty()) << each.model.id;
      if (!source.package.empty()) EXPECT_EQ(source.sha256.size(), 64U);
    }
  }
}

TEST(Installable, TheOrganisationsListGoesFirst) {
  const Scratch scratch;
  EXPECT_EQ(installable_models(scratch.path())->size(), installable_models().size());
  write_file(scratch.path("catalogue.json"), R"([
    {"id": "qwen3-4b", "sources": [{"bucket": "models", "key": "qwen3-4b.gguf", "endpoint": "https://s3.example/",
      "key_id_env": "K", "secret_env": "S"}, {"path": "/mnt/models/qwen3-4b.gguf"}]},
    {"id": "ours", "name": "Ours", "kind": "chat", "capabilities": ["chat"], "languages": ["fr"], "licence": "own",
     "context_tokens": 4096, "parameters_total": [1, 1], "parameters_active": [1, 1], "download_bytes": 7,
     "sources": [{"url": "https://user:hidden@models.example/ours.gguf?token=hidden"}]}])");
  const auto all = installable_models(scratch.path());
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->size(), installable_models().size() + 1);
  const auto qwen =
      std::ranges::find(*all, "qwen3-4b", [](const Installable& each) { return each.model.id; });
  ASSERT_EQ(qwen->from.size(), 3U);
  EXPECT_EQ(qwen->from[0].url, "https://s3.example/models/qwen3-4b.gguf");
  EXPECT_EQ(qwen->from[1].name(), "/mnt/models/qwen3-4b.gguf");
  EXPECT_TRUE(qwen->from[2].url.ends_with("Qwen3-4B-Q4_K_M.gguf"));
  EXPECT_EQ(all->back().from[0].name(), "https://models.example/ours.gguf") << "nothing that may be secret";
  for (const char* wrong : {"", "{}", "[7]", R"([{"id": "qwen3-4b"}])", R"([{"id": "new", "sources": []}])",
                            R"([{"id": "qwen3-4b", "sources": [{"url": "ftp://x/y"}]}])",
                            R"([{"id": "qwen3-4b", "sources": [{"package": "p==1"}]}])"}) {
    write_file(scratch.path("catalogue.json"), wrong);
    const auto read = installable_models(scratch.path());
    ASSERT_FALSE(read) << wrong;
    EXPECT_EQ(read.error().detail, "bad_catalogue");
  }
}

TEST(Commands, AnswerWithExitCodes) {
  const Scratch scratch;
  const Config config;
  EXPECT_EQ(model_command(config, scratch.path(), {}), 2);
  EXPECT_EQ(model_command(config, scratch.path(), {"dance"}), 2);
  EXPECT_EQ(model_command(config, scratch.path(), {"list"}), 0);
  EXPECT_EQ(model_command(config, scratch.path(), {"list", "--json"}), 0);
  EXPECT_EQ(model_command(config, scratch.path(), {"list", "--available", "--json"}), 0);
  EXPECT_EQ(model_command(config, scratch.path(), {"list", "--avail"}), 2);
  EXPECT_EQ(model_command(config, scratch.path(), {"pull", "nothing"}), 1);
  EXPECT_EQ(model_command(config, scratch.path(), {"import", small_gguf(scratch), "--name", "tiny"}), 0);
  EXPECT_EQ(model_command(config, scratch.path(), {"remove", "tiny"}), 0);
  EXPECT_EQ(model_command(config, scratch.path(), {"remove", "tiny"}), 1);
}

}  // namespace
}  // namespace bastide::models
