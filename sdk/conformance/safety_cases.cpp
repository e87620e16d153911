// What goes wrong on the way leaves what was there before.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "cases.hpp"
#include "image.hpp"
#include "runner.hpp"

namespace sealos::conformance {
namespace {

constexpr std::uint64_t kOld = 1, kNew = 2;

Sample write_old(Context& context) {
  const auto to = context.destination();
  Sample sample = make_sample(*to, kOld);
  write(*to, sample);
  return sample;
}

/// Opens the destination where an image is already; Skipped where it is not replaced.
std::unique_ptr<Destination> open_again(Context& context) {
  std::unique_ptr<Destination> to;
  const Answer answer = context.reference()->open_destination(context.host(), to);
  if (answer.status == SEALOS_EXISTS) throw Skipped{"an image that is there is not replaced"};
  answer.must();
  return to;
}

ReadBack read_now(Context& context) {
  const auto source = context.source();
  return read_image(*source);
}

/// Throws unless the old image is read as it was; `was`: what it was read as at first.
void require_still(Context& context, const ReadBack& was) {
  const ReadBack now = read_now(context);
  require(now.manifest.data == was.manifest.data && now.blobs == was.blobs,
          "the image that was there before is another one now");
}

void finish(Context& context, Destination& to, const Sample& sample) {
  for (const SampleBlob& layer : sample.layers) put(to, layer);
  put(to, sample.config);
  to.put_manifest(std::nullopt, sample.manifest).must();
  to.commit(sample.manifest).must();
  require_same(read_now(context), sample);
}

/// Puts a layer from a stream that ends badly: the failure comes back as it was, the blob is not
/// kept, and can be put again.
void bad_stream(const SampleBlob& layer, Destination& to, Stream& stream, sealos_status expected) {
  Blobs stored;
  const Answer answer = to.put_blob(layer.blob, stream, stored);
  require(!answer.ok(), "put_blob succeeded though its stream failed");
  require(stored.all.empty(), "put_blob emitted a blob though its stream failed");
  require(answer.status == expected,
          fmt::format("the stream failed with {}, and {}", status_name(expected), answer.text()));
  if (to.c()->try_reuse != nullptr) {
    Blobs there;
    require(to.try_reuse(layer.blob, there).status == SEALOS_NOT_FOUND,
            "a blob whose stream failed is found by try_reuse");
  }
}

void stream_fails(Context& context) {
  const auto to = context.destination();
  const Sample sample = make_sample(*to, kOld, 2, 100000);
  const SampleBlob& layer = sample.layers[0];
  for (const std::int64_t at : {std::int64_t{0}, layer.blob.size / 2, layer.blob.size}) {
    for (const Status status : {Status::unavailable, Status::denied}) {
      const auto stream = stream_of(layer.bytes, {at, status, {}});
      bad_stream(layer, *to, *stream, static_cast<sealos_status>(status));
    }
  }
  finish(context, *to, sample);
}

void wrong_bytes(Context& context) {
  const auto to = context.destination();
  const Sample sample = make_sample(*to, kOld, 2, 100000);
  const SampleBlob& layer = sample.layers[0];
  std::string other = layer.bytes;
  other[600] = static_cast<char>(~other[600]);
  const auto at_the_end = stream_of(other, {layer.blob.size, Status::corrupt, {}});
  bad_stream(layer, *to, *at_the_end, SEALOS_CORRUPT);
  const auto with_fd = file_stream_of(context.folder() / "stream", other, false);
  bad_stream(layer, *to, *with_fd, SEALOS_CORRUPT);
  finish(context, *to, sample);
}

void not_committed(Context& context, bool abort, bool with_manifest) {
  write_old(context);
  const ReadBack was = read_now(context);
  {
    const auto to = open_again(context);
    const Sample sample = make_sample(*to, kNew);
    put_blobs(*to, sample);
    if (with_manifest) to->put_manifest(std::nullopt, sample.manifest).must();
    if (abort) to->abort().must();
  }
  require_still(context, was);
  const auto to = open_again(context);
  finish(context, *to, make_sample(*to, kNew));
}

void aborted(Context& context) { not_committed(context, true, true); }
void released(Context& context) { not_committed(context, false, true); }
void released_early(Context& context) { not_committed(context, false, false); }

void replaced(Context& context) {
  write_old(context);
  const auto to = open_again(context);
  finish(context, *to, make_sample(*to, kNew));
}

/// Starts this program once more, to write the second image at the same place.
class Writer {
 public:
  Writer() : writer_(start_writer(progress_)) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    kill();
    ::close(progress_);
  }
  /// Waits until it has said so many stages; false: it ended before.
  bool reaches(int stages) {
    for (char byte; stages > 0; --stages) {
      if (::read(progress_, &byte, 1) != 1) return false;
    }
    return true;
  }
  void kill() {
    if (writer_ <= 0) return;
    ::kill(writer_, SIGKILL);
    ::waitpid(writer_, nullptr, 0);
    writer_ = -1;
  }

 private:
  int progress_ = -1;
  pid_t writer_;
};

void killed(Context& context) {
  write_old(context);
  const ReadBack was = read_now(context);
  open_again(context)->abort().must();
  const auto check = [&](bool may_be_new) {
    const ReadBack now = read_now(context);
    const bool same = now.manifest.data == was.manifest.data && now.blobs == was.blobs;
    require(same || may_be_new, "after a kill the image that was there is another one");
  };
  for (int stages = 1; stages <= 6; ++stages) {
    Writer writer;
    if (!writer.reaches(stages)) throw Failure{"the second image could not be written"};
    writer.kill();
    check(false);
  }
  for (int i = 0; i < 6; ++i) {  // while it commits
    Writer writer;
    if (!writer.reaches(7)) throw Failure{"the second image could not be written"};
    std::this_thread::sleep_for(std::chrono::microseconds(i * 700));
    writer.kill();
    check(true);
  }
  const auto to = open_again(context);
  finish(context, *to, make_sample(*to, kNew));
}

void no_room(Context& context) {
  ::signal(SIGXFSZ, SIG_IGN);
  write_old(context);
  const ReadBack was = read_now(context);
  const auto to = open_again(context);
  Sample sample = make_sample(*to, kNew, 1, 6 << 20);
  rlimit unlimited = {};
  ::getrlimit(RLIMIT_FSIZE, &unlimited);
  rlimit small = unlimited;
  small.rlim_cur = 1 << 20;
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto stream = stream_of(sample.layers[0].bytes);
  Blobs stored;
  const Answer answer = to->put_blob(sample.layers[0].blob, *stream, stored);
  ::setrlimit(RLIMIT_FSIZE, &unlimited);
  if (answer.ok()) throw Skipped{"it writes no file that could become too large in put_blob"};
  require(stored.all.empty(), "put_blob emitted a blob that there was no room for");
  if (answer.message.empty()) warn("a full disk is no reason that is told");
  require_still(context, was);
  const Answer again =
      to->put_blob(sample.layers[0].blob, *stream_of(sample.layers[0].bytes), stored);
  if (!again.ok()) to->abort().must();
}

void no_place(Context& context) {
  if (context.details().find((context.folder() / "place").string()) == std::string::npos)
    throw Skipped{"its place is not in a folder"};
  std::filesystem::remove_all(context.folder() / "place");
  std::ofstream(context.folder() / "place") << "a file where a folder should be";
  std::unique_ptr<Reference> reference;
  if (!context.parse(context.details(), reference).ok()) return;
  if (reference->c().open_destination != nullptr) {
    std::unique_ptr<Destination> to;
    if (reference->open_destination(context.host(), to).ok()) {
      const Sample sample = make_sample(*to, kOld);
      bool failed = false;
      Blobs stored;
      for (const SampleBlob& layer : sample.layers)
        failed |= !to->put_blob(layer.blob, *stream_of(layer.bytes), stored).ok();
      failed |= !to->put_blob(sample.config.blob, *stream_of(sample.config.bytes), stored).ok();
      failed |= failed || !to->put_manifest(std::nullopt, sample.manifest).ok();
      require(failed || !to->commit(sample.manifest).ok(),
              "an image was written where none can be");
      to->abort();
    }
  }
  if (reference->c().open_source == nullptr) return;
  std::unique_ptr<Source> source;
  Answer answer = reference->open_source(context.host(), source);
  Items items;
  if (answer.ok()) answer = source->read_manifest(std::nullopt, items);
  require(!answer.ok(), "an image was read where none can be");
}

void cancelled(Context& context) {
  const auto to = context.destination();
  constexpr std::int64_t kSize = 2 << 20;  // where the stream notices, as the engine's do
  Trouble trouble;
  trouble.fail_at = kSize;
  trouble.status = Status::cancelled;
  trouble.on_bytes = [&](std::int64_t given) {
    if (given >= 1 << 20) context.host().cancel();
  };
  SampleBlob blob = layer_of("x", 0);
  blob.blob.digest = Digest::require("sha256:" + std::string(64, 'e'));
  blob.blob.size = kSize + 1;
  Blobs stored;
  const Answer answer = to->put_blob(blob.blob, *endless_stream(kSize, trouble), stored);
  require(answer.status == SEALOS_CANCELLED, "after cancelling " + answer.text());
  to->abort();
  std::unique_ptr<Source> source;
  const auto reference = context.reference();
  if (reference->c().open_source == nullptr) return;
  const Answer opened = reference->open_source(context.host(), source);
  if (!opened.ok() && opened.status != SEALOS_CANCELLED && opened.status != SEALOS_NOT_FOUND)
    warn("after cancelling " + opened.text());
}

/// What is where the images go, with sizes, but for the plugin's temporary files.
std::vector<std::string> listing(const std::filesystem::path& folder) {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const bool regular = entry.is_regular_file();
    all.push_back(fmt::format("{} {}", entry.path().string(), regular ? entry.file_size() : 0));
  }
  std::sort(all.begin(), all.end());
  return all;
}

void preview(Context& context) {
  const auto reference = context.reference();
  if (reference->c().open_preview == nullptr) throw Skipped{"it has no open_preview"};
  const auto place = context.folder() / "place";
  const auto look = [&] {
    const auto before = listing(place);
    std::unique_ptr<Destination> to;
    reference->open_preview(context.host(), to).must();
    if (to->c()->try_reuse != nullptr) {
      Blobs found;
      to->try_reuse(make_sample(*to, kOld).layers[0].blob, found);
    }
    to.reset();
    require(listing(place) == before, "open_preview wrote something");
  };
  look();
  const auto to = context.destination();
  write(*to, make_sample(*to, kOld));
  const std::uint32_t flags = to->c()->flags;
  const auto types = sdk::texts_of(to->c()->manifest_types);
  std::unique_ptr<Destination> seen;
  context.reference()->open_preview(context.host(), seen);
  if (seen != nullptr) {
    require(seen->c()->flags == flags && sdk::texts_of(seen->c()->manifest_types) == types &&
                seen->c()->compression == to->c()->compression,
            "open_preview says other things of the destination than open_destination");
  }
}

}  // namespace

void write_until_killed(Context& context, int progress_fd) {
  const auto say = [&] {
    if (::write(progress_fd, "x", 1) != 1) std::abort();
    // Whoever started this decides when it ends.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  };
  const auto to = context.destination();
  const Sample sample = make_sample(*to, kNew, 2, 300000);
  say();
  for (const SampleBlob& layer : sample.layers) {
    Trouble pause;
    bool said = false;
    pause.on_bytes = [&](std::int64_t) {
      if (!said) say();
      said = true;
    };
    const auto stream = stream_of(layer.bytes, pause);
    Blobs stored;
    to->put_blob(layer.blob, *stream, stored).must();
  }
  say();
  put(*to, sample.config);
  say();
  to->put_manifest(std::nullopt, sample.manifest).must();
  say();
  if (::write(progress_fd, "x", 1) != 1) std::abort();
  to->commit(sample.manifest).must();
}

const std::vector<Case>& safety_cases() {
  static const std::vector<Case> cases = {
      {"stream-fails", "A stream's failure comes back as it was; nothing of the blob is kept.",
       stream_fails},
      {"stream-wrong-bytes", "A blob whose stream says at its end that it was wrong is not kept.",
       wrong_bytes},
      {"keep-on-abort", "An aborted write leaves the image that was there before.", aborted},
      {"keep-on-release", "A write that is released without commit leaves the image as it was.",
       released},
      {"keep-on-early-release", "A write that ends after some blobs leaves the image as it was.",
       released_early},
      {"keep-on-kill",
       "A write that is killed at any time leaves a whole image, and can be repeated.", killed},
      {"replace", "An image is replaced by the next one.", replaced},
      {"no-room", "A full disk is an error, and leaves the image that was there before.", no_room},
      {"no-place", "A place where nothing can be is an error.", no_place},
      {"cancel", "What is done when the copy is cancelled ends, and says that it was.", cancelled},
      {"preview", "open_preview writes nothing and says what open_destination says.", preview},
  };
  return cases;
}

}  // namespace sealos::conformance
