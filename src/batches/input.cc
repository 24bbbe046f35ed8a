#include "batches/input.h"

#include <fmt/format.h>

#include <cstring>

#include "base/text.h"

namespace bastide::batches {

std::size_t InputScan::DigestHash::operator()(const Sha256& digest) const {
  std::size_t out = 0;
  std::memcpy(&out, digest.data(), sizeof(out));
  return out;
}

void InputScan::feed(std::string_view bytes) {
  while (!bytes.empty() && !has_enough()) {
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    if (begun_.size() + part.size() > bounds_.line_bytes_max) {
      ++number_;
      too_much_ = true;
      return fault({"line_too_long",
                    fmt::format("The line is longer than {} MB.", bounds_.line_bytes_max / (1024 * 1024))});
    }
    if (end == std::string_view::npos) {
      begun_ += part;
      return;
    }
    if (begun_.empty()) {
      take(part);
    } else {
      begun_ += part;
      take(begun_);
      begun_.clear();
    }
    ++place_;  // the end of the line
    bytes.remove_prefix(end + 1);
  }
}

void InputScan::finish() {
  if (!begun_.empty() && !has_enough()) take(begun_);
  if (lines_.empty() && faults_.empty())
    faults_.push_back({"empty_file", "The input file holds no requests."});
}

void InputScan::take(std::string_view line) {
  ++number_;
  const auto place = place_;
  place_ += static_cast<std::int64_t>(line.size());
  if (trim(line).empty()) return;
  if (static_cast<std::int64_t>(lines_.size()) == bounds_.lines_max) {
    too_much_ = true;
    return fault({"too_many_tasks", fmt::format("A batch has at most {} requests.", bounds_.lines_max)});
  }
  auto read = reader_.read(line, ask_);
  if (!read) return fault(std::move(read.error()));
  if (!read->custom_id.empty() && !seen_.insert(sha256(read->custom_id)).second)
    return fault({"duplicate_custom_id", "This custom_id stands on another line already.", "custom_id"});
  lines_.push_back({number_, place, static_cast<std::int64_t>(line.size())});
}

void InputScan::fault(dialects::LineFault found) {
  faults_.push_back({std::move(found.code), std::move(found.message), std::move(found.param), number_});
}

}  // namespace bastide::batches
