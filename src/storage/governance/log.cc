#include "storage/governance/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace bastide::storage {
namespace {

using governance::Checkpoint;
using governance::Found;
using governance::Hash;
using governance::Node;

std::string_view view(const Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

/// All zeros for a blob of another size, which then matches nothing.
Hash hash_of(std::string_view bytes) {
  Hash hash{};
  if (bytes.size() == hash.size()) std::memcpy(hash.data(), bytes.data(), bytes.size());
  return hash;
}

/// Nodes as one connection sees them: inside a write, those that it has just stored.
class ConnectionNodes final : public governance::NodeSource {
 public:
  explicit ConnectionNodes(Connection& connection) : connection_(connection) {}
  Result<Hash> at(int level, std::int64_t position) override {
    auto query = level == 0
                     ? connection_.prepare("select leaf from log_entry where position = ?")
                     : connection_.prepare("select hash from log_node where position = ? and level = ?");
    query.bind(1, position);
    if (level != 0) query.bind(2, level);
    if (query.step()) return hash_of(query.view(0));
    return fail(Code::corrupt, fmt::format("The audit log lacks its tree node {}/{}.", level, position),
                "log_node_missing", "Run `bastide audit verify`, and restore a backup.");
  }

 private:
  Connection& connection_;
};

std::int64_t size_of(Connection& connection) {
  auto query = connection.prepare("select coalesce(max(position) + 1, 0) from log_entry");
  query.step();
  return query.integer(0);
}

void insert(Connection& connection, const Checkpoint& checkpoint) {
  connection.prepare("insert into log_checkpoint (size, at, note) values (?, ?, ?) on conflict do nothing")
      .bind_all(checkpoint.size, checkpoint.at, std::string_view(checkpoint.note))
      .run();
}

constexpr std::string_view found_columns =
    "select e.position, e.leaf, e.kind, e.at, e.actor, e.subject, e.commitment, p.owner, p.sealed "
    "from log_entry e left join log_payload p on p.position = e.position ";

Found read_found(const Statement& row) {
  Found found;
  found.entry.position = row.integer(0);
  found.entry.leaf = hash_of(row.view(1));
  found.entry.body = {row.text(2), row.integer(3), row.text(4), row.text(5), hash_of(row.view(6))};
  if (!row.is_null(8)) found.payload = governance::Payload{row.text(7), row.text(8)};
  return found;
}

}  // namespace

Result<Hash> SqliteLog::at(int level, std::int64_t position) {
  return database_.read(
      [&](Connection& connection) { return ConnectionNodes(connection).at(level, position); });
}

Result<std::int64_t> SqliteLog::append(const governance::EntryBody& body, const governance::Payload& payload,
                                       const governance::SignCheckpoint& sign) {
  const auto leaf = governance::leaf_hash(governance::canonical(body));
  const bool is_receipt = body.kind == "exchange";
  return database_.write([&](Connection& connection) -> Result<std::int64_t> {
    if (is_receipt) {
      auto before = connection.prepare("select 1 from log_entry where subject = ? and kind = 'exchange'");
      before.bind(1, std::string_view(body.subject));
      if (before.step())
        return fail(Code::conflict, "This exchange has its receipt already.", "receipt_exists");
    }
    // The frontier is read here, inside the write, so that writers of other threads and processes are seen.
    const auto position = size_of(connection);
    ConnectionNodes nodes(connection);
    auto completed = governance::nodes_completed_by(nodes, position, leaf);
    if (!completed) return pass(completed);
    auto entry = connection.prepare(
        "insert into log_entry (position, leaf, kind, at, actor, subject, commitment) values (?, ?, ?, ?, ?, "
        "?, ?)");
    entry.bind(1, position).bind_blob(2, view(leaf)).bind(3, std::string_view(body.kind)).bind(4, body.at);
    entry.bind(5, std::string_view(body.actor)).bind(6, std::string_view(body.subject));
    entry.bind_blob(7, view(body.commitment)).run();
    for (const auto& node : *completed) {
      auto insert_node = connection.prepare("insert into log_node (level, position, hash) values (?, ?, ?)");
      insert_node.bind(1, node.level).bind(2, node.position).bind_blob(3, view(node.hash)).run();
    }
    auto sealed = connection.prepare("insert into log_payload (position, owner, sealed) values (?, ?, ?)");
    sealed.bind(1, position).bind(2, std::string_view(payload.owner)).bind_blob(3, payload.sealed).run();
    const auto size = position + 1;
    if (size % checkpoint_every == 0) {
      auto root = governance::root_of(nodes, size);
      if (!root) return pass(root);
      insert(connection, sign(size, *root));
    }
    return position;
  });
}

Result<std::int64_t> SqliteLog::size() {
  return database_.read([](Connection& connection) { return size_of(connection); });
}

Result<governance::LogPage> SqliteLog::page(std::int64_t from, std::int64_t count) {
  return database_.read([&](Connection& connection) {
    governance::LogPage page;
    auto entries =
        connection.prepare(std::string(found_columns) + "where e.position >= ? order by e.position limit ?");
    entries.bind_all(from, count);
    while (entries.step()) page.entries.push_back(read_found(entries));
    if (page.entries.empty()) return page;
    // A node over [n << level, (n + 1) << level) is completed by the last of these leaves.
    const auto end = page.entries.back().entry.position + 1;
    for (int level = 1; (end >> level) > 0; ++level) {
      auto nodes = connection.prepare(
          "select position, hash from log_node where level = ? and position >= ? and position < ?");
      nodes.bind_all(level, from >> level, end >> level);
      while (nodes.step()) page.nodes.push_back({level, nodes.integer(0), hash_of(nodes.view(1))});
    }
    return page;
  });
}

Result<Found> SqliteLog::find(std::string_view kind, std::string_view subject) {
  return database_.read([&](Connection& connection) -> Result<Found> {
    auto query = connection.prepare(std::string(found_columns) +
                                    "where e.subject = ? and e.kind = ? order by e.position desc limit 1");
    query.bind_all(subject, kind);
    if (query.step()) return read_found(query);
    return fail(Code::not_found, "There is no such entry in the audit log.", "unknown_entry");
  });
}

Result<std::vector<Checkpoint>> SqliteLog::checkpoints(std::int64_t after, std::int64_t count) {
  return database_.read([&](Connection& connection) {
    std::vector<Checkpoint> found;
    auto query =
        connection.prepare("select size, at, note from log_checkpoint where size > ? order by size limit ?");
    query.bind_all(after, count);
    while (query.step()) found.push_back({query.integer(0), query.integer(1), query.text(2)});
    return found;
  });
}

Result<std::optional<Checkpoint>> SqliteLog::latest_checkpoint() {
  return database_.read([](Connection& connection) {
    std::optional<Checkpoint> found;
    auto query = connection.prepare("select size, at, note from log_checkpoint order by size desc limit 1");
    if (query.step()) found = Checkpoint{query.integer(0), query.integer(1), query.text(2)};
    return found;
  });
}

Result<void> SqliteLog::add_checkpoint(const Checkpoint& checkpoint) {
  return database_.write([&](Connection& connection) { insert(connection, checkpoint); });
}

Result<std::int64_t> SqliteLog::forget(std::string_view owner) {
  return database_.write([&](Connection& connection) {
    connection.prepare("delete from log_payload where owner = ?").bind_all(owner).run();
    return connection.changes();
  });
}

}  // namespace bastide::storage
