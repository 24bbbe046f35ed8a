#include "notices/postman.h"

#include <algorithm>

#include "base/log.h"
#include "base/time.h"

namespace bastide::notices {

Postman::Postman(Rooms rooms, LetterFrame frame)
    : rooms_(std::move(rooms)),
      frame_(std::move(frame)),
      sent_(rooms_.metrics.counter("bastide_letters_sent_total", "Letters that the mail server took.")),
      failed_(
          rooms_.metrics.counter("bastide_letters_failed_total", "Attempts to send a letter that failed.")),
      thread_([this] { work(); }) {}

Postman::~Postman() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool Postman::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Postman::work() {
  while (!stopping()) {
    send_due();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, looks_every, [this] { return stopping_; });
  }
}

std::optional<Millis> Postman::pause_after(int tries) {
  if (tries >= tries_max) return std::nullopt;
  Millis pause = first_pause;
  for (int i = 1; i < tries && pause < longest_pause; ++i) pause *= 2;
  return std::min(pause, longest_pause);
}

Result<void> Postman::send(const DueLetter& letter) {
  auto addressee = rooms_.address_of(letter.notice.person);
  if (!addressee) return pass(addressee);
  if (!*addressee) return fail(Code::invalid, "Nobody is there to be told.", "gone");
  return rooms_.send((*addressee)->email,
                     letter_of(letter.notice, (*addressee)->email, (*addressee)->language, frame_));
}

void Postman::send_due() {
  const auto due = rooms_.store.due(now_ms(), letters_a_look);
  if (!due) {
    log::warn("letters_not_read", {{"code", code_name(due.error().code)}});
    return;
  }
  for (const auto& letter : *due) {
    if (stopping()) return;
    Result<void> noted;
    if (const auto sent = send(letter)) {
      sent_.add();
      noted = rooms_.store.letter_sent(letter.notice.id, now_ms());
    } else {
      failed_.add();
      const auto pause = sent.error().code == Code::invalid ? std::nullopt : pause_after(letter.tries + 1);
      log::warn(pause ? "letter_failed" : "letter_given_up", {{"notice", letter.notice.id},
                                                              {"code", code_name(sent.error().code)},
                                                              {"detail", sent.error().detail}});
      noted = rooms_.store.letter_failed(letter.notice.id, pause ? now_ms() + pause->count() : 0);
    }
    if (!noted) log::warn("letter_not_noted", {{"code", code_name(noted.error().code)}});
  }
}

}  // namespace bastide::notices
