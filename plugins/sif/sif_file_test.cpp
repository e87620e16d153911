#include "sif_file.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "support/file/file_stream.hpp"
#include "test_image.hpp"

using namespace sealos;
using namespace sealos::sif;
using namespace sealos::sif::testing;

namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

/// A SIF of two objects, whose numbers can be changed before it becomes bytes.
struct Bytes {
  Header header;
  std::vector<Descriptor> objects{2};
  std::int64_t length = 40000;

  Bytes() {
    header.slots = 48;
    header.table_offset = kTableOffset;
    header.table_size = 48 * kDescriptorSize;
    for (size_t i = 0; i < objects.size(); ++i) {
      objects[i].type = DataType::json;
      objects[i].name = "object" + std::to_string(i);
      objects[i].id = static_cast<std::uint32_t>(i) + 1;
      objects[i].offset = 33000 + static_cast<std::int64_t>(i) * 100;
      objects[i].size = 100;
    }
  }
  void write(const std::filesystem::path& path) const {
    std::string bytes(static_cast<size_t>(length), 'x');
    const auto put = [&](size_t at, const std::string& text) {
      for (size_t i = 0; i < text.size() && at + i < bytes.size(); ++i) bytes[at + i] = text[i];
    };
    put(static_cast<size_t>(kTableOffset), std::string(48 * kDescriptorSize, '\0'));
    for (size_t i = 0; i < objects.size(); ++i)
      put(static_cast<size_t>(kTableOffset) + i * kDescriptorSize, descriptor_bytes(objects[i]));
    put(0, header_bytes(header));
    write_text(path, bytes);
  }
};

}  // namespace

TEST_CASE("headers and descriptors become bytes and come back") {
  Header header;
  header.launch = kLaunchLine;
  header.arch = "04";
  header.id[3] = std::byte{0xab};
  header.created = 7;
  header.slots = 48;
  const std::string bytes = header_bytes(header);
  REQUIRE(bytes.size() == 128);
  const auto again =
      parse_header(std::as_bytes(std::span(bytes)).first<static_cast<size_t>(kHeaderSize)>());
  CHECK(again.launch == kLaunchLine);
  CHECK(again.arch == "04");
  CHECK(again.created == 7);
  CHECK(again.modified == kNoTime);
  CHECK(uuid_text(again.id) == "000000ab-0000-0000-0000-000000000000");

  Descriptor object;
  object.type = DataType::partition;
  object.id = 9;
  object.offset = -5;
  object.name = std::string(128, 'n');
  object.partition = Partition{FileSystem::ext3, PartitionType::overlay, "02"};
  const std::string slot = descriptor_bytes(object);
  REQUIRE(slot.size() == 585);
  const auto parsed = parse_descriptor(
      std::as_bytes(std::span(slot)).first<static_cast<size_t>(kDescriptorSize)>());
  REQUIRE(parsed);
  CHECK(parsed->name == object.name);
  CHECK(parsed->offset == -5);
  CHECK(parsed->partition->file_system == FileSystem::ext3);
  CHECK(parsed->partition->type == PartitionType::overlay);
  CHECK(architecture_of(parsed->partition->arch) == "amd64");
  CHECK(code_of("riscv64") == "12");
  CHECK(code_of("pdp11") == "00");
  object.name += 'x';
  CHECK_THROWS_AS(descriptor_bytes(object), Error);
}

TEST_CASE("objects are found by type and name, and read where they are") {
  TempFolder folder;
  Bytes().write(folder.path / "a.sif");
  const SifFile file(folder.str("a.sif"));
  REQUIRE(file.descriptors().size() == 2);
  const Descriptor* object = file.find(DataType::json, "object1");
  REQUIRE(object != nullptr);
  CHECK(file.read(*object, 100) == std::string(100, 'x'));
  CHECK_THROWS_AS(file.read(*object, 99), Error);
  CHECK(read_stream(*file.open(*object, 90), 1000, "object") == std::string(10, 'x'));
  CHECK(read_stream(*file.open(*object, 5, 3), 1000, "object") == "xxx");
  CHECK_THROWS_AS(file.open(*object, 90, 11), Error);
  CHECK(file.find(DataType::generic, "object1") == nullptr);
}

TEST_CASE("a SIF that cannot be is refused with the reason") {
  TempFolder folder;
  Bytes sif;
  std::string why;
  SUBCASE("too many descriptors") { sif.header.slots = std::int64_t{1} << 40, why = "descriptors"; }
  SUBCASE("fewer than no descriptors") { sif.header.slots = -1, why = "descriptors"; }
  SUBCASE("a table of another size") { sif.header.table_size = 4, why = "descriptors"; }
  SUBCASE("a table outside") { sif.header.table_offset = kMost - 100, why = "outside"; }
  SUBCASE("a table in the header") { sif.header.table_offset = 100, why = "outside"; }
  SUBCASE("an object behind the end") { sif.objects[1].offset = 39901, why = "object 2"; }
  SUBCASE("an object of 2^40 bytes") {
    sif.objects[0].size = std::int64_t{1} << 40, why = "object 1";
  }
  SUBCASE("an object whose end overflows") { sif.objects[0].size = kMost, why = "object 1"; }
  SUBCASE("an object before the file") { sif.objects[0].offset = -1, why = "object 1"; }
  SUBCASE("an object of negative size") { sif.objects[0].size = -1, why = "object 1"; }
  SUBCASE("objects that overlap") { sif.objects[1].offset = 33099, why = "overlap"; }
  SUBCASE("an object over the table") { sif.objects[0].offset = 5000, why = "overlaps"; }
  SUBCASE("two of the same number") { sif.objects[1].id = 1, why = "not the only one"; }
  SUBCASE("a cut off file") { sif.length = 20000, why = "outside"; }
  SUBCASE("a cut off header") { sif.length = 100, why = "too short"; }
  sif.write(folder.path / "a.sif");
  CHECK_THROWS_WITH_AS(SifFile{folder.str("a.sif")}, doctest::Contains(why.c_str()), Error);
}

TEST_CASE("what is no SIF is said to be none") {
  TempFolder folder;
  write_text(folder.path / "text", std::string(5000, 'x'));
  CHECK_THROWS_WITH_AS(SifFile{folder.str("text")}, doctest::Contains("no SIF"), Error);
  CHECK_THROWS_AS(SifFile{folder.str("missing")}, Error);
  CHECK_THROWS_WITH_AS(SifFile{folder.str(".")}, doctest::Contains("regular"), Error);
  Bytes().write(folder.path / "a.sif");
  std::string bytes = content(folder.path / "a.sif");
  bytes[43] = '7';
  write_text(folder.path / "a.sif", bytes);
  CHECK_THROWS_WITH_AS(SifFile{folder.str("a.sif")}, doctest::Contains("version"), Error);
}
