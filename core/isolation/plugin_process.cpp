#include "core/isolation/plugin_process.hpp"

#include <fmt/format.h>

#include "core/isolation/transfer.hpp"
#include "sealos/sdk/error.hpp"
#include "sealos/sdk/guard.hpp"

namespace sealos::isolation {
namespace {

/// Of a plugin's function, and not of std::exception.
struct UnknownException {};

}  // namespace

void rethrow(const Message& answer) {
  const char* text = answer.reader().text();
  if (text == nullptr) throw UnknownException();
  throw Thrown(printable(text, 2000));
}

PluginProcess::PluginProcess(Settings settings)
    : settings_(std::move(settings)),
      hosts_([this](auto id, const sealos_host& host) { introduce(id, host); },
             [this](auto id) { tell(Kind::forget_host, id); }) {
  auto [first, its_first] = Connection::pair();
  auto [services, its_services] = Connection::pair();
  child_ = std::make_unique<ChildProcess>(settings_.program, settings_.library, its_first,
                                          its_services, settings_.descriptors);
  first_ = std::make_unique<Connection>(std::move(first));
  services_ = std::make_unique<Connection>(std::move(services));
  serving_ = std::thread([this] { serve(); });
}

PluginProcess::~PluginProcess() {
  idle_.clear();
  first_.reset();  // that is what ends it
  child_.reset();
  services_->end();
  serving_.join();
}

/// Answers the plugin's own threads.
void PluginProcess::serve() {
  try {
    while (true) hosts_.answer(*services_, services_->receive());
  } catch (const ConnectionEnded&) {
    // So has the process.
  } catch (const std::exception& e) {
    report(nullptr);
  }
}

std::unique_ptr<Connection> PluginProcess::take() {
  const std::lock_guard lock(mutex_);
  if (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  auto [ours, its] = Connection::pair();
  first_->send(Kind::connection, {}, its.get());
  return std::make_unique<Connection>(std::move(ours));
}

void PluginProcess::give_back(std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

void PluginProcess::answer(Connection& connection, const Message& question, const Lent& lent) {
  Reader reader = question.reader();
  Writer answer;
  int fd = -1;
  Fd area;
  if (question.kind == Kind::emit_item && lent.emit != nullptr) {
    const sealos_item item = reader.item();
    answer.number(lent.emit(lent.to, &item));
  } else if (question.kind == Kind::emit_blob && lent.emit_blob != nullptr) {
    const ReadBlob blob = reader.blob();
    answer.number(lent.emit_blob(lent.to, &blob.c));
  } else if (question.kind == Kind::read_put_stream && lent.stream != nullptr) {
    if (!connection.area()) area = connection.area().make();
    fd = area.get();
    answer.number(SEALOS_OK);
    answer.append(fill_area(connection.area().bytes(), reader.number(), *lent.stream));
  } else {
    return hosts_.answer(connection, question);
  }
  connection.send(Kind::done, answer, fd);
}

Message PluginProcess::exchange(Connection& connection, Kind kind, const Writer& request, int fd,
                                const Lent& lent) {
  connection.send(kind, request, fd);
  while (true) {
    Message message = connection.receive();
    if (message.kind == Kind::done || message.kind == Kind::threw) return message;
    answer(connection, message, lent);
  }
}

sealos_status PluginProcess::call(Kind kind, const Writer& request, sealos_error* error,
                                  const Lent& lent, const Then& then, int request_fd) {
  Message answer;
  try {
    auto connection = take();
    answer = exchange(*connection, kind, request, request_fd, lent);
    if (answer.kind == Kind::done) {
      Reader reader = answer.reader();
      const ReadStatus status = reader.status();
      if (status.status == SEALOS_OK && then != nullptr) then(reader, answer);
      if (then == nullptr) reader.end();
      give_back(std::move(connection));
      status.fill(error);
      return static_cast<sealos_status>(status.status);
    }
    give_back(std::move(connection));
  } catch (const std::exception&) {
    return report(error);
  }
  rethrow(answer);
}

void PluginProcess::tell(Kind kind, std::uint64_t handle) noexcept {
  const bool reported = reported_;
  sdk::ErrorSlot error;
  sealos_status status = SEALOS_OK;
  try {
    status = call(kind, Writer().number(handle), error.out());
  } catch (...) {
    return;  // what release throws is the plugin's own affair
  }
  const sealos_host* host = log_host_;
  if (status == SEALOS_OK || host == nullptr || reported) return;
  host->log(host, SEALOS_LOG_WARNING, error.to_error(status, "").what());
}

void PluginProcess::introduce(std::uint64_t id, const sealos_host& host) {
  Writer about;
  about.number(id).number(host.abi_minor).text(host.name).text(host.version);
  about.text(host.temp_dir(&host));
  auto connection = take();
  exchange(*connection, Kind::know_host, about, host.cancel_fd(&host), {});
  give_back(std::move(connection));
}

std::string PluginProcess::what_happened() {
  {
    const std::lock_guard lock(mutex_);
    if (!broken_.empty()) return broken_;
  }
  return fmt::format("the plugin {} ({}) {}", settings_.name, settings_.library,
                     child_->how_it_ended());
}

sealos_status PluginProcess::report(sealos_error* error) {
  if (error != nullptr) reported_ = true;
  try {
    throw;
  } catch (const ConnectionEnded&) {
    return sdk::report(error, Error(Status::internal, what_happened()));
  } catch (const BadMessage& e) {
    const std::lock_guard lock(mutex_);
    if (broken_.empty()) {
      broken_ = fmt::format("plugin {} is broken: {}, and its own process was ended",
                            settings_.name, e.what());
    }
    child_->kill();
    return sdk::report(error, Error(Status::internal, broken_));
  } catch (const Error& e) {
    return sdk::report(error, e);
  } catch (const std::exception& e) {
    return sdk::report(error, Error(Status::internal, e.what()));
  }
}

}  // namespace sealos::isolation
