#include "app/erasure.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "app/commands.h"
#include "app/program.h"
#include "base/task.h"
#include "storage/sqlite/database.h"

namespace bastide::app {
namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/bastide-erasure-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

class Erasure : public testing::Test {
 protected:
  Erasure() {
    program = std::move(Program::open(default_config(), folder.path).value());
    ana = add("ana@example.org", identity::Role::admin);
    bob = add("bob@example.org", identity::Role::member);
  }

  identity::Principal add(const std::string& email, identity::Role role) {
    identity::NewPerson wish;
    wish.email = email;
    wish.role = role;
    wish.password = "une phrase de passe assez longue";
    auto& identity = program->identity();
    EXPECT_TRUE(identity.add_person(identity.command_line(), wish));
    return identity.act_as(email).value();
  }
  std::string conversation_of(const identity::Principal& who, const std::string& id) {
    EXPECT_TRUE(program->chat().store().create({id, "default", who.person, "Titre", 1, 1, "", "", "{}"}));
    auto rooms = program->erasure();
    EXPECT_TRUE(rooms.pseudonyms.save(id, who.person, "sealed", 0));
    EXPECT_TRUE(rooms.keys.key_of(who.person));
    EXPECT_TRUE(sync_wait(program->audit().keep("ex_" + id, who.person, R"({"id":1})")));
    return id;
  }
  std::string response_of(const identity::Principal& who, const std::string& id) {
    auto rooms = program->erasure();
    auto call = dialects::read_responses_call(R"({"input":"Bonjour"})");
    auto begun = sync_wait(rooms.responses.begin(who.person, std::move(*call)));
    EXPECT_TRUE(sync_wait(rooms.responses.keep(who.person, *begun, {.id = id}, {})));
    return "resp_" + id;
  }
  auto found_response(const identity::Principal& who, const std::string& id) {
    return sync_wait(program->erasure().responses.find(who.person, id, responses::Responses::Sealed::hidden));
  }
  files::StoredFile file_of(const identity::Principal& who) {
    auto& files = program->erasure().files;
    auto incoming = files.create().value();
    EXPECT_TRUE(incoming->write("words"));
    return files.keep(*incoming, {who.person, "in.jsonl", "", "batch"}).value();
  }
  std::string batch_of(const identity::Principal& who, const std::string& file) {
    return sync_wait(program->batches().accept(who, "en", {"openai", "/v1/embeddings", file})).value().id;
  }
  std::string collection_of(const identity::Principal& who, std::vector<std::string> readers) {
    return program->library()
        .create_collection(who,
                           {.name = "c" + std::to_string(readers.size()), .label = {}, .readers = readers})
        .value();
  }

  Folder folder;
  std::unique_ptr<Program> program;
  identity::Principal ana, bob;
};

TEST_F(Erasure, LeavesNothingOfAPersonButHashes) {
  conversation_of(bob, "cnv_bob");
  conversation_of(ana, "cnv_ana");
  const auto response_of_bob = response_of(bob, "ex_bob");
  const auto response_of_ana = response_of(ana, "ex_ana");
  const auto file_of_bob = file_of(bob), file_of_ana = file_of(ana);
  const auto batch_of_bob = batch_of(bob, file_of_bob.id), batch_of_ana = batch_of(ana, file_of_ana.id);
  const auto own = collection_of(bob, {});
  const auto shared = collection_of(bob, {"everyone"});
  auto rooms = program->erasure();

  EXPECT_EQ(erase_person(rooms, bob, ana.person).error().code, Code::forbidden);
  const auto erased = erase_person(rooms, ana, bob.person);
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_EQ(erased->conversations, 1);
  EXPECT_EQ(erased->responses, 1);
  EXPECT_EQ(erased->batches, 1);
  EXPECT_EQ(erased->files, 1);
  EXPECT_EQ(erased->collections, 1);
  EXPECT_EQ(erased->receipts, 1);

  EXPECT_EQ(program->identity().act_as("bob@example.org").error().code, Code::not_found);
  EXPECT_EQ(program->chat().store().find("cnv_bob", bob.person).error().code, Code::not_found);
  EXPECT_EQ(rooms.pseudonyms.load("cnv_bob")->version, 0);
  EXPECT_EQ(rooms.keys.key_of(bob.person).error().detail, "key_destroyed");
  EXPECT_EQ(program->audit().receipt("ex_cnv_bob", ana).error().detail, "receipt_erased");
  EXPECT_FALSE(program->library().collection(ana, own));
  EXPECT_TRUE(program->library().collection(ana, shared));
  EXPECT_FALSE(found_response(bob, response_of_bob));
  EXPECT_FALSE(rooms.files.find(file_of_bob.id, bob.person));
  EXPECT_EQ(rooms.files.open(file_of_bob).error().code, Code::not_found) << "the bytes";
  EXPECT_FALSE(sync_wait(program->batches().find(bob.person, batch_of_bob)));
  // Others' are untouched.
  EXPECT_TRUE(rooms.files.open(file_of_ana));
  EXPECT_TRUE(sync_wait(program->batches().find(ana.person, batch_of_ana)));
  EXPECT_TRUE(found_response(ana, response_of_ana));
  EXPECT_TRUE(program->chat().store().find("cnv_ana", ana.person));
  EXPECT_EQ(rooms.pseudonyms.load("cnv_ana")->version, 1);
  EXPECT_TRUE(program->audit().receipt("ex_cnv_ana", ana));

  EXPECT_EQ(erase_person(rooms, ana, bob.person).error().code, Code::not_found);
  EXPECT_EQ(erase_person(rooms, ana, ana.person).error().detail, "last_admin");
  program.reset();
  EXPECT_EQ(audit_verify_command({"", folder.path}), 0);
}

TEST_F(Erasure, TheCommandFindsThePersonByEMail) {
  conversation_of(bob, "cnv_bob");
  EXPECT_EQ(user_remove_command({"", folder.path}, "nobody@example.org"), 1);
  EXPECT_EQ(user_remove_command({"", folder.path}, "bob@example.org"), 0);
  EXPECT_EQ(program->chat().store().find("cnv_bob", bob.person).error().code, Code::not_found);
}

std::int64_t entries(const std::string& data, const std::string& kind) {
  auto database = std::move(storage::Database::open(data + "/bastide.db").value());
  return database
      ->read([&](storage::Connection& c) {
        auto query = c.prepare("select count(*) from log_entry where kind = ?");
        query.bind_all(kind);
        query.step();
        return query.integer(0);
      })
      .value();
}

TEST_F(Erasure, BackupAndRestoreStandInTheLog) {
  Folder other;
  ASSERT_EQ(backup_command({"", folder.path}, other.path + "/copy"), 0);
  EXPECT_EQ(entries(folder.path, "backup_made"), 1);
  ASSERT_EQ(restore_command({"", other.path + "/data"}, other.path + "/copy"), 0);
  EXPECT_EQ(entries(other.path + "/data", "backup_restored"), 1);
  EXPECT_EQ(audit_verify_command({"", other.path + "/data"}), 0);
}

}  // namespace
}  // namespace bastide::app
