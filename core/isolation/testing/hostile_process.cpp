// In place of the program of an isolated plugin, for tests: it says what its first argument names.
// What is not named is answered as by a plugin with one transport, "hostile", that lists names.
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "core/isolation/connection.hpp"

namespace {

using namespace sealos::isolation;

std::string mode;

bool is(const char* what) { return mode == what; }

Writer ok() { return Writer().number(SEALOS_OK); }

Writer description() {
  const std::uint64_t count = is("load-count") ? std::uint64_t{1} << 60 : 1;
  Writer answer = ok();
  answer.number(std::uint64_t{sizeof(sealos_plugin)}).number(std::uint64_t{0});
  answer.text("hostile").text("1").number(std::uint64_t{1}).number(count);
  answer.number(std::uint64_t{1} << 40).number(std::uint64_t{SEALOS_CAN_READ});
  answer.text("hostile").texts(nullptr).number(std::uint64_t{kHasParseReference});
  return answer;
}

/// What a call of list_names is answered with.
void list_names(Connection& connection, int socket, Reader& request) {
  request.number();
  const std::uint64_t host = request.number();
  const auto ask = [&](Kind kind, const Writer& question) {
    connection.send(kind, question);
    return connection.receive();
  };
  if (is("no-kind")) connection.send(static_cast<Kind>(9999), ok());
  if (is("short")) connection.send(Kind::done);
  if (is("more")) connection.send(Kind::done, ok().number(std::uint64_t{1}));
  if (is("emits-a-blob")) ask(Kind::emit_blob, Writer());
  if (is("reads")) ask(Kind::read_put_stream, Writer().number(std::uint64_t{1}));
  if (is("calls")) ask(Kind::load, Writer().text("x"));
  if (is("half-an-item")) ask(Kind::emit_item, Writer().text("label"));
  if (is("strange-host")) ask(Kind::log, Writer().number(host + 1).number(0).text("x"));
  if (is("no-extension")) ask(Kind::signature_places, Writer().number(host).text("x"));
  if (is("key-is-null")) ask(Kind::option, Writer().number(host).text(nullptr));
  if (is("too-long") || is("breaks-off")) {
    const std::uint32_t head[] = {is("too-long") ? 0xffffffff : 100, 0};
    ::send(socket, head, sizeof(head), MSG_NOSIGNAL);
    if (is("breaks-off")) ::shutdown(socket, SHUT_RDWR);
    ::pause();
  }
  if (is("silence")) ::shutdown(socket, SHUT_RDWR);
  if (is("dies")) ::raise(SIGKILL);
  if (is("status"))
    connection.send(Kind::done,
                    Writer().number(std::int64_t{4711}).number(0).number(0).text(nullptr));
  if (is("throws")) connection.send(Kind::threw, Writer().text("thrown"));
  if (is("throws-nothing")) connection.send(Kind::threw, Writer().text(nullptr));
  if (is("sends-descriptors")) {
    for (int i = 0; i < 100; ++i) {
      connection.send(Kind::log, Writer().number(host).number(0).text("x"), STDERR_FILENO);
      connection.receive();
    }
  }
  ask(Kind::emit_item, Writer().item({"a name", nullptr, 0}));
  connection.send(Kind::done, ok());
}

void parse_reference(Connection& connection) {
  if (is("no-reference")) return connection.send(Kind::done, ok().number(std::uint64_t{0}));
  if (is("short-reference")) return connection.send(Kind::done, ok().number(std::uint64_t{1}));
  Writer answer = ok();
  answer.number(std::uint64_t{1}).number(~std::uint64_t{0}).number(~std::uint64_t{0});
  answer.text(nullptr).text(nullptr).text(nullptr).texts(nullptr).text(nullptr);
  connection.send(Kind::done, answer.number(~std::uint64_t{0}));
}

void serve(sealos::Fd fd) {
  const int socket = fd.get();
  Connection connection(std::move(fd));
  try {
    while (true) {
      const Message request = connection.receive();
      Reader reader = request.reader();
      if (request.kind == Kind::load) {
        connection.send(Kind::done, is("load-garbage") ? Writer().text("garbage") : description());
      } else if (request.kind == Kind::start) {
        connection.send(Kind::done, ok().number(std::uint64_t{kHasNames}));
      } else if (request.kind == Kind::list_names) {
        list_names(connection, socket, reader);
      } else if (request.kind == Kind::parse_reference) {
        parse_reference(connection);
      } else {
        connection.send(Kind::done, ok());
      }
    }
  } catch (const std::exception&) {
  }
}

}  // namespace

int main(int, char** argv) {
  mode = argv[1];
  Connection first(sealos::Fd(std::atoi(argv[2])));
  const int services = std::atoi(argv[3]);
  if (is("services-nonsense"))
    ::send(services, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, MSG_NOSIGNAL);
  try {
    while (true) std::thread(serve, first.receive().fd).detach();
  } catch (const std::exception&) {
    if (is("stays")) ::pause();
    ::_exit(0);
  }
}
