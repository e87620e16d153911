#include "core/copy/compression_choice.hpp"

#include <doctest/doctest.h>

#include "core/copy/plan.hpp"

using namespace sealos;

namespace {

DestinationTraits place(LayerCompression compression, std::uint32_t flags = 0) {
  return {"there", {}, compression, flags};
}

LayerChoice choose(const std::string& compression, bool chunked, const CompressionWish& wish,
                   const DestinationTraits& destination) {
  return choose_form(compression, chunked, rule_for(wish, destination));
}

CompressionWish asked(LayerForm form) {
  CompressionWish wish;
  wish.form = form;
  return wish;
}

}  // namespace

TEST_CASE("names of forms") {
  CHECK(layer_form_named("zstd:chunked") == LayerForm::zstd_chunked);
  CHECK(name_of(LayerForm::plain) == "none");
  CHECK(compression_of(LayerForm::zstd_chunked) == "zstd");
  CHECK_THROWS_WITH_AS(layer_form_named("xz"), doctest::Contains("not written"), Error);
  CHECK_THROWS_WITH_AS(layer_form_named("brotli"), doctest::Contains("not known"), Error);
}

TEST_CASE("without a wish plain layers are compressed where that is liked, and nothing else is") {
  const CompressionWish none;
  CHECK(choose("", false, none, place(LayerCompression::compress)).form == LayerForm::gzip);
  CHECK(choose("", false, none, place(LayerCompression::preserve)).recode == Recode::none);
  CHECK(choose("zstd", false, none, place(LayerCompression::compress)).recode == Recode::none);
  CHECK(choose("xz", false, none, place(LayerCompression::decompress)).recode ==
        Recode::decompress);
}

TEST_CASE("plain layers stay plain with --disable-compression, compressed ones compressed") {
  CompressionWish wish;
  wish.keep_plain = true;
  CHECK(choose("", false, wish, place(LayerCompression::compress)).recode == Recode::none);
  CHECK(choose("gzip", false, wish, place(LayerCompression::compress)).recode == Recode::none);
}

TEST_CASE("zstd:chunked is zstd as well, but zstd is not zstd:chunked") {
  const DestinationTraits to = place(LayerCompression::preserve);
  CHECK(choose("zstd", true, asked(LayerForm::zstd), to).recode == Recode::none);
  CHECK(choose("zstd", true, asked(LayerForm::zstd_chunked), to).recode == Recode::none);
  CHECK(choose("zstd", false, asked(LayerForm::zstd_chunked), to).recode == Recode::compress);
}

TEST_CASE("a destination that unpacks layers leaves no choice") {
  const DestinationTraits store = place(LayerCompression::preserve, SEALOS_UNPACKS);
  CHECK_THROWS_WITH_AS(check_wish_for(asked(LayerForm::gzip), store), doctest::Contains("unpacks"),
                       Error);
  CHECK_THROWS_AS(check_wish_for(asked(LayerForm::plain), store), Error);
  CompressionWish plain;
  plain.keep_plain = true;
  CHECK_THROWS_AS(check_wish_for(plain, store), Error);
  CHECK_NOTHROW(check_wish_for({}, store));
}

TEST_CASE("a destination may take some compressions only") {
  DestinationTraits to = place(LayerCompression::preserve);
  to.layer_compressions = {"", "gzip"};
  CHECK_NOTHROW(check_wish_for(asked(LayerForm::gzip), to));
  CHECK_THROWS_WITH_AS(check_wish_for(asked(LayerForm::zstd_chunked), to),
                       "there takes no layers compressed with zstd", Error);
}

TEST_CASE("annotations of a layer's bytes do not outlive them") {
  const Annotations all = {{"mine", "1"},
                           {"io.github.containers.zstd-chunked.manifest-checksum", "x"},
                           {"containerd.io/snapshot/stargz/toc.digest", "y"}};
  CHECK(is_chunked(all));
  CHECK(lasting_annotations(all) == Annotations{{"mine", "1"}});
}
