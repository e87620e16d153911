// SQLite as objects that close themselves and errors that are thrown.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "sealos/sdk/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace sealos::cache {

/// One connection. Used by one thread at a time.
class Database {
 public:
  /// Opens the file, or makes it; waits up to `patience_ms` for the locks of other processes.
  /// Throws SEALOS_IO, as all of this does.
  Database(const std::string& path, int patience_ms);

  void run(const char* sql);
  sqlite3* handle() const { return handle_.get(); }
  [[noreturn]] void fail(std::string_view doing) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

/// A prepared statement with its text arguments. The texts have to live as long as it does.
class Statement {
 public:
  Statement(Database& database, const char* sql, std::initializer_list<std::string_view> texts);

  /// True: there is a row.
  bool step();
  /// "" for NULL.
  std::string text(int column) const;
  double number(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const;
  };
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// All that is written until commit, or nothing. Takes the lock for writing at once, since two
/// readers that both want to write later would wait for each other.
class Transaction {
 public:
  explicit Transaction(Database& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool done_ = false;
};

}  // namespace sealos::cache
