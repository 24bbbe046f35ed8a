// The library on its store: states, replacing, deleting, the viewer, the sample.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/text.h"
#include "tests/storage/knowledge/fixture.h"

namespace bastide::knowledge {
namespace {
using test::House;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string telework = "# Télétravail\n\nUn agent peut télétravailler deux jours par semaine.";

class LibraryTest : public testing::Test {
 protected:
  LibraryTest() { house.library->start_workers(); }
  test::Folder folder;
  House house{folder.path};
  identity::Principal ana = House::person("ana");
  identity::Principal bob = House::person("bob");
};

TEST_F(LibraryTest, FromUploadToAnswer) {
  const auto collection = house.collection(ana, "RH", {"everyone"});
  const auto document = house.upload(ana, collection, "accord.txt", telework).value();
  house.settle(ana, collection);
  const auto view = house.library->document(ana, document.id).value();
  EXPECT_EQ(view.state, DocumentState::ready);
  EXPECT_EQ(view.progress, 1);
  EXPECT_EQ(view.title, "accord");
  EXPECT_EQ(view.collection_name, "RH");
  EXPECT_TRUE(view.searchable);
  EXPECT_EQ(view.label, "internal");
  const auto found = house.search(bob, "Combien de jours télétravailler par semaine ?");
  ASSERT_THAT(found.results, SizeIs(view.chunks));
  EXPECT_TRUE(found.supported);
  EXPECT_TRUE(found.dense_available);
  EXPECT_EQ(found.results[0].passage.document, document.id);
  EXPECT_EQ(found.results[0].lexical_rank, 1);
  EXPECT_EQ(found.results[0].dense_rank, 1);

  const auto content = house.library->content(bob, document.id, {found.results[0].passage.id, {}}).value();
  ASSERT_THAT(content.blocks, SizeIs(2));
  EXPECT_EQ(content.blocks[0].kind, "heading");
  ASSERT_TRUE(content.highlight);
  EXPECT_LT(content.highlight->start, content.highlight->end);

  // The words that were quoted, and nothing around them; what is not there marks the whole passage.
  const auto& paragraph = content.blocks[1];
  const std::string words = paragraph.text.substr(0, paragraph.text.find(' '));
  const auto exact =
      house.library->content(bob, document.id, {found.results[0].passage.id, words}).value().highlight;
  ASSERT_TRUE(exact);
  EXPECT_EQ(exact->start, paragraph.start);
  EXPECT_EQ(exact->end, paragraph.start + count_code_points(words));
  const auto other = house.library->content(bob, document.id, {found.results[0].passage.id, "Nulle part"});
  EXPECT_EQ(other.value().highlight->end, content.highlight->end);
}

TEST_F(LibraryTest, TheSameFileAgainChangesNothing) {
  const auto collection = house.collection(ana, "RH");
  const auto first = house.upload(ana, collection, "a.txt", telework).value();
  house.settle(ana, collection);
  const auto again = house.upload(ana, collection, "a.txt", telework).value();
  EXPECT_TRUE(again.unchanged);
  EXPECT_EQ(again.id, first.id);
}

TEST_F(LibraryTest, TheOldVersionIsSearchedUntilTheNewOneIsReady) {
  const auto collection = house.collection(ana, "RH");
  const auto first = house.upload(ana, collection, "a.txt", telework).value();
  house.settle(ana, collection);
  std::atomic<bool> go{false};
  house.before_parse = [&](const auto&) {
    while (!go) std::this_thread::sleep_for(Millis(5));
  };
  const auto second =
      house.upload(ana, collection, "a.txt", "Un agent peut télétravailler trois jours.").value();
  EXPECT_EQ(second.id, first.id);
  EXPECT_TRUE(second.replaced);
  const auto meanwhile = house.search(ana, "télétravailler jours");
  ASSERT_THAT(meanwhile.results, SizeIs(1));
  EXPECT_THAT(meanwhile.results[0].passage.text, HasSubstr("deux"));
  EXPECT_NE(house.library->document(ana, first.id)->state, DocumentState::ready);
  go = true;
  house.settle(ana, collection);
  const auto after = house.search(ana, "télétravailler jours");
  ASSERT_THAT(after.results, SizeIs(1));
  EXPECT_THAT(after.results[0].passage.text, HasSubstr("trois"));
  EXPECT_EQ(house.library->document(ana, first.id)->version, 2);
  // The old version's passage is gone for every door.
  EXPECT_EQ(house.library->content(ana, first.id, {meanwhile.results[0].passage.id, {}}).error().code,
            Code::not_found);
  // What was quoted of it is still found where the new text says the same.
  const auto kept =
      house.library->content(ana, first.id, {meanwhile.results[0].passage.id, "peut télétravailler"}).value();
  ASSERT_TRUE(kept.highlight);
  EXPECT_EQ(kept.highlight->start, kept.blocks[0].start + count_code_points("Un agent "));
}

TEST_F(LibraryTest, AReplacementThatFailsLeavesTheOldVersionSearched) {
  const auto collection = house.collection(ana, "RH");
  const auto id = house.upload(ana, collection, "a.txt", telework)->id;
  house.settle(ana, collection);
  ASSERT_TRUE(house.upload(ana, collection, "a.txt", "!password"));
  house.settle(ana, collection);
  const auto view = house.library->document(ana, id).value();
  EXPECT_EQ(view.state, DocumentState::failed);
  EXPECT_TRUE(view.searchable);
  ASSERT_TRUE(view.error);
  EXPECT_EQ(view.error->detail, "password_protected");
  EXPECT_FALSE(view.error->action.empty());
  EXPECT_THAT(house.search(ana, "télétravailler").results, SizeIs(1));
}

TEST_F(LibraryTest, DeletingCountsAtOnce) {
  const auto collection = house.collection(ana, "RH", {"everyone"});
  const auto id = house.upload(ana, collection, "a.txt", telework)->id;
  house.settle(ana, collection);
  const auto passage = house.search(bob, "télétravailler").results.at(0).passage.id;
  ASSERT_EQ(house.library->delete_document(bob, id).error().code, Code::forbidden);
  ASSERT_TRUE(house.library->delete_document(ana, id));
  const auto found = house.search(bob, "télétravailler");
  EXPECT_THAT(found.results, IsEmpty());
  EXPECT_EQ(found.searched, 0);
  for (const auto& who : {ana, bob}) {
    EXPECT_EQ(house.library->document(who, id).error().code, Code::not_found);
    EXPECT_EQ(house.library->content(who, id, {passage, {}}).error().code, Code::not_found);
    EXPECT_EQ(house.library->file(who, id).error().code, Code::not_found);
    EXPECT_EQ(house.library->page_png(who, id, 1, 300).error().code, Code::not_found);
  }
  // The bytes go in the background.
  bool there = true;
  for (int i = 0; i < 300 && there; ++i) {
    there = house.blobs->get(sha256_hex(telework), 1000).has_value();
    if (there) std::this_thread::sleep_for(Millis(20));
  }
  EXPECT_FALSE(there);
}

// The bytes of an upload arrive, the document that had the same bytes is purged, and only then is the upload
// entered.
TEST_F(LibraryTest, AnUploadKeepsItsBytesThroughThePurgeOfTheirLikes) {
  const auto collection = house.collection(ana, "RH", {"everyone"});
  const auto old = house.upload(ana, collection, "a.txt", telework)->id;
  house.settle(ana, collection);
  auto writer = std::move(house.blobs->create().value());
  ASSERT_TRUE(writer->write(telework));
  const auto blob = writer->commit().value();
  ASSERT_TRUE(house.library->delete_document(ana, old));
  std::int64_t jobs = 1;
  for (int i = 0; i < 500 && jobs > 0; ++i) {
    std::this_thread::sleep_for(Millis(20));
    jobs = house.database
               ->read([](storage::Connection& c) {
                 auto query = c.prepare("select count(*) from knowledge_job");
                 query.step();
                 return query.integer(0);
               })
               .value();
  }
  ASSERT_EQ(jobs, 0);
  Upload upload;
  upload.collection = collection;
  upload.name = "b.txt";
  upload.blob = blob;
  upload.bytes = static_cast<std::int64_t>(telework.size());
  const auto added = house.library->upload(ana, upload);
  ASSERT_TRUE(added) << added.error().message;
  writer.reset();
  house.settle(ana, collection);
  EXPECT_EQ(house.library->document(ana, added->id)->state, DocumentState::ready);
  EXPECT_THAT(house.search(bob, "télétravailler").results, SizeIs(1));
}

TEST_F(LibraryTest, BytesThatNobodyRefersToAreRemoved) {
  const auto collection = house.collection(ana, "RH", {"everyone"});
  house.upload(ana, collection, "a.txt", telework);
  const auto stray = house.blobs->put("of an upload that was killed").value();
  house.settle(ana, collection);
  std::vector<std::string> removed;
  for (const auto& blob : {sha256_hex(telework), stray})
    ASSERT_TRUE(house.store->remove_unused(blob, [&] { removed.push_back(blob); }));
  EXPECT_EQ(removed, std::vector{stray});
}

TEST_F(LibraryTest, DeletingACollectionTakesItsDocumentsAlong) {
  const auto collection = house.collection(ana, "RH", {"everyone"});
  const auto id = house.upload(ana, collection, "a.txt", telework)->id;
  house.settle(ana, collection);
  ASSERT_TRUE(house.library->delete_collection(ana, collection));
  EXPECT_THAT(house.search(bob, "télétravailler").results, IsEmpty());
  EXPECT_FALSE(house.library->document(ana, id));
  EXPECT_EQ(sync_wait(house.library->search(ana, "x", {collection}, 5)).error().code, Code::not_found);
}

TEST_F(LibraryTest, CountsByStateAreOfWhatOneMayRead) {
  const auto collection = house.collection(ana, "RH", {"everyone"});
  ASSERT_TRUE(house.upload(ana, collection, "a.txt", telework));
  ASSERT_TRUE(house.upload(ana, collection, "b.txt", telework + " Oui.", std::vector<std::string>{"p:ana"}));
  ASSERT_TRUE(house.upload(ana, collection, "c.txt", "!password"));
  house.settle(ana, collection);
  auto mine = house.library->count_documents(ana, collection).value();
  EXPECT_EQ(mine[DocumentState::ready], 2);
  EXPECT_EQ(mine[DocumentState::failed], 1);
  EXPECT_EQ(mine[DocumentState::queued], 0);
  EXPECT_EQ(mine.size(), 5U);
  auto others = house.library->count_documents(bob, collection).value();
  EXPECT_EQ(others[DocumentState::ready], 1);
  EXPECT_EQ(house.library->count_documents(bob, "col_none").error().code, Code::not_found);
}

TEST_F(LibraryTest, WhatOnlyARemovedPersonReadIsErased) {
  const auto own = house.collection(ana, "À moi");
  const auto shared = house.collection(ana, "RH", {"everyone"});
  ASSERT_TRUE(house.upload(ana, own, "a.txt", telework));
  house.settle(ana, own);
  EXPECT_EQ(house.library->erase_person(bob, "ana").error().code, Code::forbidden);
  const auto admin = House::person("root", {}, identity::Role::admin);
  EXPECT_EQ(house.library->erase_person(admin, "ana"), 1);
  EXPECT_EQ(house.library->collection(ana, own).error().code, Code::not_found);
  EXPECT_TRUE(house.library->collection(ana, shared));
}

TEST_F(LibraryTest, FailuresAreTriedAgainThenTold) {
  const auto collection = house.collection(ana, "RH");
  std::atomic<int> tries{0};
  house.before_parse = [&](const auto&) { ++tries; };
  const auto id = house.upload(ana, collection, "a.txt", "!password")->id;
  house.settle(ana, collection);
  EXPECT_EQ(tries, 1) << "a password does not go away";
  EXPECT_EQ(house.library->document(ana, id)->state, DocumentState::failed);
  ASSERT_TRUE(house.library->retry_document(ana, id));
  house.settle(ana, collection);
  EXPECT_EQ(tries, 2);
  EXPECT_EQ(house.library->retry_document(bob, id).error().code, Code::not_found);
}

TEST_F(LibraryTest, WithoutAModelThereAreWordsAndVectorsComeLater) {
  house.models.ready = false;
  const auto collection = house.collection(ana, "RH");
  ASSERT_TRUE(house.upload(ana, collection, "a.txt", telework));
  house.settle(ana, collection);
  auto found = house.search(ana, "télétravailler deux jours par semaine");
  EXPECT_FALSE(found.dense_available);
  ASSERT_THAT(found.results, SizeIs(1));
  EXPECT_EQ(found.results[0].passage.cosine, 0);
  house.models.ready = true;
  ASSERT_GT(house.store->queue_missing_vectors("e5-small", now_ms()).value(), 0);
  for (int i = 0; i < 300 && !found.dense_available; ++i) {
    std::this_thread::sleep_for(Millis(20));
    found = house.search(ana, "télétravailler deux jours par semaine");
  }
  EXPECT_TRUE(found.dense_available);
}

TEST_F(LibraryTest, NothingNearIsNotSupported) {
  const auto collection = house.collection(ana, "RH");
  ASSERT_TRUE(house.upload(ana, collection, "a.txt", telework));
  house.settle(ana, collection);
  const auto retrieval =
      sync_wait(house.library->retrieve(ana, "Quelle est la capitale de la Mongolie ?", {collection}, 5))
          .value();
  EXPECT_FALSE(retrieval.supported);
  EXPECT_EQ(retrieval.reason, "too_far");
  EXPECT_THAT(retrieval.passages, IsEmpty());
  EXPECT_EQ(retrieval.searched, 1);
  const auto empty = house.collection(ana, "Vide");
  EXPECT_EQ(sync_wait(house.library->retrieve(ana, "Bonjour ?", {empty}, 5))->reason, "empty_collection");
  EXPECT_EQ(sync_wait(house.library->search(ana, "  ", {}, 5)).error().code, Code::invalid);
}

TEST_F(LibraryTest, ListsPageByKeyAndFilter) {
  const auto collection = house.collection(ana, "RH");
  for (int i = 0; i < 7; ++i)
    ASSERT_TRUE(
        house.upload(ana, collection, "note " + std::to_string(i) + ".txt", "texte " + std::to_string(i)));
  std::vector<std::string> names;
  std::string after;
  for (;;) {
    const auto page =
        house.library->documents(ana, collection, {.q = {}, .after = after, .limit = 3}).value();
    for (const auto& item : page.items) names.push_back(item.name);
    if (!page.next) break;
    after = *page.next;
  }
  EXPECT_THAT(names, SizeIs(7));
  EXPECT_THAT(house.library->documents(ana, collection, {.q = "NOTE 3", .after = {}, .limit = 3})->items,
              SizeIs(1));
  EXPECT_THAT(house.library->documents(ana, collection, {.q = "100%", .after = {}, .limit = 3})->items,
              IsEmpty());
  house.settle(ana, collection);

  // By name and by title.
  ASSERT_TRUE(house.upload(ana, collection, "r3.txt", "!title Règlement intérieur\n\nDeux jours."));
  house.settle(ana, collection);
  for (const std::string q : {"reglement", "R3.TXT"})
    EXPECT_THAT(house.library->documents(ana, collection, {.q = q, .after = {}, .limit = 3})->items,
                SizeIs(1))
        << q;
}

TEST_F(LibraryTest, LabelsJoin) {
  const auto collection = house.collection(ana, "RH");
  const auto id = house.upload(ana, collection, "a.txt", telework, {}, "secret")->id;
  EXPECT_EQ(house.upload(ana, collection, "b.txt", telework, {}, "unknown").error().code, Code::invalid);
  house.settle(ana, collection);
  EXPECT_EQ(house.library->document(ana, id)->label, "secret");
  EXPECT_EQ(house.search(ana, "télétravailler").results.at(0).passage.label, "secret");
  ASSERT_TRUE(house.library->change_collection(ana, collection,
                                               {.name = {}, .label = "confidential", .readers = {}}));
  EXPECT_EQ(house.search(ana, "télétravailler").results.at(0).passage.label, "secret");
}

TEST_F(LibraryTest, AddsFoldersFromTheCommandLine) {
  const auto source = folder.path + "/source";
  std::filesystem::create_directories(source + "/sub/.git");
  std::ofstream(source + "/a.txt") << telework;
  std::ofstream(source + "/sub/b.txt") << "La piscine ouvre à midi.";
  std::ofstream(source + "/sub/.git/c.txt") << "caché";
  std::ofstream(source + "/locked.txt") << "!password";
  auto operator_ = House::person("root", {}, identity::Role::admin);
  operator_.via = identity::Via::command;
  std::map<std::string, std::string> last;
  std::size_t done = 0;
  const auto added = house.library->add_paths(operator_, "Dossier", {source, folder.path + "/nowhere"},
                                              Library::Wait::for_ready, [&](const AddProgress& progress) {
                                                last[progress.path] = progress.state;
                                                done = progress.done;
                                              });
  ASSERT_TRUE(added);
  EXPECT_EQ(last[source + "/a.txt"], "ready");
  EXPECT_EQ(last[source + "/sub/b.txt"], "ready");
  EXPECT_EQ(last[source + "/locked.txt"], "failed");
  EXPECT_EQ(last[folder.path + "/nowhere"], "skipped");
  EXPECT_EQ(last.size(), 4U);
  EXPECT_EQ(done, 3U);
  EXPECT_FALSE(house.library->add_paths(operator_, "Dossier", {folder.path + "/nowhere"},
                                        Library::Wait::for_ready, [](const AddProgress&) {}));
}

TEST_F(LibraryTest, TheSampleLoadsOnce) {
  EXPECT_EQ(house.library->sample(ana)->state, "absent");
  const auto loading = house.library->load_sample(ana).value();
  ASSERT_TRUE(loading.collection);
  EXPECT_GE(loading.questions.size(), 6U);
  ASSERT_TRUE(house.library->load_sample(bob));
  house.settle(ana, *loading.collection);
  EXPECT_EQ(house.library->sample(bob)->state, "ready");
  const auto documents =
      house.library->documents(bob, *loading.collection, {.q = {}, .after = {}, .limit = 50})->items;
  EXPECT_GE(documents.size(), 12U);
  EXPECT_EQ(house.library->collection(bob, *loading.collection)->documents,
            static_cast<std::int64_t>(documents.size()));
}

}  // namespace
}  // namespace bastide::knowledge
