// Reading: of images that were written by the same transport before, or that are given.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "at_once.hpp"
#include "cases.hpp"
#include "image.hpp"

namespace sealos::conformance {
namespace {

/// A source with some image, and what is in it.
struct Opened {
  std::unique_ptr<Source> source;
  ReadBack image;
};

Opened open_image(Context& context, size_t layer_size = 3000) {
  if (!context.given_source().empty()) {
    auto source = context.open_given();
    const Item top = source->manifest();
    if (top.data.find("\"manifests\"") != std::string::npos)
      throw Skipped{"the image that is given is an index"};
    auto image = read_image(*source);
    return {std::move(source), std::move(image)};
  }
  const auto to = context.destination();
  write(*to, make_sample(*to, 1, 2, layer_size));
  auto source = context.source();
  auto image = read_image(*source);
  return {std::move(source), std::move(image)};
}

Blob blob_of(const std::pair<const std::string, std::string>& one) {
  Blob blob;
  blob.digest = Digest::require(one.first);
  blob.size = static_cast<std::int64_t>(one.second.size());
  return blob;
}

void whole(Context& context) {
  const Opened opened = open_image(context);
  require(!opened.image.blobs.empty(), "the image has no blobs");
  const ReadBack again = read_image(*opened.source);
  require(again.manifest.data == opened.image.manifest.data && again.blobs == opened.image.blobs,
          "the same image is read differently the second time");
}

void ranges(Context& context) {
  const Opened opened = open_image(context);
  bool any = false;
  for (const auto& one : opened.image.blobs) {
    const auto size = static_cast<std::int64_t>(one.second.size());
    for (const auto& [offset, length] : {std::pair<std::int64_t, std::int64_t>{1, -1},
                                         {size / 2, size / 4},
                                         {0, size / 3},
                                         {size - 1, 1}}) {
      std::unique_ptr<OpenStream> stream;
      const Answer answer = opened.source->open_blob(blob_of(one), offset, length, stream);
      if (answer.status == SEALOS_UNSUPPORTED) continue;
      answer.must();
      any = true;
      const size_t most = length < 0 ? std::string::npos : static_cast<size_t>(length);
      require(stream->read_all() == one.second.substr(static_cast<size_t>(offset), most),
              fmt::format("{} bytes from {} of {} are others than those of the whole", length,
                          offset, one.first));
    }
  }
  if (!any) throw Skipped{"blobs are read as a whole only"};
}

void small_reads(Context& context) {
  const Opened opened = open_image(context, 300);
  for (const auto& one : opened.image.blobs) {
    const auto stream = opened.source->blob(blob_of(one));
    require(stream->size() < 0 || stream->size() == static_cast<std::int64_t>(one.second.size()),
            "a stream announces another size than it has");
    require(stream->read_all(1) == one.second, "reading byte by byte gives other bytes");
    char byte = 0;
    for (int i = 0; i < 3; ++i) {
      size_t got = 1;
      stream->read(&byte, 1, got).must();
      require(got == 0, "a stream goes on after its end");
    }
  }
}

void descriptors(Context& context) {
  const Opened opened = open_image(context);
  bool any = false;
  for (const auto& one : opened.image.blobs) {
    const auto stream = opened.source->blob(blob_of(one));
    if (stream->fd() < 0) continue;
    any = true;
    struct stat st = {};
    require(::fstat(stream->fd(), &st) == 0 && S_ISREG(st.st_mode),
            "the fd of a stream is no regular file");
    std::string bytes(static_cast<size_t>(stream->size()), 0);
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = ::read(stream->fd(), bytes.data() + done, bytes.size() - done);
      require(n > 0, "the fd of a stream has fewer bytes than its size");
      done += static_cast<size_t>(n);
    }
    require(bytes == one.second, "the fd of a stream does not stand at its bytes");
    char byte = 0;
    size_t got = 1;
    stream->read(&byte, 1, got).must();
    require(got == 0, "read goes on after all bytes were taken from the fd");
  }
  if (!any) throw Skipped{"its streams have no fd"};
}

void left_early(Context& context) {
  const Opened opened = open_image(context);
  for (const auto& one : opened.image.blobs) {
    const auto stream = opened.source->blob(blob_of(one));
    char byte = 0;
    size_t got = 0;
    stream->read(&byte, 1, got).must();
    const auto unread = opened.source->blob(blob_of(one));
  }
  read_image(*opened.source);
}

void missing(Context& context) {
  const auto reference = context.reference("nothing");
  if (reference->c().open_source == nullptr) throw Skipped{"it reads no images"};
  std::unique_ptr<Source> source;
  Answer answer = reference->open_source(context.host(), source);
  if (answer.ok()) {
    Items items;
    answer = source->read_manifest(std::nullopt, items);
  }
  require(!answer.ok(), "an image that was never written can be read");
  require(answer.status == SEALOS_NOT_FOUND,
          "an image that is not there is not NOT_FOUND: " + answer.text());
}

void missing_blob(Context& context) {
  const Opened opened = open_image(context);
  Blob blob;
  blob.digest = Digest::require("sha256:" + std::string(64, 'e'));
  blob.size = 5;
  std::unique_ptr<OpenStream> stream;
  Answer answer = opened.source->open_blob(blob, 0, -1, stream);
  if (answer.ok()) {
    char byte = 0;
    size_t got = 0;
    answer = stream->read(&byte, 1, got);
  }
  require(!answer.ok(), "a blob that was never written can be read");
  if (answer.status != SEALOS_NOT_FOUND)
    warn("a blob that is not there is not NOT_FOUND: " + answer.text());
  Items items;
  const Answer instance = opened.source->read_manifest(blob.digest->str(), items);
  require(!instance.ok(), "an instance that is not in the index can be read");
}

void emit_stops(Context& context) {
  const Opened opened = open_image(context);
  Items items;
  items.answer = SEALOS_DENIED;
  const Answer answer = opened.source->read_manifest(std::nullopt, items);
  require(answer.status == SEALOS_DENIED, "emit was answered with DENIED, and " + answer.text());
  require(items.all.size() == 1, "read_manifest went on emitting after it was told to stop");
  read_image(*opened.source);
}

void parallel_reads(Context& context) {
  const Opened opened = open_image(context, 300000);
  if (!opened.source->parallel()) throw Skipped{"its source is read by one at a time"};
  at_once(8, [&](size_t) {
    for (int i = 0; i < 3; ++i)
      require(read_image(*opened.source).blobs == opened.image.blobs,
              "blobs read at the same time get mixed up");
  });
}

void tags(Context& context) {
  const Opened opened = open_image(context);
  const auto details = context.given_source();
  std::unique_ptr<Reference> reference;
  context.parse(details.empty() ? context.details() : details, reference).must();
  if (reference->c().list_tags == nullptr) throw Skipped{"it lists no tags"};
  Items items;
  reference->list_tags(context.host(), items).must();
  std::set<std::string> names;
  for (const Item& item : items.all) {
    require(!item.label.empty(), "a tag has no name");
    require(names.insert(item.label).second, "the tag " + item.label + " is listed twice");
  }
}

}  // namespace

const std::vector<Case>& reading_cases() {
  static const std::vector<Case> cases = {
      {"read-whole", "An image is read, each blob with the bytes of its digest, twice the same.",
       whole},
      {"read-ranges", "A part of a blob has the bytes of that part, where parts can be had.",
       ranges},
      {"read-byte-by-byte", "A stream may be read in the smallest pieces, and stays at its end.",
       small_reads},
      {"read-descriptor", "The fd of a stream is a regular file that stands at the stream's bytes.",
       descriptors},
      {"read-left-early", "A stream that is released unread leaves its source usable.", left_early},
      {"read-missing", "An image that is not there is NOT_FOUND.", missing},
      {"read-missing-blob", "A blob or instance that is not there is an error.", missing_blob},
      {"read-stops", "A function that emits stops when it is told to, and says what it was told.",
       emit_stops},
      {"read-parallel", "Blobs are read by several threads at once, where the source says so.",
       parallel_reads},
      {"list-tags", "Tags are listed, each once.", tags},
  };
  return cases;
}

}  // namespace sealos::conformance
