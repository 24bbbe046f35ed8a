// What admitting and settling a call costs, with the purses of a person, a key, a group and the organisation
// and those of a model. One line of JSON a figure: nanoseconds of the thread's own processor time for both
// together.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <thread>

#include "policy/accounts.h"

namespace bastide::policy {
namespace {

constexpr int rounds = 11;
constexpr int calls_a_round = 100'000;

double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}

Config house() {
  auto config = default_config();
  config.limits = {1'000'000'000, 1'000'000'000'000, 1000};
  config.budget_default.money.month = 1e9;
  ModelConfig model;
  model.id = "fast";
  model.provider = "cloud";
  model.prices = {PriceConfig{.input = 0.15, .output = 0.6}};
  config.models.push_back(model);
  for (auto of : {OwnerConfig::Of::group, OwnerConfig::Of::key, OwnerConfig::Of::organisation,
                  OwnerConfig::Of::model}) {
    SharedBudgetConfig shared;
    shared.owner = {of, of == OwnerConfig::Of::model ? "fast" : "x"};
    shared.budget.money.month = 1e9;
    shared.budget.tokens.day = 1e15;
    config.budgets.push_back(shared);
  }
  return config;
}

std::string scope_of(const OwnerConfig& owner) {
  switch (owner.of) {
    case OwnerConfig::Of::group:
      return "group:" + owner.name;
    case OwnerConfig::Of::key:
      return "key:" + owner.name;
    case OwnerConfig::Of::model:
      return "model:" + owner.name;
    default:
      return "organisation";
  }
}

void measure(const char* name, const Config& config, int threads, bool everything) {
  Accounts accounts(config, rules_of(config, scope_of), {}, Moment::now());
  ModelCard card;
  card.id = "fast";
  const auto& terms = accounts.model(card);
  std::vector<double> figures(static_cast<std::size_t>(threads));
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t)
    running.emplace_back([&, t] {
      identity::Principal who;
      who.person = "p" + std::to_string(t);
      if (everything) {
        who.key = "x";
        who.groups = {"x"};
      }
      const auto account = accounts.account(who);
      std::vector<double> each;
      for (int round = 0; round < rounds; ++round) {
        const double begun = cpu_ns();
        for (int i = 0; i < calls_a_round; ++i) {
          const auto now = Moment::now();
          auto held = account->admit(terms.bound(700, 300, now.wall), now, &terms);
          if (!held) std::abort();
          TokenClasses used;
          used.input = 600;
          used.output = 200;
          account->settle(*held, terms.spent(used, now.wall), now);
        }
        each.push_back((cpu_ns() - begun) / calls_a_round);
      }
      std::ranges::sort(each);
      figures[static_cast<std::size_t>(t)] = each[rounds / 2];
    });
  for (auto& thread : running) thread.join();
  fmt::print("{{\"figure\": \"{}\", \"threads\": {}, \"ns\": {:.0f}}}\n", name, threads,
             *std::ranges::max_element(figures));
}

}  // namespace
}  // namespace bastide::policy

int main() {
  using namespace bastide::policy;
  const auto config = house();
  auto only_persons = config;
  only_persons.budgets.clear();
  measure("admit and settle, a person's purse", only_persons, 1, false);
  measure("admit and settle, a person's purse", only_persons, 4, false);
  measure("admit and settle, five purses", config, 1, true);
  measure("admit and settle, five purses, four shared", config, 4, true);
}
