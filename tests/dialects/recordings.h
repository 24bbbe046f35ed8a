// Recorded answers and streams of providers, and what tests of codecs do with them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "dialects/codec.h"

namespace bastide::dialects::test {

using Json = nlohmann::json;

/// "…/wire/FOLDER"; empty when the data is not there.
inline std::string recordings(const std::string& folder) {
  const char* given = std::getenv("BASTIDE_TEST_DATA");
  const std::string root = given ? given : std::string(BASTIDE_SOURCE_DIR) + "/../shared/data";
  const auto path = root + "/wire/" + folder;
  return std::filesystem::is_directory(path) ? path : std::string();
}

inline std::string file_text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Files of `folder` that end so, in order; not those of folders within.
inline std::vector<std::string> files_of(const std::string& folder, const std::string& ending) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().string().ends_with(ending))
      out.push_back(entry.path().string());
  std::ranges::sort(out);
  return out;
}

inline std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) out.push_back(line);
  return out;
}

/// Whether all that `wanted` says stands in `given`; what `wanted` leaves null may be missing. The path of
/// the first difference, else "".
inline std::string missing(const Json& wanted, const Json& given, const std::string& path = "$") {
  if (wanted.is_null() || wanted == given) return {};
  if (wanted.is_object() && given.is_object()) {
    for (const auto& [key, value] : wanted.items()) {
      if (value.is_null() || (value.is_array() && value.empty() && !given.contains(key))) continue;
      if (!given.contains(key)) return path + "." + key + " is missing";
      if (auto inner = missing(value, given[key], path + "." + key); !inner.empty()) return inner;
    }
    return {};
  }
  if (wanted.is_array() && given.is_array() && wanted.size() == given.size()) {
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (auto inner = missing(wanted[i], given[i], path + "[" + std::to_string(i) + "]"); !inner.empty())
        return inner;
    return {};
  }
  return path + ": wanted " + wanted.dump().substr(0, 200) + ", given " + given.dump().substr(0, 200);
}

/// What a stream says, put together as a client does.
struct Heard {
  Start start;
  std::vector<Part> parts;
  Usage usage;
  bool has_usage = false;
  std::vector<Finished> finished;
  bool ended = false;
  std::optional<Error> failure;
  std::string wrong;  // how the order of events was broken
};

inline void hear(const StreamEvent& event, Heard& out, bool& open) {
  const auto last = [&]() -> Part* {
    if (!open) {
      out.wrong = "a delta without a part";
      return nullptr;
    }
    return &out.parts.back();
  };
  if (out.ended || out.failure) out.wrong = "an event after the end";
  if (const auto* it = std::get_if<Start>(&event)) out.start = *it;
  if (const auto* it = std::get_if<PartStart>(&event)) {
    if (open) out.wrong = "a part within a part";
    if (it->index != static_cast<int>(out.parts.size())) out.wrong = "parts are not counted";
    out.parts.push_back(it->part);
    open = true;
  }
  if (const auto* it = std::get_if<TextDelta>(&event))
    if (auto* part = last()) {
      if (auto* text = std::get_if<Text>(&part->content))
        text->text += it->text;
      else
        out.wrong = "text in another part";
    }
  if (const auto* it = std::get_if<ReasoningDelta>(&event))
    if (auto* part = last()) {
      if (auto* thought = std::get_if<Reasoning>(&part->content))
        thought->text += it->text;
      else
        out.wrong = "reasoning in another part";
    }
  if (const auto* it = std::get_if<SignatureDelta>(&event))
    if (auto* part = last()) part->signature = it->signature;
  if (const auto* it = std::get_if<ArgumentsDelta>(&event))
    if (auto* part = last()) {
      if (auto* call = std::get_if<ToolCall>(&part->content))
        call->arguments += it->text;
      else
        out.wrong = "arguments in another part";
    }
  if (const auto* it = std::get_if<CitationAdded>(&event))
    if (auto* part = last()) std::get<Text>(part->content).citations.push_back(it->citation);
  if (const auto* it = std::get_if<PartEnd>(&event)) {
    if (!open) out.wrong = "an end without a part";
    open = false;
    if (!it->raw_json.empty() && !out.parts.empty())
      std::get<Raw>(out.parts.back().content).json = it->raw_json;
  }
  if (const auto* it = std::get_if<UsageGiven>(&event)) {
    out.usage = it->usage;
    out.has_usage = true;
  }
  if (const auto* it = std::get_if<Finished>(&event)) out.finished.push_back(*it);
  if (std::holds_alternative<End>(event)) out.ended = true;
  if (const auto* it = std::get_if<Failure>(&event)) out.failure = it->error;
}

/// Feeds all events and the end of the connection.
inline Heard hear_stream(const Codec& codec, const std::vector<std::pair<std::string, std::string>>& events,
                         std::vector<StreamEvent>* all = nullptr) {
  auto decoder = codec.stream_decoder();
  std::vector<StreamEvent> out;
  Heard heard;
  for (const auto& [name, data] : events)
    if (auto fed = decoder->feed(name, data, out); !fed) {
      heard.failure = fed.error();
      break;
    }
  if (!heard.failure)
    if (auto done = decoder->finish(out); !done) heard.failure = done.error();
  const auto failure = std::exchange(heard.failure, std::nullopt);
  bool open = false;
  for (const auto& event : out) hear(event, heard, open);
  if (open && heard.ended) heard.wrong = "a part without an end";
  if (failure) heard.failure = failure;
  if (all) *all = std::move(out);
  return heard;
}

/// Frames of our own encoders: (event, data).
inline std::vector<std::pair<std::string, std::string>> frames_of(const std::string& bytes) {
  std::vector<std::pair<std::string, std::string>> out;
  std::istringstream in(bytes);
  std::string event;
  std::string data;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("event: ")) event = line.substr(7);
    if (line.starts_with("data: ")) data = line.substr(6);
    if (line.empty() && !data.empty()) {
      out.emplace_back(std::exchange(event, {}), std::exchange(data, {}));
    }
  }
  return out;
}

inline std::string encode_stream(const Codec& codec, const std::vector<StreamEvent>& events, Losses& losses,
                                 const StreamIdentity& identity = {}) {
  auto encoder = codec.stream_encoder(identity);
  std::string out;
  for (const auto& event : events) encoder->feed(event, out, losses);
  return out;
}

}  // namespace bastide::dialects::test
