#include "record_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "records.hpp"
#include "support/file/file.hpp"
#include "tree.hpp"

namespace sealos::containers_storage {
namespace {

constexpr size_t kMaxRecords = size_t{256} << 20;

bool has_id(const Json& record, const std::string& id) {
  const Json* own = record.find("id");
  return own != nullptr && own->is_string() && own->string("id") == id;
}

}  // namespace

RecordFile::RecordFile(int folder, std::string name, const FileLock& lock)
    : folder_(folder), name_(std::move(name)), lock_(lock) {
  std::string text;
  try {
    const Fd file = open_regular_beneath(folder, name_);
    text = read_all(file.get(), name_, kMaxRecords);
  } catch (const Error& e) {
    if (e.status() != Status::not_found) throw;
  }
  records_ = parse_records(text, name_);
}

Json* RecordFile::find(const std::string& id) {
  const auto at = std::find_if(records_.begin(), records_.end(),
                               [&](const Json& record) { return has_id(record, id); });
  return at == records_.end() ? nullptr : &*at;
}

void RecordFile::erase(const std::string& id) {
  std::erase_if(records_, [&](const Json& record) { return has_id(record, id); });
}

/// What replace_file had not finished when its process was killed: nobody else writes now.
void RecordFile::remove_asides() const {
  const std::string start = "." + name_ + ".";
  for (const std::string& name : names_in(folder_)) {
    if (name.starts_with(start)) ::unlinkat(folder_, name.c_str(), 0);
  }
}

void RecordFile::save() {
  remove_asides();
  lock_.announce_change();
  replace_file(folder_, name_, Json(records_).dump(), 0600);
}

std::string time_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  char text[32];
  const size_t n = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:09}Z", std::string_view(text, n), now.tv_nsec);
}

bool is_incomplete(const Json& layer) {
  const Json* flags = layer.find("flags");
  const Json* incomplete = flags == nullptr ? nullptr : flags->find("incomplete");
  return incomplete != nullptr && incomplete->is_bool() && incomplete->boolean("incomplete");
}

}  // namespace sealos::containers_storage
