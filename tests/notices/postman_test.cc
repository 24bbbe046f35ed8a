#include "notices/postman.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <map>

namespace bastide::notices {
namespace {

using ::testing::ElementsAre;

// Letters that are due, in memory.
struct FakeStore final : NoticeStore {
  Result<std::size_t> add(const std::vector<Notice>&, Letters) override { return 0U; }
  Result<std::vector<Notice>> unread(std::string_view, std::size_t) override { return std::vector<Notice>{}; }
  Result<void> read(std::string_view, std::string_view, UnixMillis) override { return {}; }
  Result<std::vector<DueLetter>> due(UnixMillis, std::size_t) override {
    const std::lock_guard lock(mutex);
    std::vector<DueLetter> out;
    for (const auto& [id, person] : letters) out.push_back({{id, person, 1, {}}, tries});
    return out;
  }
  Result<void> letter_sent(std::string_view id, UnixMillis) override { return note("sent", id); }
  Result<void> letter_failed(std::string_view id, UnixMillis next_at) override {
    return note(next_at == 0 ? "given up" : "later", id);
  }
  Result<void> remove_all(std::string_view) override { return {}; }
  Result<std::size_t> sweep(UnixMillis) override { return 0U; }

  Result<void> note(const std::string& what, std::string_view id) {
    const std::lock_guard lock(mutex);
    letters.erase(std::string(id));
    noted.push_back(what + " " + std::string(id));
    return {};
  }
  /// Waits until so many were noted.
  std::vector<std::string> wait_for(std::size_t count) {
    for (int i = 0; i < 2000; ++i) {
      {
        const std::lock_guard lock(mutex);
        if (noted.size() >= count) return noted;
      }
      std::this_thread::sleep_for(Millis(1));
    }
    return {};
  }
  std::mutex mutex;
  std::map<std::string, std::string> letters;
  std::vector<std::string> noted;
  int tries = 0;
};

TEST(Postman, SendsWhatIsDueTriesAgainAndGivesUpWhatIsRefused) {
  Metrics metrics;
  FakeStore store;
  store.letters = {{"a", "ada"}, {"b", "bob"}, {"c", "eve"}, {"d", "gone"}};
  const auto send = [](const std::string& to, const std::string&) -> Result<void> {
    if (to == "bob@example.org") return fail(Code::upstream, "Down.", "mail_unreachable");
    if (to == "eve@example.org") return fail(Code::invalid, "No.", "letter_refused");
    return {};
  };
  const auto address_of = [](std::string_view person) -> Result<std::optional<Addressee>> {
    if (person == "gone") return std::nullopt;
    return Addressee{std::string(person) + "@example.org", "fr"};
  };
  const Postman postman({store, send, address_of, metrics}, {"b@example.org", "Bastide", "http://x"});
  EXPECT_THAT(store.wait_for(4), ElementsAre("sent a", "later b", "given up c", "given up d"));
}

TEST(Postman, WaitsLongerEachTimeAndNotForEver) {
  EXPECT_EQ(Postman::pause_after(1), Millis(60'000));
  EXPECT_EQ(Postman::pause_after(3), Millis(240'000));
  EXPECT_EQ(Postman::pause_after(11), Postman::longest_pause);
  EXPECT_FALSE(Postman::pause_after(Postman::tries_max));
}

}  // namespace
}  // namespace bastide::notices
