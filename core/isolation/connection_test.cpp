#include "core/isolation/connection.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>

#include "core/isolation/transfer.hpp"
#include "sealos/sdk/guard.hpp"
#include "sealos/sdk/stream.hpp"

using namespace sealos::isolation;
using sealos::Fd;

namespace {

/// One end as a connection, and the other one for what no connection would send.
struct Ends {
  explicit Ends(std::array<Fd, 2> pair = Connection::pair())
      : connection(std::move(pair[0])), raw(std::move(pair[1])) {}
  void send(const void* data, size_t size) const {
    REQUIRE(::send(raw.get(), data, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size));
  }
  Connection connection;
  Fd raw;
};

struct Head {
  std::uint32_t size, kind;
};

Message answer_of(std::uint64_t filled, std::uint64_t next, std::int64_t status) {
  const sealos_error error{sizeof(error), 0, 0, "why", nullptr, nullptr};
  Message message;
  message.kind = Kind::done;
  message.content =
      Writer().number(SEALOS_OK).number(filled).number(next).status(status, error).content();
  return message;
}

/// A stream of so many bytes, a few at a time, that then ends or fails.
struct Letters : sealos_stream {
  explicit Letters(size_t left, sealos_status end) : sealos_stream{}, left(left), end(end) {
    struct_size = sizeof(sealos_stream);
    fd = -1;
    size = static_cast<std::int64_t>(left);
    read = [](sealos_stream* self, void* into, size_t room, sealos_error* error) {
      auto& me = *static_cast<Letters*>(self);
      const size_t n = std::min({room, me.left, size_t{1000}});
      std::fill_n(static_cast<char*>(into), n, 'x');
      me.left -= n;
      if (n > 0 || me.end == SEALOS_OK) return static_cast<std::int64_t>(n);
      sealos::sdk::report(error, sealos::Error(static_cast<sealos::Status>(me.end), "torn"));
      return -static_cast<std::int64_t>(me.end);
    };
  }
  size_t left;
  sealos_status end;
};

}  // namespace

TEST_CASE("messages pass in order, however long, with a descriptor") {
  auto [one, other] = Connection::pair();
  Connection here(std::move(one)), there(std::move(other));
  const std::string text(5 << 20, 'x');
  std::thread sender([&] {
    here.send(Kind::log, Writer().text("first"));
    const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    here.send(Kind::done, Writer().text(text.c_str()), null.get());
  });
  Message first = there.receive(), second = there.receive();
  sender.join();
  CHECK(first.kind == Kind::log);
  CHECK_FALSE(first.fd);
  CHECK(std::string(second.reader().text()) == text);
  struct stat st = {};
  REQUIRE(::fstat(second.fd.get(), &st) == 0);
  CHECK(S_ISCHR(st.st_mode));
  CHECK(::fcntl(second.fd.get(), F_GETFD) == FD_CLOEXEC);
}

TEST_CASE("the end of the other side is told to who sends and to who receives") {
  Ends ends;
  ends.raw = Fd();
  CHECK_THROWS_AS(ends.connection.receive(), ConnectionEnded);
  CHECK_THROWS_AS(ends.connection.send(Kind::done), ConnectionEnded);
}

TEST_CASE("a message that breaks off is an end, and one that is too long is refused at once") {
  Ends ends;
  const Head part{100, 0};
  ends.send(&part, sizeof(part));
  ends.send("short", 5);
  ends.raw = Fd();
  CHECK_THROWS_AS(ends.connection.receive(), ConnectionEnded);
  const Ends other;
  const Head huge{0xffffffff, 0};
  other.send(&huge, sizeof(huge));
  CHECK_THROWS_AS(const_cast<Connection&>(other.connection).receive(), BadMessage);
  CHECK_THROWS_AS(
      ends.connection.send(Kind::done,
                           Writer().bytes(std::string(kMostMessage, 'x').data(), kMostMessage)),
      BadMessage);
}

TEST_CASE("descriptors that nobody asked for are closed") {
  auto [one, other] = Connection::pair();
  Connection here(std::move(one)), there(std::move(other));
  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  int before = 0, after = 0;
  {
    const Fd next(::dup(null.get()));
    before = next.get();
  }
  here.send(Kind::log, Writer().text("x"), null.get());
  there.receive();
  {
    const Fd next(::dup(null.get()));
    after = next.get();
  }
  CHECK(before == after);
}

TEST_CASE("the shared memory cannot be made shorter by the other side") {
  SharedArea here, there;
  Fd fd = here.make();
  CHECK(::ftruncate(fd.get(), 0) != 0);
  there.take(std::move(fd));
  here.bytes()[0] = std::byte{7};
  CHECK(there.bytes()[0] == std::byte{7});
}

TEST_CASE("memory of another size, or none, or a second one is not taken") {
  SharedArea area;
  CHECK_THROWS_AS(area.take(Fd()), BadMessage);
  Fd small(::memfd_create("small", MFD_CLOEXEC));
  CHECK_THROWS_AS(area.take(std::move(small)), BadMessage);
  SharedArea maker, other;
  area.take(maker.make());
  CHECK_THROWS_AS(area.take(other.make()), BadMessage);
}

TEST_CASE("a stream crosses whole, and its end or failure comes after its bytes") {
  for (const sealos_status end : {SEALOS_OK, SEALOS_CORRUPT}) {
    constexpr size_t kSize = SharedArea::kSize * 2 + 12345;
    Letters letters(kSize, end);
    SharedArea area;
    area.make();
    AreaReader reading;
    sealos_stream seen{};
    seen.size = kSize;
    sealos::sdk::ErrorSlot error;
    std::string buffer(100000, 0);
    size_t total = 0;
    std::int64_t n = 0;
    do {
      n = reading.read(seen, area, buffer.data(), buffer.size(), error.out(), [&] {
        Message answer;
        answer.kind = Kind::done;
        answer.content = Writer()
                             .number(SEALOS_OK)
                             .append(fill_area(area.bytes(), buffer.size(), letters))
                             .content();
        return answer;
      });
      if (n > 0) total += static_cast<size_t>(n);
    } while (n > 0);
    CHECK(total == kSize);
    CHECK(seen.size == 0);
    CHECK(n == -static_cast<std::int64_t>(end));
    if (end != SEALOS_OK) CHECK(std::string(error.out()->message) == "torn");
  }
}

TEST_CASE("of a stream with a descriptor no more is read than is wanted") {
  Letters letters(5000, SEALOS_OK);
  letters.fd = 0;
  SharedArea area;
  area.make();
  const Writer answer = fill_area(area.bytes(), 10, letters);
  CHECK(Reader(answer.content()).number() == 10);
  CHECK(letters.left == 4990);
}

TEST_CASE("answers that no stream gives are refused") {
  SharedArea area;
  area.make();
  const auto read = [&](Message answer) {
    AreaReader reading;
    sealos_stream stream{};
    char byte = 0;
    return reading.read(stream, area, &byte, 1, nullptr, [&] { return std::move(answer); });
  };
  constexpr std::uint64_t kMore = 0, kEnd = 1, kFailed = 2, kTooMuch = 3;
  CHECK(read(answer_of(0, kEnd, 0)) == 0);
  CHECK(read(answer_of(0, kFailed, -9)) == -9);
  CHECK(read(answer_of(0, kTooMuch, 0)) == 2);
  CHECK(read(answer_of(SharedArea::kSize, kMore, 0)) == 1);
  CHECK_THROWS_AS(read(answer_of(SharedArea::kSize + 1, kMore, 0)), BadMessage);
  CHECK_THROWS_AS(read(answer_of(0, kMore, 0)), BadMessage);
  CHECK_THROWS_AS(read(answer_of(1, 4, 0)), BadMessage);
  CHECK_THROWS_AS(read(answer_of(1, kFailed, 0)), BadMessage);
  CHECK_THROWS_AS(read(answer_of(1, kFailed, 9)), BadMessage);
  CHECK_THROWS_AS(read(answer_of(1, kEnd, -9)), BadMessage);
  Message other = answer_of(0, kEnd, 0);
  other.kind = Kind::log;
  CHECK_THROWS_AS(read(std::move(other)), BadMessage);
}
