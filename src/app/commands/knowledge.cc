// `bastide knowledge add`.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "app/commands.h"
#include "app/commands/acting.h"
#include "app/program.h"
#include "base/log.h"

namespace bastide::app {

int knowledge_add_command(const Common& common, const std::string& user, const std::string& collection,
                          const std::vector<std::string>& paths, bool wait) {
  log::set_level(log::Level::warn);
  auto config = load_config(common);
  if (!config) return complain(config.error());
  auto program = Program::open(*config, common.data_folder);
  if (!program) return complain(program.error());
  auto who = acting_person((*program)->identity(), user);
  if (!who) return complain(who.error());
  who->via = identity::Via::command;
  auto& library = (*program)->library();
  // Beside a running server its workers and ours share the table of jobs.
  if (wait) library.start_workers();
  bool terminal = isatty(STDERR_FILENO) != 0;
  std::size_t failed = 0;
  auto done = library.add_paths(
      *who, collection, paths,
      wait ? knowledge::Library::Wait::for_ready : knowledge::Library::Wait::for_queued,
      [&](const knowledge::AddProgress& step) {
        if (step.error) {
          ++failed;
          fmt::print(stderr, "{}✗ {}: {}{}{}\n", terminal ? "\r\033[K" : "", step.path, step.error->message,
                     step.error->action.empty() ? "" : " ", step.error->action);
        } else if (terminal) {
          fmt::print(stderr, "\r\033[K[{}/{}] {} {} {:.0f} %", step.done, step.total, step.state, step.path,
                     step.progress * 100);
        } else if (step.state == "ready" || step.state == "unchanged" || (!wait && step.state == "queued")) {
          fmt::print(stderr, "[{}/{}] {} {}\n", step.done, step.total, step.state, step.path);
        }
      });
  if (terminal) fmt::print(stderr, "\n");
  if (!done) return complain(done.error());
  return failed == 0 ? 0 : 1;
}

}  // namespace bastide::app
