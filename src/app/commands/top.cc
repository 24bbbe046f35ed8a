// `bastide top`: calls by model, live, from a running server's /metrics.
#include "observe/top.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>

#include "app/commands.h"
#include "net/client.h"
#include "net/loop.h"

namespace bastide::app {
namespace {

constexpr Millis refresh{1000};
constexpr std::size_t metrics_bytes_max = 16 * 1024 * 1024;

/// Keys without echo, the shell's screen left as it was.
class Screen {
 public:
  Screen() {
    ::tcgetattr(STDIN_FILENO, &before_);
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fmt::print("\x1b[?1049h\x1b[?25l");
  }
  ~Screen() {
    fmt::print("\x1b[?25h\x1b[?1049l");
    std::fflush(stdout);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// Whether q or Ctrl-C was pressed before `span` was over.
  [[nodiscard]] static bool quits_within(Millis span) {
    const auto until = Steady::now() + span;
    for (;;) {
      const auto left = std::chrono::ceil<Millis>(until - Steady::now());
      if (left.count() <= 0) return false;
      pollfd keys{STDIN_FILENO, POLLIN, 0};
      if (::poll(&keys, 1, static_cast<int>(left.count())) <= 0) return false;
      char key = 0;
      constexpr char ctrl_c = 3;
      if (::read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 'Q' || key == ctrl_c) return true;
    }
  }

 private:
  termios before_{};
};

std::string address_of(const Config& config) {
  auto listen = config.server.listen;
  for (const std::string any : {"0.0.0.0:", "[::]:"})
    if (listen.starts_with(any)) listen = "127.0.0.1:" + listen.substr(any.size());
  return (config.server.tls_certificate_file ? "https://" : "http://") + listen;
}

Task<Result<std::string>> fetch(net::Client& client, std::string url) {
  net::ClientRequest request;
  request.url = std::move(url);
  request.first_byte_timeout = request.idle_timeout = Millis(5'000);
  auto response = co_await client.fetch(std::move(request));
  if (!response) co_return pass(response);
  auto text = co_await (*response)->read_all(metrics_bytes_max);
  if (!text) co_return pass(text);
  if ((*response)->status() != 200)
    co_return fail(Code::unavailable, "The server does not show its figures.", "top_metrics",
                   "Run this on the server's own machine, and check --url.");
  co_return text;
}

}  // namespace

int top_command(const Common& common, const TopOptions& options) {
  auto config = load_config(common);
  if (!config) return complain(config.error());
  const auto address = options.url.empty() ? address_of(*config) : options.url;
  auto loop = net::LoopThread::start("top");
  if (!loop) return complain(loop.error());
  auto client = net::Client::create({.ca_file = config->server.tls_certificate_file.value_or("")});
  if (!client) return complain(client.error());
  const auto read = [&]() -> Result<observe::TopReading> {
    auto text = net::run_blocking((*loop)->loop(), fetch(**client, address + "/metrics"));
    if (!text) return pass(text);
    return observe::read_top(observe::parse_exposition(*text));
  };
  auto before = read();
  if (!before) return complain(before.error());
  constexpr int columns_min = 80, lines_all = 1'000;
  if (options.once || ::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
    fmt::print("{}", observe::draw_top(nullptr, *before, 1, columns_min, lines_all));
    return 0;
  }
  const Screen screen;
  bool is_first = true;
  auto read_at = Steady::now();
  while (!screen.quits_within(is_first ? Millis(300) : refresh)) {
    is_first = false;
    winsize size{};
    ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    const int columns = std::max<int>(columns_min, size.ws_col), lines = std::max<int>(6, size.ws_row);
    std::string text =
        fmt::format("\x1b[H\x1b[2Jbastide  {}  {}  q quits\n", address, rfc3339(now_ms()).substr(11, 8));
    auto now = read();
    const auto at = Steady::now();
    if (now) {
      text += fmt::format("{:.0f} connections", now->connections);
      for (const auto& provider : now->left_alone) text += "  left alone: " + provider;
      text += "\n\n" + observe::draw_top(&*before, *now, std::chrono::duration<double>(at - read_at).count(),
                                         columns, lines - 4);
      before = std::move(now);
      read_at = at;
    } else {
      text += now.error().message + "\n";
    }
    fmt::print("{}", text);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace bastide::app
