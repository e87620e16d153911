#include "core/cache/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

namespace sealos::cache {

void Database::Close::operator()(sqlite3* handle) const { ::sqlite3_close_v2(handle); }

Database::Database(const std::string& path, int patience_ms) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int result = ::sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  handle_.reset(raw);
  if (raw == nullptr) throw Error(Status::internal, "opening a database: out of memory");
  if (result != SQLITE_OK) fail("opening it");
  ::sqlite3_busy_timeout(raw, patience_ms);
}

void Database::fail(std::string_view doing) const {
  const int code = ::sqlite3_errcode(handle());
  const Status status = code == SQLITE_READONLY ? Status::denied : Status::io;
  throw Error(status, fmt::format("{}: {}", doing, ::sqlite3_errmsg(handle())));
}

void Database::run(const char* sql) {
  if (::sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("writing it");
}

void Statement::Finalize::operator()(sqlite3_stmt* handle) const { ::sqlite3_finalize(handle); }

Statement::Statement(Database& database, const char* sql,
                     std::initializer_list<std::string_view> texts)
    : database_(database) {
  sqlite3_stmt* raw = nullptr;
  const int result = ::sqlite3_prepare_v2(database.handle(), sql, -1, &raw, nullptr);
  handle_.reset(raw);
  if (result != SQLITE_OK) database.fail("reading it");
  int at = 0;
  for (const std::string_view text : texts) {
    if (::sqlite3_bind_text(raw, ++at, text.data() == nullptr ? "" : text.data(),
                            static_cast<int>(text.size()), SQLITE_STATIC) != SQLITE_OK) {
      database.fail("reading it");
    }
  }
}

bool Statement::step() {
  const int result = ::sqlite3_step(handle_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) database_.fail("using it");
  return false;
}

std::string Statement::text(int column) const {
  const unsigned char* text = ::sqlite3_column_text(handle_.get(), column);
  if (text == nullptr) return {};
  const int size = ::sqlite3_column_bytes(handle_.get(), column);
  return {reinterpret_cast<const char*>(text), static_cast<size_t>(size)};
}

double Statement::number(int column) const {
  return ::sqlite3_column_double(handle_.get(), column);
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!done_) ::sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.run("COMMIT");
  done_ = true;
}

}  // namespace sealos::cache
