// `bastide key create | list | rotate | revoke`: beside a running server, which follows within a second.
#include <fmt/format.h>

#include <cstdio>

#include "app/commands.h"
#include "app/program.h"

namespace bastide::app {
namespace {

Result<identity::KeySettings> settings_of(const KeyOptions& options) {
  using identity::GuardPolicy;
  using identity::Priority;
  identity::KeySettings settings;
  settings.scopes = options.scopes;
  settings.models = options.models;
  settings.addresses = options.addresses;
  settings.application = options.application;
  settings.assistant = options.assistant;
  settings.guard = options.guard == "off"       ? GuardPolicy::off
                   : options.guard == "observe" ? GuardPolicy::observe
                                                : GuardPolicy::enforce;
  settings.priority = options.priority == "interactive" ? Priority::interactive
                      : options.priority == "batch"     ? Priority::batch
                                                        : Priority::program;
  if (options.expires.empty()) return settings;
  settings.expires_at = parse_day(options.expires);
  if (!settings.expires_at)
    return fail(Code::invalid, "\"" + options.expires + "\" is no day.", "key_expiry",
                "Write it as 2027-01-31.");
  return settings;
}

}  // namespace

int key_create_command(const Common& common, const KeyOptions& options) {
  auto accounts = Accounts::open(common.data_folder);
  if (!accounts) return complain(accounts.error());
  auto& identity = (*accounts)->identity();
  auto who = identity.act_as(options.user);
  if (!who) return complain(who.error());
  auto settings = settings_of(options);
  if (!settings) return complain(settings.error());
  auto key = identity.add_key(identity.command_line(), who->person, options.name, std::move(*settings));
  if (!key) return complain(key.error());
  fmt::print("{}\n", key->secret);
  return 0;
}

int key_list_command(const Common& common, const KeyOptions& options) {
  auto accounts = Accounts::open(common.data_folder);
  if (!accounts) return complain(accounts.error());
  auto& identity = (*accounts)->identity();
  auto who = identity.act_as(options.user);
  if (!who) return complain(who.error());
  identity::PageFrom from{{}, 200};
  do {
    auto page = identity.keys(*who, from);
    if (!page) return complain(page.error());
    for (const auto& key : page->items) {
      const auto& settings = key.settings;
      fmt::print("{}  {}…  {}", key.id, key.prefix, key.name);
      const auto list = [](std::string_view name, const std::vector<std::string>& words) {
        if (!words.empty()) fmt::print("  {}={}", name, fmt::join(words, ","));
      };
      list("scopes", settings.scopes);
      list("models", settings.models);
      list("from", settings.addresses);
      if (!settings.application.empty()) fmt::print("  application={}", settings.application);
      if (settings.expires_at) fmt::print("  expires={}", rfc3339(*settings.expires_at).substr(0, 10));
      fmt::print("  used={}\n", key.used_at ? rfc3339(*key.used_at) : "never");
    }
    from.after = page->next;
  } while (!from.after.empty());
  return 0;
}

int key_rotate_command(const Common& common, const KeyOptions& options) {
  auto accounts = Accounts::open(common.data_folder);
  if (!accounts) return complain(accounts.error());
  auto& identity = (*accounts)->identity();
  auto key =
      identity.rotate_key(identity.command_line(), options.id, std::chrono::hours(options.overlap_hours));
  if (!key) return complain(key.error());
  fmt::print("{}\n", key->secret);
  return 0;
}

int key_revoke_command(const Common& common, const KeyOptions& options) {
  auto accounts = Accounts::open(common.data_folder);
  if (!accounts) return complain(accounts.error());
  auto& identity = (*accounts)->identity();
  auto revoked = identity.revoke_key(identity.command_line(), options.id);
  return revoked ? 0 : complain(revoked.error());
}

}  // namespace bastide::app
