#include "core/isolation/host_table.hpp"

#include "sealos/ext/draft/signature_places.h"
#include "sealos/ext/registries.h"
#include "sealos/sdk/guard.hpp"

namespace sealos::isolation {
namespace {

/// What was emitted, to be sent when the service has returned.
struct Collected {
  Writer items;
  std::uint64_t count = 0;

  static sealos_status add_item(void* to, const sealos_item* item) {
    return sdk::guard(nullptr, [&] {
      auto& all = *static_cast<Collected*>(to);
      all.items.item(*item);
      ++all.count;
    });
  }
  static sealos_status add_place(void* to, const sealos_registry_place* place) {
    return sdk::guard(nullptr, [&] {
      auto& all = *static_cast<Collected*>(to);
      all.items.number(place->flags).text(place->name);
      ++all.count;
    });
  }
};

/// call(to, error) runs the service. Logins may be among what is sent, so nothing of it is left.
template <typename Call>
void send_collected(Connection& connection, Call&& call) {
  Collected found;
  sdk::ErrorSlot error;
  const sealos_status status = call(&found, error.out());
  Writer answer;
  answer.status(status, *error.out()).number(found.count);
  answer.bytes(found.items.content().data(), found.items.content().size());
  connection.send(Kind::done, answer);
  answer.wipe();
  found.items.wipe();
}

template <typename Extension>
const Extension* extension_of(const sealos_host& host, const char* id) {
  return static_cast<const Extension*>(host.get_extension(&host, id));
}

std::uint64_t members_of(const sealos_host& host, const std::string& id) {
  std::uint64_t has = 0;
  if (id == SEALOS_REGISTRIES) {
    const auto* found = extension_of<sealos_registries>(host, SEALOS_REGISTRIES);
    if (found == nullptr) return 0;
    if (SEALOS_HAS(found, sealos_registries, places_to_read)) has |= kHasPlacesToRead;
    if (SEALOS_HAS(found, sealos_registries, place_to_write)) has |= kHasPlaceToWrite;
  } else if (id == SEALOS_SIGNATURE_PLACES) {
    const auto* found = extension_of<sealos_signature_places>(host, SEALOS_SIGNATURE_PLACES);
    if (found != nullptr && SEALOS_HAS(found, sealos_signature_places, find))
      has |= kHasFindSignaturePlaces;
  }
  return has;
}

void find_places(Connection& connection, const sealos_host& host, const char* name, bool to_read) {
  const auto* found = extension_of<sealos_registries>(host, SEALOS_REGISTRIES);
  const auto find = found == nullptr ? nullptr
                    : to_read        ? found->places_to_read
                                     : found->place_to_write;
  if (find == nullptr) throw BadMessage("it asks for an extension that the host does not have");
  send_collected(connection, [&](void* to, sealos_error* error) {
    return find(&host, name, &Collected::add_place, to, error);
  });
}

void find_signature_places(Connection& connection, const sealos_host& host, const char* name) {
  const auto* found = extension_of<sealos_signature_places>(host, SEALOS_SIGNATURE_PLACES);
  if (found == nullptr) throw BadMessage("it asks for an extension that the host does not have");
  send_collected(connection, [&](void* to, sealos_error* error) {
    return found->find(&host, name, &Collected::add_item, to, error);
  });
}

void report_progress(const sealos_host& host, Reader& reader) {
  const char* what = reader.text();
  const std::int64_t done = reader.signed_number();
  host.progress(&host, what, done, reader.signed_number());
}

void answer_for(const sealos_host& host, Connection& connection, Kind kind, Reader& reader) {
  Writer answer;
  switch (kind) {
    case Kind::log: {
      const auto level = static_cast<std::int32_t>(reader.signed_number());
      host.log(&host, level, reader.text());
      break;
    }
    case Kind::cancelled:
      answer.number(host.cancelled(&host));
      break;
    case Kind::progress:
      report_progress(host, reader);
      break;
    case Kind::option:
      answer.text(host.option(&host, reader.needed_text()));
      break;
    case Kind::find_extension:
      answer.number(members_of(host, reader.needed_text()));
      break;
    case Kind::credentials:
      return send_collected(connection, [&](void* to, sealos_error* error) {
        return host.credentials(&host, reader.needed_text(), &Collected::add_item, to, error);
      });
    case Kind::places_to_read:
    case Kind::place_to_write:
      return find_places(connection, host, reader.needed_text(), kind == Kind::places_to_read);
    case Kind::signature_places:
      return find_signature_places(connection, host, reader.needed_text());
    default:
      throw BadMessage("it asks for what there is not");
  }
  connection.send(Kind::done, answer);
}

}  // namespace

/// Keeps a host while something is asked of it.
class HostTable::Question {
 public:
  Question(HostTable& table, std::uint64_t id) : table_(table) {
    const std::lock_guard lock(table.mutex_);
    const auto at = table.known_.find(id);
    if (at == table.known_.end() || at->second.users == 0)
      throw BadMessage("it asks a host that it was not given");
    known_ = &at->second;
    ++known_->questions;
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  ~Question() {
    const std::lock_guard lock(table_.mutex_);
    --known_->questions;
    table_.answered_.notify_all();
  }
  const sealos_host& host() const { return *known_->host; }

 private:
  HostTable& table_;
  Known* known_;
};

std::uint64_t HostTable::add(const sealos_host& host) {
  const std::lock_guard lock(mutex_);
  for (auto& [id, known] : known_) {
    if (known.host != &host || known.users == 0) continue;
    ++known.users;
    return id;
  }
  introduce_(last_ + 1, host);
  known_[++last_] = {&host, 1, 0};
  return last_;
}

void HostTable::drop(std::uint64_t id) noexcept {
  {
    std::unique_lock lock(mutex_);
    Known& known = known_.at(id);
    if (--known.users > 0) return;
    answered_.wait(lock, [&] { return known.questions == 0; });
    known_.erase(id);
  }
  forget_(id);
}

void HostTable::answer(Connection& connection, const Message& question) {
  Reader reader = question.reader();
  const Question asked(*this, reader.number());
  answer_for(asked.host(), connection, question.kind, reader);
}

}  // namespace sealos::isolation
