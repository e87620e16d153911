#include "reference.hpp"

#include <fmt/format.h>

namespace sealos::docker_archive {
namespace {

template <typename Body>
auto about(std::string_view path, Body&& body) {
  try {
    return body();
  } catch (Error& e) {
    throw e.add_context("docker-archive:" + printable(path));
  }
}

ReadOptions read_options(const sdk::Host& host) {
  using Prefer = ReadOptions::Prefer;
  ReadOptions options;
  options.advice = "with docker-archive.prefer=docker or =oci one of the two is read";
  const std::string wish = host.option("docker-archive.prefer").value_or("");
  if (wish == "oci") {
    options.prefer = Prefer::oci;
  } else if (wish == "docker") {
    options.prefer = Prefer::docker;
  } else if (!wish.empty()) {
    throw Error(
        Status::invalid,
        fmt::format("docker-archive.prefer must be oci or docker, not \"{}\"", printable(wish)));
  }
  return options;
}

}  // namespace

Reference::Reference(std::string_view details)
    : name_(about(details, [&] { return ArchiveName::parse(details); })), input_(name_.path) {}

std::optional<std::string> Reference::docker_name() const {
  return name_.name ? std::optional(name_.name->str()) : std::nullopt;
}

std::unique_ptr<ImageSource> Reference::open_source(sdk::Host host) const {
  return about(name_.path, [&] {
    return std::make_unique<ImageSource>(host, "docker-archive:" + printable(name_.path),
                                         input_.open(host), name_, read_options(host));
  });
}

std::unique_ptr<Destination> Reference::open_destination(sdk::Host host) const {
  return open(host, sdk::Intent::write);
}

std::unique_ptr<Destination> Reference::open_preview(sdk::Host host) const {
  return open(host, sdk::Intent::preview);
}

std::unique_ptr<Destination> Reference::open(sdk::Host host, sdk::Intent intent) const {
  return about(name_.path, [&] {
    if (name_.position)
      throw Error(Status::invalid, "a position names an image that is there, not a new one");
    return std::make_unique<Destination>(host, name_, intent);
  });
}

std::vector<std::string> Reference::list_tags(sdk::Host host) const {
  return about(name_.path, [&] {
    const auto text = archive_text(*input_.open(host), "manifest.json", kMaxText);
    if (!text) throw Error(Status::invalid, "there is no manifest.json in it");
    std::vector<std::string> tags;
    for (const ArchiveItem& item : parse_items(*text))
      tags.insert(tags.end(), item.tags.begin(), item.tags.end());
    return tags;
  });
}

}  // namespace sealos::docker_archive
