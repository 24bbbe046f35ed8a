// The process itself: alive, ready, measured, described.
#include "http_api/routes.h"

namespace bastide::http_api {
namespace {

Task<Result<void>> healthz(Call& call) {
  auto sent = co_await call.send_json(200, R"({"alive":true})");
  co_return sent;
}

Task<Result<void>> readyz(Call& call) {
  auto answered = co_await call.blocking([&call]() -> Result<bool> { return call.services.ready(); });
  bool ready = answered && *answered;
  auto sent = co_await call.send_json(ready ? 200 : 503, ready ? R"({"ready":true})" : R"({"ready":false})");
  co_return sent;
}

// Counts and times only, yet not for everyone on the network: for the machine itself.
Task<Result<void>> metrics(Call& call) {
  const auto& peer = call.request().peer;
  bool same_machine = peer.starts_with("127.") || peer == "::1" || peer.starts_with("::ffff:127.");
  if (!same_machine) co_return fail(Code::forbidden, "Metrics are read from the machine itself.");
  auto sent = co_await call.send_bytes(call.services.metrics.text(), "text/plain; version=0.0.4");
  co_return sent;
}

Task<Result<void>> openapi(Call& call) {
  for (const auto& file : call.services.web)
    if (file.path == "/openapi.json") {
      auto sent = co_await call.send_bytes(std::string(file.plain), "application/json");
      co_return sent;
    }
  co_return fail(Code::not_found, "This build has no API description.", "no_route");
}

}  // namespace

void add_system_routes(Routes& routes) {
  routes.add({"GET", "/healthz", Access::anyone, healthz});
  routes.add({"GET", "/readyz", Access::anyone, readyz});
  routes.add({"GET", "/metrics", Access::anyone, metrics});
  routes.add({"GET", "/api/openapi.json", Access::anyone, openapi});
}

}  // namespace bastide::http_api
