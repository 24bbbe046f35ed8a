#include "app/erasure.h"

#include <optional>
#include <string>

#include "base/json.h"

namespace bastide::app {

Result<Erased> erase_person(const ErasureRooms& rooms, const identity::Principal& actor,
                            std::string_view person) {
  Erased erased;
  // Nobody works under the account while it is taken apart. Also says who may do this, and to whom.
  auto shut = rooms.identity.update_person(actor, person, std::nullopt, true);
  if (!shut) return pass(shut);
  auto conversations = rooms.chat.remove_all(person);
  if (!conversations) return pass(conversations);
  erased.conversations = *conversations;
  rooms.background.drop_all(person);
  auto responses = rooms.responses.remove_all(person);
  if (!responses) return pass(responses);
  erased.responses = *responses;
  auto batches = rooms.batches.remove_all(person);
  if (!batches) return pass(batches);
  erased.batches = *batches;
  if (auto done = rooms.pseudonyms.forget_person(person); !done) return pass(done);
  auto collections = rooms.library.erase_person(actor, std::string(person));
  if (!collections) return pass(collections);
  erased.collections = *collections;
  if (auto done = rooms.notices.remove_all(person); !done) return pass(done);
  auto receipts = rooms.audit.forget(person);
  if (!receipts) return pass(receipts);
  erased.receipts = *receipts;
  // After all that may still have written one.
  auto files = rooms.files.remove_all(person);
  if (!files) return pass(files);
  erased.files = *files;
  if (auto done = rooms.keys.destroy(person); !done) return pass(done);
  rooms.models.forget_beginnings();  // nobody knows whose they are: all of them
  // The account goes last: as long as it is there, what is above can be done again.
  JsonWriter json;
  json.object()
      .field("conversations", erased.conversations)
      .field("responses", erased.responses)
      .field("batches", erased.batches)
      .field("files", erased.files)
      .field("collections", erased.collections)
      .field("receipts", erased.receipts)
      .end();
  auto noted = rooms.audit.append("person_removed", actor.person.empty() ? "command_line" : actor.person,
                                  person, json.text());
  if (!noted) return pass(noted);
  if (auto done = rooms.identity.remove_person(actor, person); !done) return pass(done);
  return erased;
}

}  // namespace bastide::app
