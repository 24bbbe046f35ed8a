// Requests a second, and CPU per request, for an answer of 1 KB on connections that stay open.
// Usage: bench_net_hello [SECONDS] [CONNECTIONS]
#include <string_view>
#include <vector>

#include "bench/net/harness.h"

using namespace bastide;
using namespace bastide::net;

namespace {
constexpr std::string_view request =
    "GET /hello HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";

Task<void> hello(ServerCall& call) {
  Response response{200, {{"Content-Type", "text/plain"}}, std::string(1024, 'x')};
  (void)co_await call.send(std::move(response));
}

// Answers are of one size, learned from the first, so that counting bytes counts answers.
double drive(int port, double seconds, int connections) {
  int epoll = ::epoll_create1(0);
  std::vector<std::size_t> received(static_cast<std::size_t>(connections));
  std::vector<int> fds;
  std::size_t answer_size = 0;
  for (int i = 0; i < connections; ++i) {
    fds.push_back(bench::connect_to(port));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(i);
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fds.back(), &event);
  }
  std::vector<char> buffer(65536);
  auto ask = [&](std::size_t i) { return ::send(fds[i], request.data(), request.size(), MSG_NOSIGNAL) > 0; };
  for (std::size_t i = 0; i < fds.size(); ++i) ask(i);
  double answers = 0;
  auto end =
      Steady::now() + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
  std::vector<epoll_event> events(256);
  while (Steady::now() < end) {
    int count = ::epoll_wait(epoll, events.data(), 256, 100);
    for (int e = 0; e < count; ++e) {
      auto i = events[static_cast<std::size_t>(e)].data.u32;
      auto got = ::recv(fds[i], buffer.data(), buffer.size(), 0);
      if (got <= 0) return -1;
      if (answer_size == 0) answer_size = static_cast<std::size_t>(got);
      received[i] += static_cast<std::size_t>(got);
      if (received[i] < answer_size) continue;
      received[i] -= answer_size;
      ++answers;
      ask(i);
    }
  }
  return answers;
}
}  // namespace

int main(int argc, char** argv) {
  double seconds = argc > 1 ? std::atof(argv[1]) : 3;
  int connections = argc > 2 ? std::atoi(argv[2]) : 32;
  bench::Load load([=](int port) { return drive(port, seconds, connections); });
  Metrics metrics;
  ServerOptions options;
  options.port = 0;
  options.loops = 1;
  auto server = Server::start(options, hello, metrics);
  if (!server) return 1;
  auto before = bench::cpu_seconds();
  load.begin((*server)->port());
  auto answers = load.wait();
  auto cpu = bench::cpu_seconds() - before;
  if (answers <= 0) return 1;
  bench::figure("net_hello_requests_per_second", answers / seconds, "1/s", "report");
  bench::figure("net_hello_cpu_per_request", cpu / answers * 1e6, "us", "report");
  return 0;
}
