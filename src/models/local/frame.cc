#include "models/local/frame.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error_text.h"
#include "base/text.h"

namespace bastide::models::local {
namespace {

constexpr std::size_t head_bytes = 4 + 1 + 8;
constexpr std::size_t dimension_max = 65'536;
constexpr std::int64_t retry_after_s_max = 86'400;

template <class T>
void put(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

template <class T>
T get(std::string_view bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

bool known(std::uint8_t kind) { return (kind >= 1 && kind <= 6) || (kind >= 16 && kind <= 30); }

std::unexpected<Error> damaged(const char* what) {
  return fail(Code::corrupt, std::string("The model's process sent ") + what + ".", "worker_protocol");
}

}  // namespace

void append_frame(std::string& out, FrameKind kind, std::uint64_t call, std::string_view body) {
  put(out, static_cast<std::uint32_t>(body.size()));
  put(out, static_cast<std::uint8_t>(kind));
  put(out, call);
  out.append(body);
}

Result<void> FrameParser::feed(std::string_view bytes, std::vector<Frame>& out) {
  if (broken_) return damaged("a message after a damaged one");
  pending_.append(bytes);
  std::size_t at = 0;
  while (pending_.size() - at >= head_bytes) {
    const std::size_t size = get<std::uint32_t>(pending_, at);
    const auto kind = get<std::uint8_t>(pending_, at + 4);
    if (size > body_max_bytes_ || !known(kind)) {
      broken_ = true;
      return damaged(known(kind) ? "a message that is too long" : "a message of an unknown kind");
    }
    if (pending_.size() - at - head_bytes < size) break;
    out.push_back({static_cast<FrameKind>(kind), get<std::uint64_t>(pending_, at + 5),
                   pending_.substr(at + head_bytes, size)});
    at += head_bytes + size;
  }
  pending_.erase(0, at);
  return {};
}

std::string encode(const FinishBody& finish) {
  std::string out;
  put(out, static_cast<std::uint8_t>(finish.reason));
  put(out, finish.input_tokens);
  put(out, finish.output_tokens);
  put(out, finish.cached_tokens);
  put(out, finish.guessed_tokens);
  put(out, finish.guessed_right);
  for (const double number : {finish.joules, finish.queue_s, finish.prompt_s, finish.answer_s})
    put(out, number);
  return out;
}

Result<FinishBody> decode_finish(std::string_view body) {
  if (body.size() != 53 || static_cast<std::uint8_t>(body[0]) > 3)
    return damaged("a damaged end of an answer");
  FinishBody out;
  out.reason = static_cast<FinishReason>(body[0]);
  out.input_tokens = get<std::uint32_t>(body, 1);
  out.output_tokens = get<std::uint32_t>(body, 5);
  out.cached_tokens = get<std::uint32_t>(body, 9);
  out.guessed_tokens = get<std::uint32_t>(body, 13);
  out.guessed_right = get<std::uint32_t>(body, 17);
  std::size_t at = 21;
  for (double* number : {&out.joules, &out.queue_s, &out.prompt_s, &out.answer_s}) {
    *number = get<double>(body, at);
    if (!std::isfinite(*number) || *number < 0) return damaged("a damaged end of an answer");
    at += sizeof(double);
  }
  return out;
}

std::string encode_number(std::uint32_t number) {
  std::string out;
  put(out, number);
  return out;
}

Result<std::uint32_t> decode_number(std::string_view body) {
  if (body.size() != 4) return damaged("a damaged number");
  return get<std::uint32_t>(body, 0);
}

std::string encode(const QueuedBody& queued) {
  std::string out;
  put(out, queued.place);
  put(out, queued.wait_s);
  return out;
}

Result<QueuedBody> decode_queued(std::string_view body) {
  if (body.size() != 8) return damaged("a damaged place in the queue");
  return QueuedBody{get<std::uint32_t>(body, 0), get<std::uint32_t>(body, 4)};
}

std::string encode(const VectorsBody& body) {
  std::string out;
  put(out, body.tokens);
  put(out, body.texts_cut);
  put(out, static_cast<std::uint32_t>(body.vectors.size()));
  put(out, static_cast<std::uint32_t>(body.vectors.empty() ? 0 : body.vectors.front().size()));
  for (const auto& vector : body.vectors)
    for (const float number : vector) put(out, number);
  return out;
}

Result<VectorsBody> decode_vectors(std::string_view body, std::size_t expected) {
  constexpr std::size_t head = 16;
  if (body.size() < head) return damaged("damaged vectors");
  const std::size_t count = get<std::uint32_t>(body, 8);
  const std::size_t dimension = get<std::uint32_t>(body, 12);
  if (count != expected || dimension > dimension_max ||
      body.size() != head + count * dimension * sizeof(float))
    return damaged("damaged vectors");
  VectorsBody out{get<std::uint32_t>(body, 0), get<std::uint32_t>(body, 4),
                  std::vector<std::vector<float>>(count, std::vector<float>(dimension))};
  std::size_t at = head;
  for (auto& vector : out.vectors)
    for (float& number : vector) {
      number = get<float>(body, at);
      at += sizeof(float);
      if (!std::isfinite(number)) return damaged("a vector that is not a number");
    }
  return out;
}

std::string encode(const ScoresBody& scores) {
  std::string out;
  put(out, scores.tokens);
  put(out, scores.documents_cut);
  put(out, static_cast<std::uint32_t>(scores.scores.size()));
  for (const float score : scores.scores) put(out, score);
  return out;
}

Result<ScoresBody> decode_scores(std::string_view body, std::size_t expected) {
  constexpr std::size_t head = 12;
  if (body.size() != head + expected * sizeof(float) || get<std::uint32_t>(body, 8) != expected)
    return damaged("damaged scores");
  ScoresBody out{get<std::uint32_t>(body, 0), get<std::uint32_t>(body, 4), {}};
  for (std::size_t i = 0; i < expected; ++i) {
    out.scores.push_back(get<float>(body, head + i * sizeof(float)));
    if (!std::isfinite(out.scores.back())) return damaged("a score that is not a number");
  }
  return out;
}

std::string encode_error(const Error& error) {
  JsonWriter json;
  json.object()
      .field("code", code_name(error.code))
      .field("message", error.message)
      .field("detail", error.detail);
  json.field("action", error.action).field("retry_after_s", error.retry_after_s).key("values");
  write_values(json, error.values);
  return json.end().take();
}

Error decode_error(std::string_view body) {
  Error error{Code::internal, "The model's process failed without a reason.", "worker_protocol"};
  const auto json = parse_json(body, 4);
  if (!json || !json->is_object()) return error;
  const auto text = [&](const char* name) {
    const auto found = json->find(name);
    return found != json->end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  for (const Code code :
       {Code::invalid, Code::not_found, Code::too_large, Code::unsupported, Code::cancelled, Code::overloaded,
        Code::rate_limited, Code::unavailable, Code::timeout, Code::upstream, Code::corrupt})
    if (text("code") == code_name(code)) error.code = code;
  if (auto message = text("message"); !message.empty()) error.message = std::move(message);
  error.detail = text("detail");
  error.action = text("action");
  if (const auto wait = json->find("retry_after_s"); wait != json->end() && wait->is_number_integer())
    error.retry_after_s = std::clamp<std::int64_t>(wait->get<std::int64_t>(), 0, retry_after_s_max);
  if (const auto values = json->find("values"); values != json->end()) error.values = read_values(*values);
  return error;
}

}  // namespace bastide::models::local
