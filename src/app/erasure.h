// Erases a person from every room.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "batches/batches.h"
#include "chat/chat.h"
#include "files/files.h"
#include "governance/audit.h"
#include "guard/pseudonym_store.h"
#include "identity/identity.h"
#include "identity/person_keys.h"
#include "knowledge/library.h"
#include "models/house.h"
#include "notices/notice_store.h"
#include "responses/background.h"
#include "responses/responses.h"

namespace bastide::app {

struct ErasureRooms {
  identity::Identity& identity;
  chat::Chat& chat;
  responses::Responses& responses;
  responses::Background& background;
  batches::Batches& batches;
  files::Files& files;
  guard::PseudonymStore& pseudonyms;
  knowledge::Library& library;
  governance::Audit& audit;
  notices::NoticeStore& notices;
  identity::PersonKeys& keys;
  models::House& models;
};

struct Erased {
  std::int64_t conversations = 0;
  std::int64_t responses = 0;
  std::int64_t batches = 0;
  std::int64_t files = 0;
  std::int64_t collections = 0;
  std::int64_t receipts = 0;
};

/// Removes a person for good: conversations, kept responses, batches, files, pseudonyms, receipts, the
/// collections that nobody else reads, the key under which all of it was sealed (so that backups cannot be
/// read either), sessions, keys and the account. The audit log keeps its hashes and says that it happened.
/// What others read stays the organisation's. Administrators only; Code::conflict with detail last_admin for
/// the last one. Ended in the middle, by a kill, it leaves an account that is shut out and can be removed
/// again. Blocks.
Result<Erased> erase_person(const ErasureRooms& rooms, const identity::Principal& actor,
                            std::string_view person);

}  // namespace bastide::app
