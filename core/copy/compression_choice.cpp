#include "core/copy/compression_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/copy/plan.hpp"
#include "support/compression/compression.hpp"

namespace sealos {
namespace {

struct FormName {
  LayerForm form;
  std::string_view name, compression;
};
constexpr std::array<FormName, 4> kForms = {{
    {LayerForm::plain, "none", ""},
    {LayerForm::gzip, "gzip", "gzip"},
    {LayerForm::zstd, "zstd", "zstd"},
    {LayerForm::zstd_chunked, "zstd:chunked", "zstd"},
}};

const FormName& entry(LayerForm form) { return kForms[static_cast<size_t>(form)]; }

/// Members of a layer's descriptor that describe its bytes: zstd:chunked, and eStargz.
constexpr std::array<std::string_view, 3> kOfTheBytes = {
    "io.github.containers.zstd-chunked.",
    "containerd.io/snapshot/stargz/",
    "io.containers.estargz.",
};
constexpr std::string_view kChunkedTable = "io.github.containers.zstd-chunked.manifest-checksum";

bool already(const std::string& compression, bool chunked, LayerForm wanted) {
  // zstd:chunked is zstd as well, but not the other way round.
  return compression == compression_of(wanted) && (wanted != LayerForm::zstd_chunked || chunked);
}

std::string shown(const std::string& compression) {
  return compression.empty() ? "uncompressed" : compression;
}

}  // namespace

LayerForm layer_form_named(std::string_view name) {
  for (const FormName& each : kForms) {
    if (each.name == name) return each.form;
  }
  const bool read_only = name == "xz" || name == "bzip2";
  throw Error(Status::invalid,
              fmt::format("compression format \"{}\" is not {}; there are gzip, zstd, zstd:chunked "
                          "and none",
                          printable(name), read_only ? "written" : "known"));
}

std::string_view name_of(LayerForm form) { return entry(form).name; }
std::string_view compression_of(LayerForm form) { return entry(form).compression; }

void check_wish(const CompressionWish& wish) {
  const bool compressed = wish.form && *wish.form != LayerForm::plain;
  if (wish.keep_plain && compressed) {
    throw Error(Status::invalid, fmt::format("--disable-compression and --compression-format {} "
                                             "contradict each other",
                                             name_of(*wish.form)));
  }
  if (!wish.level) return;
  if (wish.keep_plain || (wish.form && !compressed)) {
    throw Error(Status::invalid, "--compression-level has no use where nothing is compressed");
  }
  const LayerForm form = wish.form.value_or(LayerForm::gzip);
  checked_level(*compression_named(compression_of(form)), {wish.level, 0});
}

void check_wish_for(const CompressionWish& wish, const DestinationTraits& destination) {
  if ((destination.flags & SEALOS_UNPACKS) != 0 && (wish.form || wish.keep_plain)) {
    throw Error(Status::unsupported,
                fmt::format("{} unpacks layers, so that no compression can be chosen for them",
                            destination.name));
  }
  if (!wish.form || *wish.form == LayerForm::plain) return;
  if (destination.compression == LayerCompression::decompress) {
    throw Error(Status::unsupported,
                fmt::format("{} as it is to be written holds uncompressed layers, not {}",
                            destination.name, name_of(*wish.form)));
  }
  const auto& taken = destination.layer_compressions;
  const std::string_view wanted = compression_of(*wish.form);
  if (taken && std::find(taken->begin(), taken->end(), wanted) == taken->end()) {
    throw Error(Status::unsupported,
                fmt::format("{} takes no layers compressed with {}", destination.name, wanted));
  }
}

LayerRule rule_for(const CompressionWish& wish, const DestinationTraits& destination) {
  if (wish.form) return {wish.form, false, "asked for is"};
  const std::string who = fmt::format("{} takes", destination.name);
  if (destination.compression == LayerCompression::decompress)
    return {LayerForm::plain, false, who};
  return {{}, !wish.keep_plain && destination.compression == LayerCompression::compress, who};
}

LayerChoice choose_form(const std::string& compression, bool chunked, const LayerRule& rule) {
  if (!rule.every && !(rule.packs_plain && compression.empty())) return {};
  const LayerForm form = rule.every.value_or(LayerForm::gzip);
  if (already(compression, chunked, form)) return {};
  if (form == LayerForm::plain) {
    return {Recode::decompress, form, fmt::format("{}, {} none", shown(compression), rule.who)};
  }
  return {Recode::compress, form,
          fmt::format("{}, {} {}", shown(compression), rule.who, name_of(form))};
}

bool is_chunked(const Annotations& annotations) {
  return std::any_of(annotations.begin(), annotations.end(),
                     [](const auto& each) { return each.first == kChunkedTable; });
}

Annotations lasting_annotations(Annotations annotations) {
  std::erase_if(annotations, [](const auto& each) {
    return std::any_of(kOfTheBytes.begin(), kOfTheBytes.end(),
                       [&](std::string_view prefix) { return each.first.starts_with(prefix); });
  });
  return annotations;
}

}  // namespace sealos
