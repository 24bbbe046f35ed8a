// SQLite as the house uses it: WAL, one writing thread with group commit, many readers.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bastide::storage {

/// A prepared statement being used. Reset and returned to its connection's cache at the end of its life.
///   auto query = connection.prepare("select name from person where id = ?");
///   query.bind(1, id);
///   while (query.step()) use(query.text(0));
/// Errors of SQLite throw SqliteError, which Database::read and Database::write turn into a Result.
class Statement {
 public:
  /// `in_use` belongs to the connection's cache and is cleared at the end; null: the statement is finalised
  /// instead.
  Statement(sqlite3_stmt* statement, bool* in_use) : statement_(statement), in_use_(in_use) {}
  Statement(Statement&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)), in_use_(other.in_use_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// 1-based, as in SQL. Text and blobs are copied.
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);
  Statement& bind(int index, double number);
  template <std::integral T>
  Statement& bind(int index, T number) {
    return bind_int(index, static_cast<std::int64_t>(number));
  }
  /// Null when there is no value.
  template <class T>
  Statement& bind(int index, const std::optional<T>& maybe) {
    return maybe ? bind(index, *maybe) : bind_null(index);
  }
  /// Binds each argument in turn from 1.
  template <class... A>
  Statement& bind_all(const A&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }
  /// True when there is a row.
  bool step();
  /// Steps to the end.
  void run();
  void reset();

  /// 0-based. Views live until the next step.
  [[nodiscard]] std::string_view view(int column) const;
  [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  Statement& bind_int(int index, std::int64_t number);
  sqlite3_stmt* statement_;
  bool* in_use_;
};

/// One connection, one thread at a time.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Cached by its text, which is SQL from our code, never from input.
  virtual Statement prepare(std::string_view sql) = 0;
  /// Runs statements without results.
  virtual void execute(std::string_view sql) = 0;
  [[nodiscard]] virtual std::int64_t changes() = 0;
  [[nodiscard]] virtual std::int64_t last_rowid() = 0;
  [[nodiscard]] virtual sqlite3* handle() = 0;
};

namespace detail {
/// Thrown inside a body to roll it back with an error.
struct Rollback {
  Error error;
};
}  // namespace detail

/// When a write is acknowledged. `flushed`: it is on the disk (fsync), and survives a power cut. `buffered`:
/// the kernel has it, and it survives kill -9 of the process: for the pieces of a running answer.
enum class Durability { flushed, buffered };

/// Thread-safe. `read` and `write` block: call them on a pool, never on a loop. Functions may return a value
/// or a Result; an error rolls the function's own changes back (a savepoint) without touching its group's. A
/// full disk is Code::storage_full. A function of `write` runs once, on the writing thread, must not call
/// `write` itself, and keeps no Statement beyond its end. Exceptions that are not SqliteError are bugs: they
/// reach the caller.
class Database {
 public:
  /// Opens or creates, brings the schema up to date with the numbered migrations (src/storage/migrations).
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  virtual ~Database() = default;

  template <class Fn>
  auto read(Fn fn) {
    using Value = std::invoke_result_t<Fn, Connection&>;
    return collect<Value>([&](const std::function<void(Connection&)>& body) { return read_raw(body); }, fn);
  }
  template <class Fn>
  auto write(Fn fn, Durability durability = Durability::flushed) {
    using Value = std::invoke_result_t<Fn, Connection&>;
    return collect<Value>(
        [&](const std::function<void(Connection&)>& body) { return write_raw(body, durability); }, fn);
  }

  /// A consistent copy of the whole database into a new file, while others read and write.
  virtual Result<void> backup_to(const std::string& path) = 0;

 protected:
  virtual Result<void> read_raw(const std::function<void(Connection&)>& body) = 0;
  virtual Result<void> write_raw(const std::function<void(Connection&)>& body, Durability durability) = 0;

 private:
  template <class T>
  struct IsResult : std::false_type {};
  template <class T>
  struct IsResult<Result<T>> : std::true_type {};

  template <class Value, class Run, class Fn>
  static auto collect(Run run, Fn& fn) {
    if constexpr (std::is_void_v<Value>) {
      return run([&](Connection& c) { fn(c); });
    } else if constexpr (IsResult<Value>::value) {
      Value out = fail(Code::internal, "A database function did not run.");
      auto ran = run([&](Connection& c) {
        out = fn(c);
        if (!out) throw detail::Rollback{out.error()};
      });
      if (!ran) return Value(std::unexpected(ran.error()));
      return out;
    } else {
      std::optional<Value> out;
      auto ran = run([&](Connection& c) { out.emplace(fn(c)); });
      if (!ran) return Result<Value>(std::unexpected(ran.error()));
      return Result<Value>(std::move(*out));
    }
  }
};

}  // namespace bastide::storage
