#include "app/key_keeper.h"

#include "base/json.h"
#include "base/log.h"

namespace bastide::app {
namespace {
constexpr Millis pause{1000};
}

KeyKeeper::KeyKeeper(KeyRings& rings, governance::Audit& audit)
    : rings_(rings), audit_(audit), thread_([this] { work(); }) {}

KeyKeeper::~KeyKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void KeyKeeper::work() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, pause, [this] { return stopping_; })) {
    lock.unlock();
    look_now();
    lock.lock();
  }
}

void KeyKeeper::look_now() {
  rings_.follow_files();
  for (const auto& alert : rings_.take_alerts()) {
    log::error("provider_key_" + alert.reason, {{"provider", alert.provider}, {"key", alert.key}});
    auto told = audit_.append("provider_key_" + alert.reason, "", "provider:" + alert.provider,
                              JsonWriter().object().field("key", alert.key).end().take());
    if (!told) log::error("provider_key_not_logged", {{"code", code_name(told.error().code)}});
  }
}

}  // namespace bastide::app
