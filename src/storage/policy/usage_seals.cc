#include "storage/policy/usage_seals.h"

namespace bastide::storage {

Result<void> UsageSealStore::add(const UsageSeal& seal) {
  return database_.write([&](Connection& connection) {
    connection.prepare("insert into usage_seal values (?, ?, ?, ?)")
        .bind_all(std::string_view(seal.segment), seal.from_row, seal.to_row, seal.words_to)
        .run();
  });
}

Result<std::int64_t> UsageSealStore::sealed_rows(std::string_view segment) {
  return database_.read([&](Connection& connection) {
    auto query = connection.prepare("select coalesce(max(to_row), 0) from usage_seal where segment = ?");
    query.bind_all(segment);
    query.step();
    return query.integer(0);
  });
}

Result<std::int64_t> UsageSealStore::sealed_words_bytes() {
  return database_.read([](Connection& connection) {
    auto query = connection.prepare("select coalesce(max(words_to), 0) from usage_seal");
    query.step();
    return query.integer(0);
  });
}

Result<std::optional<UsageSeal>> UsageSealStore::covering(std::string_view segment, std::int64_t row) {
  return database_.read([&](Connection& connection) {
    std::optional<UsageSeal> found;
    auto query = connection.prepare(
        "select from_row, to_row, words_to from usage_seal"
        " where segment = ? and from_row <= ? and to_row > ?");
    query.bind_all(segment, row, row);
    if (query.step())
      found = UsageSeal{std::string(segment), query.integer(0), query.integer(1), query.integer(2)};
    return found;
  });
}

}  // namespace bastide::storage
