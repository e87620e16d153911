#include "support/compression/chunked.hpp"

#include <doctest/doctest.h>
#include <isa-l/crc64.h>
#include <openssl/evp.h>

#include <map>

#include "support/compression/gzip_format.hpp"
#include "support/compression/tar_entry.hpp"
#include "support/compression/testing.hpp"
#include "support/digest/hasher.hpp"

using namespace sealos;
using namespace sealos::compression_testing;

namespace {

/// A ustar member.
std::string member(const std::string& name, char type, const std::string& content,
                   const std::string& link = {}) {
  std::string head(512, '\0');
  const auto put = [&](size_t at, const std::string& text) { head.replace(at, text.size(), text); };
  put(0, name);
  put(100, "0000644");
  put(108, "0001750");
  put(116, "0001751");
  char size[12];
  std::snprintf(size, sizeof size, "%011zo", content.size());
  put(124, size);
  put(136, "14524463677");
  put(148, "        ");
  head[156] = type;
  put(157, link);
  put(257, std::string("ustar\0"
                       "00",
                       8));
  unsigned sum = 0;
  for (const char c : head) sum += static_cast<unsigned char>(c);
  char text[8];
  std::snprintf(text, sizeof text, "%06o", sum);
  put(148, std::string(text, 7));
  return head + content + std::string((512 - content.size() % 512) % 512, '\0');
}

std::string record(const std::string& key, const std::string& value) {
  const std::string body = " " + key + "=" + value + "\n";
  size_t length = body.size() + 1;
  while (std::to_string(length).size() + body.size() != length) ++length;
  return std::to_string(length) + body;
}

const std::string kEnd(1024, '\0');

struct Made {
  std::string bytes;
  std::map<std::string, std::string> annotations;
};
Made made(const std::string& tar, unsigned threads = 2) {
  auto stream = compress_chunked(memory_stream(tar), {{}, threads});
  Made result{all_of(*stream), {}};
  for (const auto& [key, value] : stream->annotations()) {
    result.annotations[key.substr(key.rfind('.') + 1)] = value;
  }
  return result;
}

std::string table(const Made& layer, const std::string& key) {
  size_t offset = 0, size = 0;
  REQUIRE(std::sscanf(layer.annotations.at(key).c_str(), "%zu:%zu", &offset, &size) == 2);
  return layer.bytes.substr(offset, size);
}

Json toc_of(const Made& layer) {
  const std::string packed = table(layer, "manifest-position");
  CHECK(digest_of(packed).str() == layer.annotations.at("manifest-checksum"));
  return Json::parse(unpacked(packed, Compression::zstd));
}

/// The tar again, of a tar-split and the contents that the table of contents tells.
std::string rebuilt(const Made& layer) {
  const Json toc = toc_of(layer);
  std::map<std::string, std::string> contents;
  for (const Json& entry : toc.at("entries").items("")) {
    if (entry.find("endOffset") == nullptr) continue;
    const auto begin = static_cast<size_t>(entry.at("offset").integer(""));
    const auto end = static_cast<size_t>(entry.at("endOffset").integer(""));
    const std::string content = unpacked(layer.bytes.substr(begin, end - begin), Compression::zstd);
    CHECK(digest_of(content).str() == entry.text_at("digest"));
    contents[entry.text_at("name")] = content;
  }
  const std::string packed = table(layer, "tarsplit-position");
  CHECK(digest_of(packed).str() == toc.text_at("tarSplitDigest"));
  const std::string lines = unpacked(packed, Compression::zstd);
  std::string tar;
  for (size_t at = 0; at < lines.size();) {
    const size_t end = lines.find('\n', at);
    const Json line = Json::parse(std::string_view(lines).substr(at, end - at));
    at = end + 1;
    if (line.at("type").integer("") == 1) {
      tar += contents[line.text_at("name")];
      continue;
    }
    std::string text = line.text_at("payload"), bytes(text.size(), '\0');
    const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                  reinterpret_cast<const unsigned char*>(text.data()),
                                  static_cast<int>(text.size()));
    const auto pad = static_cast<size_t>(std::count(text.begin(), text.end(), '='));
    tar += bytes.substr(0, static_cast<size_t>(n) - pad);
  }
  return tar;
}

}  // namespace

TEST_CASE("a chunked layer is the same tar, by its frames and by its tables") {
  const std::string tar = member("etc/", '5', "") + member("etc/a", '0', sample(1000)) +
                          member("etc/none", '0', "") + member("big", '0', sample(3 << 20, 7)) +
                          member("zeros", '0', std::string(2500000, '\0')) +
                          member("link", '2', "", "etc/a") + kEnd + std::string(10240, '\0');
  const Made layer = made(tar);
  CHECK(unpacked(layer.bytes, Compression::zstd) == tar);
  CHECK(rebuilt(layer) == tar);
  CHECK(made(tar, 1).bytes == layer.bytes);
  CHECK(made(tar, 7).bytes == layer.bytes);
  const Json toc = toc_of(layer);
  const Json::Array& entries = toc.at("entries").items("");
  CHECK(entries.size() > 20);  // "big" is in many pieces
  CHECK(entries[0].dump() ==
        R"({"type":"dir","name":"etc/","mode":420,"uid":1000,"gid":1001,"modtime":"2023-11-13T)"
        R"(18:15:27Z"})");
}

TEST_CASE("pieces of content begin and end where the table says, with their digests") {
  const std::string content = sample(1 << 20, 9);
  const Made layer = made(member("f", '0', content) + kEnd);
  size_t at = 0;
  const Json toc = toc_of(layer);
  const Json::Array& entries = toc.at("entries").items("");
  REQUIRE(entries.size() > 2);
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto begin = static_cast<size_t>(entries[i].at("offset").integer(""));
    const size_t end =
        static_cast<size_t>(i + 1 < entries.size() ? entries[i + 1].at("offset").integer("")
                                                   : entries[0].at("endOffset").integer(""));
    const std::string piece = unpacked(layer.bytes.substr(begin, end - begin), Compression::zstd);
    CHECK(piece == content.substr(at, piece.size()));
    CHECK(static_cast<std::int64_t>(piece.size()) == entries[i].at("chunkSize").integer(""));
    CHECK(digest_of(piece).str() == entries[i].text_at("chunkDigest"));
    if (i > 0) CHECK(static_cast<std::int64_t>(at) == entries[i].at("chunkOffset").integer(""));
    at += piece.size();
  }
  CHECK(at == content.size());
}

TEST_CASE("extensions of the header are understood") {
  const std::string name(150, 'n');
  const std::string pax = record("path", name) + record("mtime", "1700000000.25") +
                          record("SCHILY.xattr.user.k", "v\n=1") + record("uid", "3000000");
  const std::string tar = member("x", 'x', pax) + member("short", '0', "1") +
                          member("L", 'L', std::string(200, 'l') + std::string(1, '\0')) +
                          member("short", '0', "22") + kEnd;
  const Made layer = made(tar);
  CHECK(rebuilt(layer) == tar);
  const Json toc = toc_of(layer);
  const Json& first = toc.at("entries").items("")[0];
  CHECK(first.text_at("name") == name);
  CHECK(first.text_at("modtime") == "2023-11-14T22:13:20.25Z");
  CHECK(first.at("uid").integer("") == 3000000);
  CHECK(first.at("xattrs").text_at("user.k") == "dgo9MQ==");
  CHECK(toc.at("entries").items("")[1].text_at("name") == std::string(200, 'l'));
}

TEST_CASE("what a table cannot describe stays whole and gets no table") {
  const std::string whole = member("a", '0', "1") + kEnd;
  const std::string odd[] = {"",
                             "no tar at all",
                             std::string(5000, 'x'),
                             whole.substr(0, 512),
                             whole.substr(0, 600),
                             member("a", '0', "1") + member("a", '0', "2") + kEnd,
                             member("\xff", '0', "1") + kEnd,
                             member("g", 'g', record("comment", "c")) + whole,
                             member("s", 'S', "1") + kEnd,
                             member("x", 'x', "17 x=") + whole,
                             member("x", 'x', record("GNU.sparse.major", "1")) + whole,
                             whole + "rest"};
  for (const std::string& tar : odd) {
    CAPTURE(tar.size());
    const Made layer = made(tar);
    CHECK(unpacked(layer.bytes, Compression::zstd) == tar);
    if (!tar.empty()) CHECK(layer.annotations.empty());
  }
  CHECK_FALSE(made(whole).annotations.empty());
  CHECK_FALSE(made(whole.substr(0, 1024)).annotations.empty());  // no end marker
}

TEST_CASE("the footer says where the tables are") {
  const Made layer = made(member("a", '0', "1") + kEnd);
  const std::string footer = layer.bytes.substr(layer.bytes.size() - 64);
  const auto* at = reinterpret_cast<const std::byte*>(footer.data());
  const auto value = [&](int i) { return std::to_string(compression::load_le32(at + 8 * i)); };
  CHECK(layer.annotations.at("manifest-position") ==
        value(0) + ":" + value(1) + ":" + value(2) + ":" + value(3));
  CHECK(layer.annotations.at("tarsplit-position") == value(4) + ":" + value(5) + ":" + value(6));
  CHECK(footer.substr(56) == "GNUlInUx");
}

TEST_CASE("the checksum of a tar-split is CRC-64/GO-ISO") {
  CHECK(::crc64_iso_refl(0, reinterpret_cast<const unsigned char*>("123456789"), 9) ==
        0xb90956c775a41001ULL);
}

TEST_CASE("a chunked stream passes errors on and may be given up") {
  const std::string tar = member("big", '0', sample(3 << 20));
  const auto fail = []() -> size_t { throw Error(Status::denied, "no"); };
  auto stream = compress_chunked(std::make_unique<SlowStream>(tar, 5000, fail));
  CHECK_THROWS_AS(all_of(*stream), Error);
  auto left = compress_chunked(memory_stream(tar));
  std::byte one[1];
  CHECK(left->read(one) == 1);
}
