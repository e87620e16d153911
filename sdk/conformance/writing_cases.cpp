// Writing: what is put is what is there afterwards.
#include <fmt/format.h>
#include <sys/resource.h>

#include "at_once.hpp"
#include "cases.hpp"
#include "image.hpp"
#include "support/digest/hasher.hpp"
#include "support/json/json.hpp"

namespace sealos::conformance {
namespace {

ReadBack read_one(Context& context) {
  const auto source = context.source();
  return read_image(*source);
}

void image(Context& context) {
  Sample sample;
  {
    const auto to = context.destination();
    sample = make_sample(*to, 1, 3);
    write(*to, sample);
  }
  require_same(read_one(context), sample);
}

void index(Context& context) {
  const auto to = context.destination();
  if (!to->takes(kOciIndex) || !to->takes(kOciManifest)) throw Skipped{"it takes no OCI index"};
  const Sample first = make_sample(*to, 1), second = make_sample(*to, 2);
  Json list = Json::array();
  for (const Sample* one : {&first, &second}) {
    put_blobs(*to, *one);
    to->put_manifest(one->digest(), one->manifest).must();
    Json entry = Json::object();
    entry.set("mediaType", one->manifest.label);
    entry.set("digest", one->digest());
    entry.set("size", one->descriptor().size);
    list.push_back(std::move(entry));
  }
  Json top = Json::object();
  top.set("schemaVersion", 2);
  top.set("mediaType", kOciIndex);
  top.set("manifests", std::move(list));
  const Item item = {kOciIndex, top.dump()};
  to->put_manifest(std::nullopt, item).must();
  to->commit(item).must();
  const auto source = context.source();
  require(source->manifest().data == item.data, "the index that is read is another one");
  for (const Sample* one : {&first, &second})
    require_same(read_image(*source, one->digest()), *one);
}

void without_digest(Context& context) {
  const auto to = context.destination();
  const Sample sample = make_sample(*to, 1);
  for (const SampleBlob& layer : sample.layers) {
    SampleBlob unknown = layer;
    unknown.blob.digest.reset();
    unknown.blob.size = -1;
    put(*to, unknown);
  }
  put(*to, sample.config);
  to->put_manifest(std::nullopt, sample.manifest).must();
  to->commit(sample.manifest).must();
  require_same(read_one(context), sample);
}

void from_descriptor(Context& context) {
  const auto to = context.destination();
  const Sample sample = make_sample(*to, 1);
  for (const SampleBlob& layer : sample.layers) {
    const auto stream = file_stream_of(context.folder() / "stream", layer.bytes);
    Blobs stored;
    to->put_blob(layer.blob, *stream, stored).must();
    require(stored.all.size() == 1 && stored.all[0].digest == layer.blob.digest,
            "put_blob of a stream with an fd emitted another blob");
  }
  put(*to, sample.config);
  to->put_manifest(std::nullopt, sample.manifest).must();
  to->commit(sample.manifest).must();
  require_same(read_one(context), sample);
}

void parallel_puts(Context& context) {
  const auto to = context.destination();
  if (!to->parallel()) throw Skipped{"its destination is written by one at a time"};
  const Sample sample = make_sample(*to, 1, 8, 200000);
  at_once(sample.layers.size(), [&](size_t i) { put(*to, sample.layers[i]); });
  put(*to, sample.config);
  to->put_manifest(std::nullopt, sample.manifest).must();
  to->commit(sample.manifest).must();
  require_same(read_one(context), sample);
}

std::int64_t peak_memory() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * std::int64_t{1024};
}

void big_blob(Context& context) {
  const std::int64_t size = context.options().big;
  const auto to = context.destination();
  Sample sample = make_sample(*to, 1, 1, static_cast<size_t>(size));
  put(*to, sample.config);
  const SampleBlob& layer = sample.layers.front();
  const auto before = peak_memory();
  const auto stream = file_stream_of(context.folder() / "stream", layer.bytes);
  Blobs stored;
  to->put_blob(layer.blob, *stream, stored).must();
  require(stored.all.size() == 1 && stored.all[0].digest == layer.blob.digest,
          "put_blob of a big blob emitted another one");
  to->put_manifest(std::nullopt, sample.manifest).must();
  to->commit(sample.manifest).must();
  const auto source = context.source();
  const auto at = source->layer_infos(std::nullopt);
  const auto opened = source->blob(at.empty() ? layer.blob : at.front());
  Hasher hash;
  std::string part(1 << 16, 0);
  std::int64_t read = 0;
  for (size_t got = 1; got > 0; read += static_cast<std::int64_t>(got)) {
    opened->read(part.data(), part.size(), got).must();
    hash.update(std::string_view(part).substr(0, got));
  }
  if (at.empty())
    require(read == layer.blob.size && hash.finish() == *layer.blob.digest,
            "a big blob is read with other bytes");
  const auto used = peak_memory() - before;
  if (used > size * 3 / 4)
    warn(fmt::format("{} MiB more memory were used for a blob of {} MiB", used >> 20, size >> 20));
}

void reuse(Context& context) {
  const auto to = context.destination();
  if (to->c()->try_reuse == nullptr) throw Skipped{"it has no try_reuse"};
  const Sample sample = make_sample(*to, 1);
  Blob unknown = sample.layers[0].blob;
  unknown.digest = Digest::require("sha256:" + std::string(64, 'e'));
  Blobs none;
  const Answer absent = to->try_reuse(unknown, none);
  require(absent.status == SEALOS_NOT_FOUND, "of a blob that is not there " + absent.text());
  require(none.all.empty(), "try_reuse emitted a blob that is not there");
  put_blobs(*to, sample);
  Blobs there;
  const Answer found = to->try_reuse(sample.layers[0].blob, there);
  if (found.status == SEALOS_NOT_FOUND) {
    warn("a blob that was just put is not found by try_reuse");
  } else {
    found.must();
    require(there.all.size() == 1 && there.all[0].digest == sample.layers[0].blob.digest,
            "try_reuse emitted another blob than it was asked for");
  }
  to->put_manifest(std::nullopt, sample.manifest).must();
  to->commit(sample.manifest).must();
  require_same(read_one(context), sample);
}

void other_manifest(Context& context) {
  const auto to = context.destination();
  const Sample sample = make_sample(*to, 1);
  put_blobs(*to, sample);
  const Item odd = {"application/vnd.example.no-image.v1+json", R"({"schemaVersion":2})"};
  const Answer answer = to->put_manifest(std::nullopt, odd);
  if (answer.ok() && to->c()->manifest_types != nullptr)
    warn("a manifest of a type that is not in manifest_types was taken");
  if (!answer.ok() && answer.status != SEALOS_MANIFEST_REJECTED)
    warn("a manifest of an unknown type is not MANIFEST_REJECTED: " + answer.text());
  to->put_manifest(std::nullopt, sample.manifest).must();
  to->commit(sample.manifest).must();
  require_same(read_one(context), sample);
}

void signatures(Context& context) {
  const auto to = context.destination();
  if (to->c()->put_signatures == nullptr) throw Skipped{"it stores no signatures"};
  const auto formats = sdk::texts_of(to->c()->signature_formats);
  if (formats && formats->empty()) throw Skipped{"it stores no signatures here"};
  const std::string format = formats ? formats->front() : "sigstore-json";
  const bool sigstore = format == "sigstore-json";
  const Item signature = {
      format,
      sigstore ? R"({"mimeType":"application/vnd.dev.cosign.simplesigning.v1+json",)"
                 R"("payload":"e30=","annotations":{"dev.cosignproject.cosign/signature":"c2ln"}})"
               : std::string("\x90\r\x03\x00\x02\x08", 6) + "opaque"};
  const Sample sample = make_sample(*to, 1);
  put_blobs(*to, sample);
  to->put_manifest(std::nullopt, sample.manifest).must();
  to->put_signatures(std::nullopt, {signature}).must();
  to->commit(sample.manifest).must();
  const auto source = context.source();
  if (!source->has_signatures()) throw Failure{"signatures are stored and cannot be read"};
  const auto read = source->signatures();
  require(read.size() == 1 && read[0].label == format,
          fmt::format("1 signature was written, {} are read", read.size()));
  if (read[0].data != signature.data) warn("a signature is read with other bytes than written");
}

void removes(Context& context) {
  const auto reference = context.reference();
  if (reference->c().remove == nullptr) throw Skipped{"it removes no images"};
  Sample sample;
  {
    const auto to = context.destination();
    sample = make_sample(*to, 1);
    write(*to, sample);
  }
  const Answer odd = reference->remove(context.host(), 1u << 31);
  require(odd.status == SEALOS_UNSUPPORTED, "with a flag that does not exist " + odd.text());
  const Answer only_index = reference->remove(context.host(), SEALOS_REMOVE_ONLY_INDEX);
  require(!only_index.ok(), "an image was removed where only an index was to be");
  require_same(read_one(context), sample);
  const Answer answer = reference->remove(context.host(), 0);
  if (answer.status == SEALOS_UNSUPPORTED) throw Skipped{"this place removes nothing"};
  answer.must();
  std::unique_ptr<Source> source;
  Answer after = context.reference()->open_source(context.host(), source);
  Items items;
  if (after.ok()) after = source->read_manifest(std::nullopt, items);
  require(after.status == SEALOS_NOT_FOUND, "after an image was removed " + after.text());
}

}  // namespace

const std::vector<Case>& writing_cases() {
  static const std::vector<Case> cases = {
      {"write-image", "An image that was written is read back.", image},
      {"write-index", "An index with two images is read back, byte for byte.", index},
      {"write-unknown-digest", "A blob that comes without digest and size gets the right ones.",
       without_digest},
      {"write-descriptor", "A stream with an fd is taken from where that stands.", from_descriptor},
      {"write-parallel", "Blobs are put by several threads at once, where the destination says so.",
       parallel_puts},
      {"write-big-blob", "A big blob passes without being held in memory.", big_blob},
      {"write-reuse", "try_reuse finds what is there, and nothing else.", reuse},
      {"write-other-manifest",
       "A manifest of an unknown type is refused, and another one may follow.", other_manifest},
      {"write-signatures", "Signatures that were written are read back.", signatures},
      {"remove", "An image that was removed is NOT_FOUND; unknown flags remove nothing.", removes},
  };
  return cases;
}

}  // namespace sealos::conformance
