// `bastide serve`: opens everything, says where it is, serves until SIGTERM, drains.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "app/commands.h"
#include "app/model_keeper.h"
#include "app/program.h"
#include "base/log.h"
#include "net/server.h"

namespace bastide::app {
namespace {

constexpr Millis drain_patience{10'000};
constexpr UnixMillis events_kept_ms = 7LL * 24 * 3600 * 1000;

// One server a data folder: held until the process ends, however it ends.
class ServeLock {
 public:
  static Result<ServeLock> take(const std::string& folder) {
    auto path = folder + "/serve.lock";
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
      return fail(Code::unavailable, "The data folder \"" + folder + "\" cannot be written to.",
                  "data_folder", "Check its owner and rights, or give another with --data.");
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      ::close(fd);
      return fail(Code::conflict, "Another bastide serves this data folder already.", "already_serving",
                  "Stop it first, or give another folder with --data.");
    }
    return ServeLock(fd);
  }
  ServeLock(ServeLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ServeLock& operator=(ServeLock&&) = delete;
  ~ServeLock() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  explicit ServeLock(int fd) : fd_(fd) {}
  int fd_;
};

Result<std::pair<std::string, int>> parse_listen(const std::string& text) {
  auto colon = text.rfind(':');
  int port = -1;
  if (colon != std::string::npos) {
    auto digits = text.substr(colon + 1);
    if (!digits.empty() && digits.size() <= 5 && digits.find_first_not_of("0123456789") == std::string::npos)
      port = std::stoi(digits);
  }
  if (port < 0 || port > 65535)
    return fail(Code::invalid, "\"" + text + "\" is not an address to listen on.", "listen",
                "Write it as HOST:PORT, such as 127.0.0.1:8080.");
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  return std::pair(host.empty() ? "0.0.0.0" : host, port);
}

std::string address_for_people(const Config& config, const std::string& host, int port) {
  if (!config.server.public_url.empty()) return config.server.public_url;
  auto shown = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host;
  return fmt::format("{}://{}:{}", config.server.tls_certificate_file ? "https" : "http", shown, port);
}

// What a person who started it by hand must see, on standard output; the log goes to standard error.
void greet(Program& program, const std::string& address) {
  fmt::print("\nBastide is ready: {}\n", address);
  auto link = program.identity().first_administrator_link();
  if (link && *link)
    fmt::print("Create the first administrator (one use, 24 hours): {}/welcome#{}\n", address,
               (*link)->token);
  std::fflush(stdout);
}

// Loads a model ahead of the first question; a failure is what that question would have met.
Task<void> warm(models::House& models, std::string model) {
  auto loaded = co_await models.warm(std::move(model));
  if (!loaded)
    log::warn("model_not_warmed",
              {{"code", code_name(loaded.error().code)}, {"detail", loaded.error().detail}});
}

// A stream needs two descriptors, and shells start programs with a thousand.
void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) log::warn("open_files_not_raised", {});
}

}  // namespace

int serve_command(const Common& common, const ServeOptions& options) {
  // Signals are waited for in this thread only; every thread made from here on inherits the mask.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int each : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, each);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  allow_many_files();
  auto config = load_config(common);
  if (!config) return complain(config.error());
  auto listen = parse_listen(options.listen.empty() ? config->server.listen : options.listen);
  if (!listen) return complain(listen.error());
  for (const auto& warning : config->warnings) fmt::print(stderr, "bastide: {}\n", warning);
  auto program = Program::open(*config, common.data_folder);
  if (!program) return complain(program.error());
  auto lock = ServeLock::take(common.data_folder);
  if (!lock) return complain(lock.error());

  auto recovered = (*program)->chat().recover();
  if (!recovered) return complain(recovered.error());
  auto resumed = (*program)->background().recover();
  if (!resumed) return complain(resumed.error());
  auto batches = (*program)->batches().recover();
  if (!batches) return complain(batches.error());
  (*program)->library().start_workers();
  (*program)->seal_usage();
  (*program)->start_sweeper();
  (*program)->start_postman();
  const ModelKeeper keeper((*program)->models());

  net::ServerOptions server_options;
  server_options.host = listen->first;
  server_options.port = listen->second;
  server_options.loops = options.loops;
  if (config->server.tls_certificate_file && config->server.tls_key_file)
    server_options.tls = net::TlsFiles{*config->server.tls_certificate_file, *config->server.tls_key_file};
  auto server = net::Server::start(server_options, (*program)->handler(), (*program)->metrics());
  if (!server) return complain(server.error());
  greet(**program, address_for_people(*config, listen->first, (*server)->port()));
  if (options.warm)
    spawn_on((*program)->loop(), "warm", warm((*program)->models(), config->knowledge.embedding_model));
  log::info("serving", {{"port", (*server)->port()}});
  auto purged = (*program)->chat().store().purge_events(now_ms() - events_kept_ms);
  if (!purged) log::warn("events_not_purged", {{"code", code_name(purged.error().code)}});

  int signal = SIGHUP;
  for (;;) {
    sigwait(&signals, &signal);
    if (signal != SIGHUP) break;
    log::info("keys_reloaded", {});
    (*program)->reload_keys();
  }
  log::info("draining", {{"signal", signal}});
  (*program)->library().stop_workers();
  (*program)->batches().drain(drain_patience);
  (*program)->background().drain(drain_patience);
  (*program)->chat().drain(drain_patience);
  (*server)->drain(drain_patience);
  // The log as it stands is signed, so that what is cut off while nothing runs is noticed.
  auto signed_log = (*program)->audit().checkpoint();
  if (!signed_log) log::warn("checkpoint_failed", {{"code", code_name(signed_log.error().code)}});
  return 0;
}

}  // namespace bastide::app
