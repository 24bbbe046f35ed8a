// `bastide user add` and `user remove`: beside a running server or without one.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>

#include "app/commands.h"
#include "app/program.h"
#include "base/log.h"

namespace bastide::app {

int user_add_command(const Common& common, const std::string& email, const std::string& role,
                     const std::string& name, bool password_on_stdin) {
  auto accounts = Accounts::open(common.data_folder);
  if (!accounts) return complain(accounts.error());
  identity::NewPerson wish;
  wish.email = email;
  wish.name = name.empty() ? email.substr(0, email.find('@')) : name;
  wish.role = role == "admin"     ? identity::Role::admin
              : role == "manager" ? identity::Role::manager
                                  : identity::Role::member;
  if (password_on_stdin) {
    std::string password;
    std::getline(std::cin, password);
    if (!password.empty() && password.back() == '\r') password.pop_back();
    wish.password = password;
  }
  auto& identity = (*accounts)->identity();
  auto added = identity.add_person(identity.command_line(), wish);
  if (!added) return complain(added.error());
  fmt::print("{}\n", added->id);
  if (added->link) {
    auto config = load_config(common);
    auto address = config && !config->server.public_url.empty() ? config->server.public_url
                   : config                                     ? "http://" + config->server.listen
                                                                : "";
    fmt::print("One-time sign-in link: {}/welcome#{}\n", address, added->link->token);
  }
  return 0;
}

int user_remove_command(const Common& common, const std::string& email) {
  log::set_level(log::Level::warn);
  auto config = load_config(common);
  if (!config) return complain(config.error());
  auto program = Program::open(*config, common.data_folder);
  if (!program) return complain(program.error());
  auto& identity = (*program)->identity();
  auto reader = identity.reader_id("user:" + email);
  if (!reader) return complain(reader.error());
  auto erased = erase_person((*program)->erasure(), identity.command_line(), reader->substr(2));  // p:ID
  if (!erased) return complain(erased.error());
  fmt::print("Removed, with {} conversations and {} collections that nobody else read.\n",
             erased->conversations, erased->collections);
  return 0;
}

}  // namespace bastide::app
