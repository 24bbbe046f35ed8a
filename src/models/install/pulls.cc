#include "models/install/pulls.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "models/install/child.h"
#include "models/local/frame.h"

namespace bastide::models {
namespace {

/// A line comes with every step and a few times a second between; hashing the largest file takes minutes.
constexpr Millis silence_max{3'600'000};
constexpr double bytes_max = 1e15;

std::uint64_t bytes_of(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number()) return 0;
  return static_cast<std::uint64_t>(std::clamp(found->get<double>(), 0.0, bytes_max));
}

}  // namespace

struct Pulls::One {
  Pull pull;  // under the lock of Pulls
  bool has_ended = false;
  bool is_cancelled = false;
  std::unique_ptr<Child> child;
  Ended ended;
  std::thread thread;

  ~One() {
    if (child) child->kill();
    if (thread.joinable()) thread.join();
  }
};

Pulls::Pulls(std::string own_binary, std::string data_folder)
    : own_binary_(std::move(own_binary)), data_folder_(std::move(data_folder)) {}

Pulls::~Pulls() {
  std::map<std::string, std::shared_ptr<One>> all;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, one] : pulls_) one->is_cancelled = true;
    all.swap(pulls_);
  }
}

Result<void> Pulls::start(const std::string& model, Ended ended) {
  std::shared_ptr<One> gone;  // joined when the lock is free
  const std::lock_guard lock(mutex_);
  const auto is_running = [](const auto& each) { return !each.second->has_ended; };
  if (const auto found = pulls_.find(model); found != pulls_.end()) {
    if (is_running(*found))
      return fail(Code::conflict, fmt::format("{} is being fetched.", model), "pull_running", "Wait for it.");
    gone = std::move(found->second);
    pulls_.erase(found);
  }
  if (static_cast<std::size_t>(std::ranges::count_if(pulls_, is_running)) >= running_max)
    return fail(Code::overloaded, fmt::format("{} models are being fetched at once.", running_max),
                "too_many_pulls", "Wait until one of them is there.");
  auto child = Child::start({own_binary_, "model", "pull", model, "--json", "--data", data_folder_});
  if (!child) return pass(child);
  auto one = std::make_shared<One>();
  one->pull.model = model;
  one->child = std::move(*child);
  one->ended = std::move(ended);
  one->thread = std::thread([this, &it = *one] { follow(it); });
  pulls_.emplace(model, std::move(one));
  return {};
}

/// On the pull's own thread.
void Pulls::follow(One& one) {
  while (auto line = one.child->next_line(silence_max)) take(one, *line);
  one.child->kill();  // it said all; or it hangs
  const int exit_code = one.child->wait();
  std::string model;
  std::optional<Error> error;
  {
    const std::lock_guard lock(mutex_);
    one.has_ended = true;
    if (one.is_cancelled) return;
    if (exit_code != 0 && !one.pull.error)
      one.pull.error =
          Error{Code::unavailable, fmt::format("The process that fetched {} ended.", one.pull.model),
                "pull_died", "Try again; look into the server's log and memory."};
    if (one.pull.error) one.pull.step = Pull::Step::failed;
    model = one.pull.model;
    error = one.pull.error;
  }
  if (one.ended) one.ended(model, error);
}

void Pulls::take(One& one, const std::string& line) {
  const auto json = parse_json(line, 4);
  if (!json || !json->is_object()) return;
  const std::lock_guard lock(mutex_);
  if (json->contains("error")) {
    one.pull.error = local::decode_error(json->at("error").dump());
    return;
  }
  one.pull.step =
      json->value("step", nlohmann::json()) == "checking" ? Pull::Step::checking : Pull::Step::fetching;
  one.pull.done_bytes = bytes_of(*json, "done_bytes");
  one.pull.total_bytes = bytes_of(*json, "total_bytes");
}

bool Pulls::cancel(const std::string& model) {
  std::shared_ptr<One> gone;
  const std::lock_guard lock(mutex_);
  const auto found = pulls_.find(model);
  if (found == pulls_.end()) return false;
  gone = std::move(found->second);
  gone->is_cancelled = true;
  gone->child->kill();
  pulls_.erase(found);
  return true;
}

std::vector<Pull> Pulls::all() const {
  std::vector<Pull> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, one] : pulls_)
    if (!one->has_ended || one->pull.error) out.push_back(one->pull);
  return out;
}

}  // namespace bastide::models
