// Recordings and comparisons for the tests of all codecs.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/codec.h"
#include "dialects/collect.h"

namespace bastide::dialects::testing {

inline std::filesystem::path wire_folder() {
  const char* data = std::getenv("BASTIDE_TEST_DATA");
  return std::filesystem::path(data != nullptr ? data : BASTIDE_SOURCE_DIR "/../shared/data") / "wire";
}

/// Files below wire/`folder` whose names end in `ending`, sorted.
inline std::vector<std::filesystem::path> recordings(const std::string& folder, std::string_view ending) {
  std::vector<std::filesystem::path> out;
  const auto root = wire_folder() / folder;
  if (!std::filesystem::exists(root)) return out;
  for (const auto& entry : std::filesystem::directory_iterator(root))
    if (entry.is_regular_file() && entry.path().string().ends_with(ending)) out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The data of each event of a recorded stream: one JSON value after the other.
inline std::vector<std::string> chunks(const std::filesystem::path& path) {
  std::vector<std::string> out;
  std::string pending;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("data:")) line = line.substr(line.find_first_not_of(' ', 5));
    pending += line;
    if (pending.empty() || pending.find_first_not_of(" \r\t") == std::string::npos) continue;
    if (pending != "[DONE]" && !nlohmann::json::accept(pending)) continue;  // goes on in the next line
    out.push_back(std::move(pending));
    pending.clear();
  }
  EXPECT_TRUE(pending.empty()) << path << ": " << pending.substr(0, 80);
  return out;
}

struct Frame {
  std::string event;
  std::string data;
};

/// What encoders wrote, taken apart again.
inline std::vector<Frame> frames(std::string_view bytes) {
  std::vector<Frame> out;
  while (!bytes.empty()) {
    const auto end = bytes.find("\n\n");
    EXPECT_NE(end, std::string_view::npos) << "a frame without its end";
    if (end == std::string_view::npos) break;
    auto block = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    Frame frame;
    while (!block.empty()) {
      const auto line = block.substr(0, block.find('\n'));
      block.remove_prefix(std::min(block.size(), line.size() + 1));
      if (line.starts_with("event: ")) frame.event = line.substr(7);
      if (line.starts_with("data: ")) frame.data = line.substr(6);
    }
    if (!frame.data.empty()) out.push_back(std::move(frame));
  }
  return out;
}

/// All events of a stream whose data are given, its end included. Events' names are taken from `type`.
inline Result<std::vector<StreamEvent>> decode_all(const Codec& codec, const std::vector<std::string>& data) {
  std::vector<StreamEvent> out;
  auto decoder = codec.stream_decoder();
  for (const auto& each : data) {
    const auto json = nlohmann::json::parse(each, nullptr, false);
    const auto name = json.is_object() ? json.value("type", "") : "";
    if (auto fed = decoder->feed(name, each, out); !fed) return std::unexpected(fed.error());
  }
  if (auto done = decoder->finish(out); !done) return std::unexpected(done.error());
  return out;
}

inline std::string encode_all(const Codec& codec, const std::vector<StreamEvent>& events, Losses& losses,
                              const StreamIdentity& identity = {}) {
  std::string out;
  auto encoder = codec.stream_encoder(identity);
  for (const auto& event : events) encoder->feed(event, out, losses);
  return out;
}

inline ChatAnswer collect(const std::vector<StreamEvent>& events) {
  Collector collector;
  for (const auto& event : events) EXPECT_TRUE(collector.feed(event));
  return collector.take();
}

/// Checks that parts come one after the other, and that one End or Failure closes the stream.
inline void expect_in_order(const std::vector<StreamEvent>& events) {
  std::set<int> open;
  bool over = false;
  for (const auto& event : events) {
    EXPECT_FALSE(over) << "an event after the end";
    if (const auto* it = std::get_if<PartStart>(&event)) EXPECT_TRUE(open.insert(it->choice).second);
    if (const auto* it = std::get_if<PartEnd>(&event)) EXPECT_EQ(open.erase(it->choice), 1U);
    if (const auto* it = std::get_if<TextDelta>(&event)) EXPECT_TRUE(open.contains(it->choice));
    if (const auto* it = std::get_if<ArgumentsDelta>(&event)) EXPECT_TRUE(open.contains(it->choice));
    if (const auto* it = std::get_if<Finished>(&event)) EXPECT_FALSE(open.contains(it->choice));
    over = std::holds_alternative<End>(event) || std::holds_alternative<Failure>(event);
  }
  EXPECT_TRUE(over);
}

/// null, 0, "", [] and {} are what absence means; fields named in `ignored` are left out.
inline nlohmann::json normal(const nlohmann::json& value, const std::set<std::string>& ignored) {
  using nlohmann::json;
  const auto empty = [](const json& it) {
    return it.is_null() || it == json("") || ((it.is_array() || it.is_object()) && it.empty()) ||
           (it.is_number() && it.get<double>() == 0);
  };
  if (value.is_object()) {
    json out = json::object();
    for (const auto& [key, inner] : value.items()) {
      if (ignored.contains(key)) continue;
      auto kept = normal(inner, ignored);
      if (!empty(kept)) out[key] = std::move(kept);
    }
    return out;
  }
  if (value.is_array()) {
    json out = json::array();
    for (const auto& inner : value) out.push_back(normal(inner, ignored));
    return out;
  }
  return value;
}

inline void expect_same_json(std::string_view before, std::string_view after,
                             const std::set<std::string>& ignored = {}) {
  const auto a = nlohmann::json::parse(before, nullptr, false);
  const auto b = nlohmann::json::parse(after, nullptr, false);
  ASSERT_FALSE(a.is_discarded());
  ASSERT_FALSE(b.is_discarded()) << after;
  const auto from = normal(a, ignored);
  const auto to = normal(b, ignored);
  if (from != to) ADD_FAILURE() << nlohmann::json::diff(from, to).dump(1).substr(0, 2000);
}

/// Each recorded answer, decoded and encoded in its own dialect, says the same.
inline void expect_answers_round_trip(const Codec& codec, const std::string& folder,
                                      const std::function<bool(const std::string&)>& wanted,
                                      const std::set<std::string>& ignored) {
  std::size_t tried = 0;
  for (const auto& path : recordings(folder, ".json")) {
    if (!wanted(path.filename().string())) continue;
    SCOPED_TRACE(path.filename().string());
    const auto body = contents(path);
    const auto answer = codec.decode_answer(body);
    ASSERT_TRUE(answer) << answer.error().message;
    Losses losses;
    expect_same_json(body, codec.encode_answer(*answer, losses), ignored);
    EXPECT_TRUE(losses.empty()) << losses.front().field << ": " << losses.front().sentence;
    ++tried;
  }
  EXPECT_GT(tried, 0U);
}

/// Each recorded stream, decoded, encoded and decoded again in its own dialect, comes to the same answer.
inline void expect_streams_round_trip(const Codec& codec, const std::string& folder,
                                      const std::function<bool(const std::string&)>& wanted) {
  std::size_t tried = 0;
  for (const auto& path : recordings(folder, ".chunks.txt")) {
    if (!wanted(path.filename().string())) continue;
    SCOPED_TRACE(path.filename().string());
    const auto events = decode_all(codec, chunks(path));
    ASSERT_TRUE(events) << events.error().message;
    expect_in_order(*events);
    Losses losses;
    std::vector<std::string> data;
    for (auto& frame : frames(encode_all(codec, *events, losses))) data.push_back(std::move(frame.data));
    const auto again = decode_all(codec, data);
    ASSERT_TRUE(again) << again.error().message;
    expect_in_order(*again);
    expect_same_json(codec.encode_answer(collect(*events), losses),
                     codec.encode_answer(collect(*again), losses));
    EXPECT_TRUE(losses.empty()) << losses.front().field << ": " << losses.front().sentence;
    ++tried;
  }
  EXPECT_GT(tried, 0U);
}

}  // namespace bastide::dialects::testing
