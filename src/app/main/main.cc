// bastide: the one program. Child processes (a model, a parser) are the same binary under another first word.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstring>
#include <span>

#include "app/commands.h"
#include "base/heap.h"
#include "knowledge/parse/parse.h"
#include "models/install/commands.h"
#include "models/local/worker_main.h"

namespace {

using namespace bastide;
using namespace bastide::app;

struct Line {
  CLI::App app{"Bastide: the workplace AI that organisations own.", "bastide"};
  Common common;
  int exit_code = 0;

  CLI::App* command(CLI::App& under, const std::string& name, const std::string& help) {
    auto* made = under.add_subcommand(name, help);
    made->add_option("--config", common.config_file,
                     "bastide.toml to use (default: DATA/bastide.toml when there is one)");
    made->add_option("--data", common.data_folder, "folder that holds everything")->capture_default_str();
    return made;
  }
};

void add_serve(Line& line) {
  static ServeOptions options;
  auto* serve = line.command(line.app, "serve", "run the server until SIGTERM");
  serve->add_option("--listen", options.listen, "HOST:PORT (default: [server] listen, 127.0.0.1:8080)");
  serve->add_option("--loops", options.loops, "Event loops that serve (default: one a core)")
      ->check(CLI::Range(0, 1024));
  serve->add_flag("--warm", options.warm, "load the embedding model at once");
  serve->callback([&line] { line.exit_code = serve_command(line.common, options); });
}

void add_people(Line& line) {
  static std::string email, role = "member", name;
  static bool stdin_password = false;
  auto* user = line.app.add_subcommand("user", "people who may sign in");
  user->require_subcommand(1);
  auto* add = line.command(*user, "add", "add a person; works beside a running server");
  add->add_option("email", email)->required();
  add->add_option("--role", role)
      ->check(CLI::IsMember({"admin", "manager", "member"}))
      ->capture_default_str();
  add->add_option("--name", name, "what to call them");
  add->add_flag("--password-stdin", stdin_password,
                "read the password from standard input (else a one-time link is printed)");
  add->callback(
      [&line] { line.exit_code = user_add_command(line.common, email, role, name, stdin_password); });
  auto* remove = line.command(*user, "remove", "remove a person and erase what is theirs, for good");
  remove->add_option("email", email)->required();
  remove->callback([&line] { line.exit_code = user_remove_command(line.common, email); });
}

void add_keys(Line& line) {
  static KeyOptions options;
  auto* key = line.app.add_subcommand("key", "keys for programs; a running server follows within a second");
  key->require_subcommand(1);
  auto* create = line.command(*key, "create", "make a key; prints the secret alone");
  create->add_option("--user", options.user, "e-mail of whose key it is")->required();
  create->add_option("--name", options.name)->required();
  create->add_option("--scopes", options.scopes, "chat, documents, guard (default: all)")->delimiter(',');
  create->add_option("--models", options.models, "the only models it may call")->delimiter(',');
  create->add_option("--ip", options.addresses, "ranges it may be used from, 192.0.2.0/24")->delimiter(',');
  create->add_option("--application", options.application,
                     "the program it is for: spends on its own account");
  create->add_option("--assistant", options.assistant, "the only assistant it may ask");
  create->add_option("--expires", options.expires, "the day from which it opens nothing, 2027-01-31");
  create->add_option("--guard", options.guard)
      ->check(CLI::IsMember({"off", "observe", "enforce"}))
      ->capture_default_str();
  create->add_option("--priority", options.priority)
      ->check(CLI::IsMember({"interactive", "program", "batch"}))
      ->capture_default_str();
  create->callback([&line] { line.exit_code = key_create_command(line.common, options); });
  auto* list = line.command(*key, "list", "keys of a person");
  list->add_option("--user", options.user, "e-mail")->required();
  list->callback([&line] { line.exit_code = key_list_command(line.common, options); });
  auto* rotate = line.command(*key, "rotate", "a new secret for a key; prints it alone");
  rotate->add_option("id", options.id)->required();
  rotate->add_option("--overlap-hours", options.overlap_hours, "how long the old secret still opens")
      ->check(CLI::Range(0, 24 * 90))
      ->capture_default_str();
  rotate->callback([&line] { line.exit_code = key_rotate_command(line.common, options); });
  auto* revoke = line.command(*key, "revoke", "end a key, and what runs under it");
  revoke->add_option("id", options.id)->required();
  revoke->callback([&line] { line.exit_code = key_revoke_command(line.common, options); });
}

void add_knowledge(Line& line) {
  static std::string collection, user;
  static std::vector<std::string> paths;
  static bool wait = false;
  auto* knowledge = line.app.add_subcommand("knowledge", "documents to ask");
  knowledge->require_subcommand(1);
  auto* add = line.command(*knowledge, "add", "add files or folders to a collection");
  add->add_option("collection", collection, "name or id; made when missing")->required();
  add->add_option("paths", paths)->required();
  add->add_flag("--wait", wait, "until all can be asked");
  add->add_option("--user", user, "e-mail of who adds them (default: the first administrator)");
  add->callback(
      [&line] { line.exit_code = knowledge_add_command(line.common, user, collection, paths, wait); });

  static AskOptions ask;
  auto* question = line.command(line.app, "ask", "ask a question; the answer has numbered sources");
  question->add_option("question", ask.question)->required();
  question->add_option("--collection,-c", ask.collections, "name or id; may be repeated");
  question->add_option("--model,-m", ask.model, "a model's id (default: the smallest sufficient)");
  question->add_option("--label", ask.label, "how sensitive the question is");
  question->add_option("--user", ask.user, "e-mail of who asks (default: the first administrator)");
  question->add_flag("--quote-only", ask.quote_only, "the documents' own sentences, no generated word");
  question->add_flag("--json", ask.json, "answer, citations and receipt as JSON");
  question->callback([&line] { line.exit_code = ask_command(line.common, ask); });
}

void add_rest(Line& line) {
  static std::string file;
  auto* audit = line.app.add_subcommand("audit", "the log of what happened");
  audit->require_subcommand(1);
  line.command(*audit, "verify", "recompute the log's tree and say whether it holds")->callback([&line] {
    line.exit_code = audit_verify_command(line.common);
  });
  static UsageExportOptions usage_options;
  auto* usage = line.app.add_subcommand("usage", "what was used");
  usage->require_subcommand(1);
  auto* usage_export = line.command(*usage, "export", "every call as a row on standard output");
  usage_export->add_option("--from", usage_options.from, "first day, 2026-11-01")->required();
  usage_export->add_option("--to", usage_options.to, "last day, included")->required();
  usage_export->add_option("--format", usage_options.format)
      ->check(CLI::IsMember({"csv", "focus"}))
      ->capture_default_str();
  usage_export->callback([&line] { line.exit_code = usage_export_command(line.common, usage_options); });
  static TopOptions top_options;
  auto* top = line.command(line.app, "top", "calls by model, live; q quits");
  top->add_option("--url", top_options.url, "of the server (default: as configured)");
  top->add_flag("--once", top_options.once, "print a table of all since the start, and end");
  top->callback([&line] { line.exit_code = top_command(line.common, top_options); });
  auto* backup = line.command(line.app, "backup", "write everything into one file, while serving");
  backup->add_option("file", file)->required();
  backup->callback([&line] { line.exit_code = backup_command(line.common, file); });
  auto* restore = line.command(line.app, "restore", "fill an empty data folder from a backup");
  restore->add_option("file", file)->required();
  restore->callback([&line] { line.exit_code = restore_command(line.common, file); });
  line.command(line.app, "doctor", "check the installation and say what to do")->callback([&line] {
    line.exit_code = doctor_command(line.common);
  });
}

// Commands whose own room reads their words: `model` and `guard`. --config and --data stand anywhere among
// them.
int pass_on(const std::string& word, std::vector<std::string> args) {
  Common common;
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < args.size(); ++i) {
    bool value_follows = i + 1 < args.size();
    if (args[i] == "--config" && value_follows)
      common.config_file = args[++i];
    else if (args[i] == "--data" && value_follows)
      common.data_folder = args[++i];
    else
      rest.push_back(args[i]);
  }
  if (word == "guard") return guard_command(rest);
  auto config = load_config(common);
  if (!config) return complain(config.error());
  return models::model_command(*config, common.data_folder, rest);
}

}  // namespace

int main(int argc, char** argv) {
  bastide::tune_heap();
  std::signal(SIGPIPE, SIG_IGN);
  std::span<const char* const> words(argv, static_cast<std::size_t>(argc));
  if (argc > 1 && std::strcmp(argv[1], "parse-worker") == 0)
    return knowledge::parse::parse_worker_main(words.subspan(2));
  std::vector<std::string> rest(words.begin() + std::min<std::ptrdiff_t>(argc, 2), words.end());
  if (argc > 1 && std::strcmp(argv[1], "worker") == 0) return models::worker_main(rest);
  bool asks_help = std::ranges::find(rest, "--help") != rest.end();
  if (argc > 1 && (std::strcmp(argv[1], "model") == 0 || std::strcmp(argv[1], "guard") == 0) && !asks_help)
    return pass_on(argv[1], std::move(rest));

  Line line;
  line.app.require_subcommand(1);
  line.app.set_version_flag("--version", "bastide 0.1.0");
  add_serve(line);
  add_people(line);
  add_keys(line);
  add_knowledge(line);
  add_rest(line);
  line.app.add_subcommand("model",
                          "models on this machine: list | pull NAME | import FILE | keep NAME | remove NAME");
  line.app.add_subcommand("guard", "personal data and secrets: scan FILE [--json]; - reads standard input");
  CLI11_PARSE(line.app, argc, argv);
  return line.exit_code;
}
