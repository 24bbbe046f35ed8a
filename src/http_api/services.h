// What the routes call. The composition root fills it; references outlive the server.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/config.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "batches/batches.h"
#include "chat/chat.h"
#include "exchange/pipeline.h"
#include "files/files.h"
#include "gateway/gateway.h"
#include "governance/audit.h"
#include "guard/house_guard.h"
#include "http_api/model_calls/left_files.h"
#include "http_api/web_files.h"
#include "identity/identity.h"
#include "knowledge/library.h"
#include "models/install/shelf.h"
#include "notices/notice_store.h"
#include "policy/accounts.h"
#include "policy/labels.h"
#include "policy/route.h"
#include "policy/usage_reports.h"
#include "responses/background.h"
#include "responses/conversations.h"
#include "responses/responses.h"
#include "storage/blobs.h"

namespace bastide::http_api {

struct Services {
  const Config& config;
  Metrics& metrics;
  Pool& io;  // for all that blocks
  const WebFiles& web;
  identity::Identity& identity;
  const policy::Labels& labels;
  const policy::Router& router;
  guard::HouseGuard& guard;
  exchange::Models& models;
  models::Shelf& shelf;
  knowledge::Library& library;
  storage::Blobs& blobs;
  const exchange::Pipeline& pipeline;
  const gateway::Gateway& gateway;
  chat::Chat& chat;
  files::Files& files;
  ReadText read_text;  // of files that calls name
  batches::Batches& batches;
  responses::Responses& responses;
  responses::Background& background;
  responses::Conversations& kept_conversations;
  governance::Audit& audit;
  policy::Accounts& accounts;
  policy::UsageReports& usage;
  notices::NoticeStore& notices;
  /// The receipt of a call that passed as bytes; blocks.
  std::function<Result<std::string>(std::string_view exchange, const identity::Principal& who)>
      passed_receipt;
  /// Its proof, as JSON; blocks.
  std::function<Result<std::string>(std::string_view exchange, const identity::Principal& who)> passed_proof;
  /// Whether everything that a request needs is there.
  std::function<bool()> ready;
  /// Removes a person from every room, for an administrator. Blocks.
  std::function<Result<void>(const identity::Principal& actor, std::string_view person)> remove_person;
};

}  // namespace bastide::http_api
