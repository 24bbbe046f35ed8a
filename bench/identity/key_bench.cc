// What finding the caller of a key costs, among a hundred thousand keys, and what making that table costs.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>

#include "identity/detail.h"
#include "identity/key_table.h"

int main() {
  using namespace bastide;
  using namespace bastide::identity;
  constexpr std::size_t keys = 100'000;
  constexpr std::size_t finds = 20'000;
  constexpr int rounds = 11;
  const auto cpu_ns = [] {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
  };
  std::vector<std::string> secrets;
  std::vector<KeyStore::Found> found;
  for (std::size_t i = 0; i < keys; ++i) {
    secrets.push_back(std::string(detail::key_start) + random_token(32));
    KeyStore::Found each;
    each.key.id = "key_" + std::to_string(i);
    each.key.person = each.who.person.id = "per_" + std::to_string(i);
    each.key.hash = detail::hash_of(secrets.back());
    found.push_back(std::move(each));
  }
  KeyTable table;
  const double begun = cpu_ns();
  table.replace(std::move(found), "default");
  fmt::print("{{\"figure\": \"make a table of 100,000 keys\", \"ms\": {:.0f}}}\n", (cpu_ns() - begun) / 1e6);
  std::vector<double> each;
  const auto now = now_ms();
  for (int round = 0; round < rounds; ++round) {
    const double start = cpu_ns();
    for (std::size_t i = 0; i < finds; ++i)
      if (!table.find(secrets[i * 4999 % keys], now)) return 1;
    each.push_back((cpu_ns() - start) / finds);
  }
  std::ranges::sort(each);
  fmt::print("{{\"figure\": \"find a key among 100,000\", \"ns\": {:.0f}}}\n", each[rounds / 2]);
}
