// A bare relay on one loop, nothing governed: what the gateway costs before it decides anything.
// Usage: bench_net_relay PORT http://127.0.0.1:UPSTREAM_PORT      (until it is stopped)
#include <fmt/format.h>
#include <unistd.h>

#include "base/heap.h"
#include "net/client.h"
#include "net/server.h"

using namespace bastide;
using namespace bastide::net;

namespace {
class Watcher final : public RelayWatcher {
 public:
  Verdict on_head(int /*status*/, Headers& /*headers*/) override { return Verdict::pass_on; }
  void on_body(std::string_view /*content*/) override {}
  std::string on_end(const Error* /*broken*/) override { return {}; }
};

struct Bench {
  std::shared_ptr<const RelayTarget> target;
  Client& client;

  Task<void> answer(ServerCall& call) const {
    auto body = co_await call.read_all(32 << 20);
    if (!body) co_return;
    auto head = fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        call.request().path, target->authority(), body->size());
    Watcher watcher;
    RelayRequest request{*target, head, {*body}};
    auto relayed = co_await call.relay(client, request, watcher);
    if (!relayed) (void)co_await call.send({502, {}, relayed.error().message});
  }
};
}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  tune_heap();
  auto target = RelayTarget::parse(argv[2]);
  auto client = Client::create({.ca_file = {}, .idle_per_host_max = 256});
  if (!target || !client) return 1;
  Bench bench{*target, **client};
  Metrics metrics;
  ServerOptions options;
  options.port = std::atoi(argv[1]);
  options.loops = 1;
  auto server = Server::start(options, [&](ServerCall& call) { return bench.answer(call); }, metrics);
  if (!server) return 1;
  ::pause();
}
