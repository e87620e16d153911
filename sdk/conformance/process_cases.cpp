// A plugin shares its process: what it leaves behind there, and what it lets be seen.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "cases.hpp"
#include "image.hpp"
#include "process_state.hpp"

namespace sealos::conformance {
namespace {

/// Writes and reads, as far as the transport can.
void use(Context& context, const std::string& name = "one") {
  if (!context.has_place() && !context.given_source().empty()) {
    read_image(*context.open_given());
    return;
  }
  {
    const auto to = context.destination(name);
    write(*to, make_sample(*to, 1));
  }
  const auto reference = context.reference(name);
  if (reference->c().open_source != nullptr) read_image(*context.source(name));
}

void state(Context& context) {
  const ProcessState before = ProcessState::now();
  context.transport();
  before.require_same(ProcessState::now(), "starting the plugin");
  use(context);
  before.require_same(ProcessState::now(), "copying");
}

/// Threads may take a moment to be gone from /proc after they were joined.
size_t settled_threads(size_t wanted) {
  for (int i = 0; i < 100 && threads() > wanted; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return threads();
}

void leftovers(Context& context) {
  use(context);  // what is opened once, and kept, is opened now
  const size_t files = open_descriptors(), running = settled_threads(1);
  for (const char* name : {"two", "three", "four"}) use(context, name);
  require(open_descriptors() <= files,
          fmt::format("{} descriptors are left open by three copies", open_descriptors() - files));
  require(settled_threads(running) <= running, "threads are left running by copies");
}

/// All that is written to stdout and stderr meanwhile.
class Captured {
 public:
  Captured() {
    if (::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) throw Failure{"no pipe can be made"};
    for (int i = 0; i < 2; ++i) {
      saved_[i] = ::fcntl(i + 1, F_DUPFD_CLOEXEC, 10);
      ::dup2(pipe_[1], i + 1);
    }
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  ~Captured() { end(); }
  std::string end() {
    if (saved_[0] < 0) return text_;
    std::fflush(nullptr);
    for (int i = 0; i < 2; ++i) {
      ::dup2(saved_[i], i + 1);
      ::close(saved_[i]);
      saved_[i] = -1;
    }
    char part[4096];
    for (ssize_t n = 0; (n = ::read(pipe_[0], part, sizeof(part))) > 0;)
      text_.append(part, static_cast<size_t>(n));
    ::close(pipe_[0]);
    ::close(pipe_[1]);
    return text_;
  }

 private:
  int pipe_[2], saved_[2];
  std::string text_;
};

void silent(Context& context) {
  Captured captured;
  context.transport();
  use(context);
  const std::string text = captured.end();
  require(text.empty(), "it wrote to the terminal: " + printable(text, 100));
}

void options_listed(Context& context) {
  use(context);
  const auto listed =
      sdk::texts_of(context.transport().options).value_or(std::vector<std::string>());
  for (const std::string& key : context.host().asked()) {
    bool found = false;
    for (size_t i = 0; i < listed.size(); i += 2) found |= listed[i] == key;
    require(found, fmt::format("it asks for the option {}, which it does not list", key));
  }
}

void odd_options(Context& context) {
  const char* const* at = context.transport().options;
  if (at == nullptr || *at == nullptr) throw Skipped{"it has no options"};
  for (; *at != nullptr; at += 2) {
    for (const char* value : {"", "-1", "\x01 no such thing", "99999999999999999999999999"}) {
      context.host().options = context.options().options;
      context.host().options[*at] = value;
      std::unique_ptr<Reference> reference;
      if (!context.parse(context.details("odd"), reference).ok()) continue;
      std::unique_ptr<Destination> to;
      std::unique_ptr<Source> from;
      if (reference->c().open_destination != nullptr) {
        const Answer answer = reference->open_destination(context.host(), to);
        if (!answer.ok() && answer.message.empty())
          warn(fmt::format("the value \"{}\" of {} is refused without a reason", printable(value),
                           *at));
      }
      if (to != nullptr) to->abort();
      if (reference->c().open_source != nullptr) reference->open_source(context.host(), from);
    }
  }
}

void secrets(Context& context) {
  if ((context.transport().flags & SEALOS_ASKS_CREDENTIALS) == 0)
    throw Skipped{"it asks for no credentials"};
  const std::string secret = "s3cret-Of-The-Test";
  context.host().username = "user-of-the-test";
  context.host().password = secret;
  std::string seen;
  std::unique_ptr<Source> from;
  std::unique_ptr<Destination> to;
  const auto reference = context.reference();
  if (reference->c().open_source != nullptr) {
    seen += reference->open_source(context.host(), from).message;
    Items items;
    if (from != nullptr) seen += from->read_manifest(std::nullopt, items).message;
  }
  if (reference->c().open_destination != nullptr) {
    seen += reference->open_destination(context.host(), to).message;
    const SampleBlob blob = layer_of(tar_of("a", "b"), 0);
    Blobs stored;
    if (to != nullptr) seen += to->put_blob(blob.blob, *stream_of(blob.bytes), stored).message;
  }
  for (const std::string& line : context.host().said()) seen += "\n" + line;
  require(seen.find(secret) == std::string::npos, "a password is in a message or log line");
}

void newer_host(Context& context) {
  context.host().become_newer();
  use(context);
}

}  // namespace

const std::vector<Case>& process_cases() {
  static const std::vector<Case> cases = {
      {"process-state", "Folder, umask, locale, signals, environment and stdio stay as they are.",
       state},
      {"process-leftovers", "Copies leave no descriptor open and no thread running.", leftovers},
      {"process-silent", "Nothing is written to stdout or stderr.", silent},
      {"options-listed", "Every option that is asked for is one that is listed.", options_listed},
      {"options-odd", "Values that make no sense for an option do no harm.", odd_options},
      {"secrets", "Passwords are in no message and no log line.", secrets},
      {"host-newer", "It works under a host of a later minor version of the ABI.", newer_host},
  };
  return cases;
}

}  // namespace sealos::conformance
