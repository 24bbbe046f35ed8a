// Event streams open at once, one event a second each: none may be lost, and memory stays bounded.
// Usage: bench_net_streams [STREAMS] [EVENTS]
#include <algorithm>
#include <atomic>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/net/harness.h"
#include "net/sse.h"

using namespace bastide;
using namespace bastide::net;

namespace {
int events_each = 5;
std::atomic<int> open_streams{0};

Task<void> stream(ServerCall& call) {
  (void)co_await call.start(200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}});
  ++open_streams;
  for (int i = 0; i < events_each; ++i) {
    co_await sleep_for(Millis(1000));
    auto text = sse_text("{\"token\":" + std::to_string(i) + "}", {}, std::to_string(i));
    auto sent = co_await call.write(std::move(text));
    if (!sent) break;
  }
  (void)co_await call.finish();
  --open_streams;
}

// The number of events that came in their order, over all streams.
double drive(int port, int streams) {
  int epoll = ::epoll_create1(0);
  std::vector<std::string> pending(static_cast<std::size_t>(streams));
  std::vector<int> next(static_cast<std::size_t>(streams));
  std::vector<int> fds;
  constexpr std::string_view request =
      "GET /stream HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n";
  for (int i = 0; i < streams; ++i) {
    fds.push_back(bench::connect_to(port));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(i);
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fds.back(), &event);
    if (::send(fds.back(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return -1;
  }
  double in_order = 0;
  int open = streams;
  std::vector<char> buffer(65536);
  std::vector<epoll_event> events(1024);
  auto end = Steady::now() + std::chrono::seconds(events_each + 20);
  while (open > 0 && Steady::now() < end) {
    int count = ::epoll_wait(epoll, events.data(), 1024, 200);
    for (int e = 0; e < count; ++e) {
      auto i = events[static_cast<std::size_t>(e)].data.u32;
      auto got = ::recv(fds[i], buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        ::close(fds[i]);
        --open;
        continue;
      }
      auto& text = pending[i];
      text.append(buffer.data(), static_cast<std::size_t>(got));
      for (;;) {
        auto mark = "data: {\"token\":" + std::to_string(next[i]) + "}\n\n";
        auto at = text.find(mark);
        if (at == std::string::npos) break;
        text.erase(0, at + mark.size());
        ++next[i];
        ++in_order;
      }
    }
  }
  return in_order;
}
}  // namespace

int main(int argc, char** argv) {
  int streams = argc > 1 ? std::atoi(argv[1]) : 2000;
  if (argc > 2) events_each = std::atoi(argv[2]);
  bench::allow_many_files();
  bench::Load load([=](int port) { return drive(port, streams); });
  Metrics metrics;
  ServerOptions options;
  options.port = 0;
  options.loops = 1;
  auto server = Server::start(options, stream, metrics);
  if (!server) return 1;
  std::this_thread::sleep_for(Millis(50));
  auto idle = bench::resident_bytes();
  auto before = bench::cpu_seconds();
  load.begin((*server)->port());
  std::atomic<bool> over{false};
  std::atomic<std::size_t> peak{idle};
  std::atomic<int> most{0};
  std::thread watch([&] {
    while (!over) {
      peak = std::max(peak.load(), bench::resident_bytes());
      most = std::max(most.load(), open_streams.load());
      std::this_thread::sleep_for(Millis(100));
    }
  });
  auto received = load.wait();
  auto cpu = bench::cpu_seconds() - before;
  over = true;
  watch.join();
  double expected = static_cast<double>(streams) * events_each;
  bench::figure("net_streams_open_at_once", most, "streams", ">= 2000");
  bench::figure("net_streams_events_lost", expected - received, "events", "0");
  bench::figure("net_streams_resident", static_cast<double>(peak) / 1e6, "MB", "report");
  bench::figure("net_streams_resident_per_stream", static_cast<double>(peak - idle) / streams, "bytes",
                "<= 6144");
  bench::figure("net_streams_cpu_per_event", cpu / expected * 1e6, "us", "report");
  return received == expected ? 0 : 1;
}
