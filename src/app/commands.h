// The command line, one function a command. Each returns the exit code and tells errors on standard error.
#pragma once

#include <string>
#include <vector>

#include "base/config.h"
#include "base/result.h"

namespace bastide::app {

/// What every command takes.
struct Common {
  std::string config_file;  // empty: DATA/bastide.toml or ./bastide.toml when there is one
  std::string data_folder = "data";
};

/// The configuration that `common` means. Its error is ready to be shown.
[[nodiscard]] Result<Config> load_config(const Common& common);
/// Says `error` on standard error. Returns 1.
int complain(const Error& error);

struct ServeOptions {
  std::string listen;  // HOST:PORT; empty: the configuration's
  bool warm = false;   // load the embedding model at once
  int loops = 0;       // event loops that serve; 0: one a core
};
int serve_command(const Common& common, const ServeOptions& options);

int user_add_command(const Common& common, const std::string& email, const std::string& role,
                     const std::string& name, bool password_on_stdin);
int user_remove_command(const Common& common, const std::string& email);
struct KeyOptions {
  std::string user;  // e-mail
  std::string name;
  std::vector<std::string> scopes, models, addresses;
  std::string application, assistant, guard = "enforce", priority = "program";
  std::string expires;  // a day
  std::string id;
  std::int64_t overlap_hours = 24;
};
int key_create_command(const Common& common, const KeyOptions& options);
int key_list_command(const Common& common, const KeyOptions& options);
int key_rotate_command(const Common& common, const KeyOptions& options);
int key_revoke_command(const Common& common, const KeyOptions& options);
int knowledge_add_command(const Common& common, const std::string& user, const std::string& collection,
                          const std::vector<std::string>& paths, bool wait);

struct AskOptions {
  std::string question;
  std::vector<std::string> collections;
  std::string model;
  std::string label;
  std::string user;
  bool quote_only = false;
  bool json = false;
};
int ask_command(const Common& common, const AskOptions& options);
/// `args` after the word `guard`: scan FILE|- [--json]. 0: nothing found, 1: something, 2: an error.
int guard_command(const std::vector<std::string>& args);

struct UsageExportOptions {
  std::string from;  // days, both included
  std::string to;
  std::string format = "csv";  // or focus
};
int usage_export_command(const Common& common, const UsageExportOptions& options);
struct TopOptions {
  std::string url;    // of the server; empty: as configured
  bool once = false;  // a table instead of a screen
};
int top_command(const Common& common, const TopOptions& options);
int audit_verify_command(const Common& common);
int backup_command(const Common& common, const std::string& file);
int restore_command(const Common& common, const std::string& file);
int doctor_command(const Common& common);

}  // namespace bastide::app
