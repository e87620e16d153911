#include <sys/stat.h>

#include "core/isolation/objects.hpp"
#include "core/isolation/transfer.hpp"

namespace sealos::isolation {
namespace {

/// Keeps one connection from its first read on, whose area holds what was not yet asked for.
struct RemoteStream : sealos_stream {
  explicit RemoteStream(PluginProcess& process) : sealos_stream{}, process(process) {}
  RemoteStream(const RemoteStream&) = delete;
  RemoteStream& operator=(const RemoteStream&) = delete;
  ~RemoteStream() {
    if (connection != nullptr) process.give_back(std::move(connection));
    process.tell(Kind::release_stream, handle);
  }

  Message ask(std::uint64_t wanted);

  PluginProcess& process;
  std::uint64_t handle = 0;
  Fd file;
  std::unique_ptr<Connection> connection;
  AreaReader reading;
};

Message RemoteStream::ask(std::uint64_t wanted) {
  Fd area;
  if (!connection->area()) area = connection->area().make();
  Message answer = process.exchange(*connection, Kind::read_stream,
                                    Writer().number(handle).number(wanted), area.get(), {});
  if (answer.kind == Kind::threw) rethrow(answer);
  return answer;
}

std::int64_t read(sealos_stream* self, void* into, size_t room, sealos_error* error) {
  auto& stream = *static_cast<RemoteStream*>(self);
  try {
    if (stream.connection == nullptr) stream.connection = stream.process.take();
    return stream.reading.read(stream, stream.connection->area(), into, room, error,
                               [&] { return stream.ask(room); });
  } catch (const Thrown&) {
    throw;
  } catch (const std::exception&) {
    stream.connection.reset();
    return -static_cast<std::int64_t>(stream.process.report(error));
  }
}

bool is_regular_file(const Fd& fd) {
  struct stat st = {};
  return fd && ::fstat(fd.get(), &st) == 0 && S_ISREG(st.st_mode);
}

}  // namespace

sealos_stream* take_stream(PluginProcess& process, Reader& reader, Message& message) {
  const std::uint64_t handle = reader.number();
  if (handle == 0) return nullptr;
  auto object = std::make_unique<RemoteStream>(process);
  object->handle = handle;
  object->struct_size = size_here<sealos_stream>(reader.number());
  object->size = reader.signed_number();
  object->fd = -1;
  const bool has_file = reader.number() != 0, can_read = reader.number() != 0;
  reader.end();
  if (has_file) {
    if (!is_regular_file(message.fd) || object->size < 0)
      throw BadMessage("the file of a stream is none");
    object->file = std::move(message.fd);
    object->fd = object->file.get();
  }
  object->impl = object.get();
  object->release = [](sealos_stream* self) { delete static_cast<RemoteStream*>(self); };
  object->read = can_read ? &read : nullptr;
  return object.release();
}

}  // namespace sealos::isolation
