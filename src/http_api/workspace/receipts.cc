// How an answer came about, and the proof that the record stands.
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

Task<Result<void>> get_receipt(Call& call) {
  auto find = [&call] {
    auto kept = call.services.audit.receipt(call.variables[0], call.who);
    if (kept || kept.error().code != Code::not_found) return kept;
    auto passed = call.services.passed_receipt(call.variables[0], call.who);
    return passed || passed.error().code != Code::not_found ? passed : kept;
  };
  auto receipt = co_await call.blocking(find);
  if (!receipt) co_return pass(receipt);
  auto sent = co_await call.send_json(200, std::move(*receipt));
  co_return sent;
}

Task<Result<void>> get_proof(Call& call) {
  auto find = [&call] {
    auto kept = call.services.audit.proof_json(call.variables[0], call.who);
    if (kept || kept.error().code != Code::not_found) return kept;
    auto passed = call.services.passed_proof(call.variables[0], call.who);
    return passed || passed.error().code != Code::not_found ? passed : kept;
  };
  auto proof = co_await call.blocking(find);
  if (!proof) co_return pass(proof);
  auto sent = co_await call.send_json(200, std::move(*proof));
  co_return sent;
}

}  // namespace

void add_receipt_routes(Routes& routes) {
  routes.add({"GET", "/api/exchanges/{}", Access::person, get_receipt});
  routes.add({"GET", "/api/exchanges/{}/proof", Access::person, get_proof});
}

}  // namespace bastide::http_api
