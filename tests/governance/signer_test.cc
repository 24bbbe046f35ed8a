#include "governance/signer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/json.h"
#include "governance/notice.h"

namespace bastide::governance {
namespace {

class SignerFile : public testing::Test {
 protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() / ("bastide_signer_" + hex(random_bytes(6)));
    path = (folder / "keys" / "audit.key").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::filesystem::path folder;
  std::string path;
};

TEST_F(SignerFile, IsMadeOnceAndOnlyForItsOwner) {
  auto first = Signer::open(path);
  ASSERT_TRUE(first) << first.error().message;
  auto second = Signer::open(path);
  ASSERT_TRUE(second);
  EXPECT_EQ(first->verifier().text(), second->verifier().text());
  struct stat about{};
  ASSERT_EQ(::stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "keys"), {}), 1);
}

TEST_F(SignerFile, TwoAtOnceAgree) {
  std::vector<std::string> keys(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < keys.size(); ++i)
    threads.emplace_back([&, i] { keys[i] = Signer::open(path)->verifier().text(); });
  for (auto& thread : threads) thread.join();
  for (const auto& key : keys) EXPECT_EQ(key, keys[0]);
}

TEST_F(SignerFile, ADamagedKeyIsSaid) {
  std::filesystem::create_directories(folder / "keys");
  std::ofstream(path) << "PRIVATE+KEY+a+00000000+AQID\n";
  auto opened = Signer::open(path);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::corrupt);
  EXPECT_FALSE(opened.error().action.empty());
}

TEST(Notes, AreSignedAndRead) {
  const Signer signer("test-log", std::string(32, 's'));
  const CheckpointText made{"test-log", 42, sha256("root"), "2026-11-22T09:00:00.000Z"};
  const auto note = signer.sign_note(checkpoint_text(made));
  const auto verifier = Verifier::parse(signer.verifier().text());
  ASSERT_TRUE(verifier);
  const auto text = verifier->open_note(note);
  ASSERT_TRUE(text);
  const auto read = parse_checkpoint(*text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size, 42);
  EXPECT_EQ(read->root, made.root);
  for (std::size_t i = 0; i < note.size(); ++i) {
    auto bad = note;
    bad[i] = static_cast<char>(bad[i] ^ 0x04);
    EXPECT_FALSE(verifier->open_note(bad) == *text) << i;
  }
  const Signer other("test-log", std::string(32, 'o'));
  EXPECT_FALSE(other.verifier().open_note(note));
  EXPECT_FALSE(verifier->open_note(""));
  EXPECT_FALSE(parse_checkpoint("a\n-1\nAA==\n"));
}

// The example of the signed-note specification's Go implementation (golang.org/x/mod/sumdb/note).
TEST(Notes, AreThoseThatOthersRead) {
  const auto verifier = Verifier::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  ASSERT_TRUE(verifier);
  const std::string text =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const std::string note =
      text +
      "\n\xe2\x80\x94 PeterNeumann "
      "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  const auto opened = verifier->open_note(note);
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, text);
}

TEST(NoticeText, IsThereInBothLanguages) {
  EXPECT_EQ(notice("fr-CA").language, "fr");
  EXPECT_EQ(notice("de").language, "en");
  EXPECT_NE(notice("fr").title.find("intelligence artificielle"), std::string_view::npos);
  EXPECT_NE(notice("en").title.find("artificial intelligence"), std::string_view::npos);
  EXPECT_GE(notice("en").version, 1);
}

TEST(Marks, AreMachineReadableAndSigned) {
  const Signer signer("test-log", std::string(32, 's'));
  const Mark mark{"fast", "exc_1", 1'795'348'800'000};
  const auto plain = *parse_json(mark_json(mark));
  EXPECT_EQ(plain.at("generated"), true);
  EXPECT_EQ(plain.at("model"), "fast");
  EXPECT_EQ(plain.at("time"), "2026-11-22T12:00:00.000Z");
  const auto text = signed_mark_json(mark, "An answer.", signer);
  const auto json = *parse_json(text);
  EXPECT_EQ(json.at("sha256"), sha256_hex("An answer."));
  const auto unsigned_part = text.substr(0, text.find(",\"key\"")) + "}";
  const auto signature = *unbase64(json.at("signature").get<std::string>());
  EXPECT_TRUE(Verifier::parse(json.at("key").get<std::string>())->verify(unsigned_part, signature));
  EXPECT_FALSE(signer.verifier().verify(unsigned_part + " ", signature));
}

}  // namespace
}  // namespace bastide::governance
