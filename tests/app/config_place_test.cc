#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "app/commands.h"

namespace bastide::app {
namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/bastide-app-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

TEST(LoadConfig, takes_the_data_folders_file_unless_another_is_named) {
  Folder data;
  std::ofstream(data.path + "/bastide.toml") << "[server]\nlisten = \"127.0.0.1:1\"\n";
  std::ofstream(data.path + "/other.toml") << "[server]\nlisten = \"127.0.0.1:2\"\n";
  EXPECT_EQ(load_config({"", data.path})->server.listen, "127.0.0.1:1");
  EXPECT_EQ(load_config({data.path + "/other.toml", data.path})->server.listen, "127.0.0.1:2");
  EXPECT_FALSE(load_config({data.path + "/absent.toml", data.path}));
}

TEST(GuardCommand, exit_codes_tell_what_was_found) {
  Folder folder;
  auto file = folder.path + "/text";
  std::ofstream(file) << "Écrivez à jeanne.martin@exemple.fr.";
  EXPECT_EQ(guard_command({"scan", file, "--json"}), 1);
  std::ofstream(file, std::ios::trunc) << "Rien de particulier.";
  EXPECT_EQ(guard_command({"scan", file}), 0);
  EXPECT_EQ(guard_command({"scan", folder.path + "/absent"}), 2);
  EXPECT_EQ(guard_command({"burn", file}), 2);
}

}  // namespace
}  // namespace bastide::app
