#include "reference.hpp"

#include <fmt/format.h>

#include "lookup.hpp"
#include "remove.hpp"

namespace sealos::containers_storage {

Reference::Reference(sdk::Host host, std::string_view details)
    : details_(split_details(details)),
      form_(parse_image(details_.image)),
      settings_(settings_for(details_.store, Environment::of_this_process())),
      driver_(choose_driver(settings_)),
      name_(form_.name),
      id_(form_.id) {
  try {
    const Snapshot snapshot = Store(settings_).load([host] { return host.cancelled(); });
    const Found found = find_image(snapshot, form_, settings_.graphroot);
    const bool by_id = !form_.id.empty() || !form_.name || !found.name ||
                       found.image->id.starts_with(form_.id_prefix + "x");
    if (by_id || (!form_.id_prefix.empty() && found.image->id.starts_with(form_.id_prefix)))
      id_ = found.image->id;
    name_ = found.name;
  } catch (const Error& e) {
    // Not there, or not readable: the one who opens it is told.
    host.debug(fmt::format("looking for \"{}\": {}", printable(form_.written), e.what()));
  }
}

/// "[driver@graphroot+runroot:options]", or without what does not tell stores apart.
std::string Reference::store_text(bool whole) const {
  std::string out = fmt::format("[{}@{}", driver_, settings_.graphroot);
  if (whole) {
    out += "+" + settings_.runroot;
    if (!details_.store.options.empty())
      out += fmt::format(":{}", fmt::join(details_.store.options, ","));
  }
  return out + "]";
}

std::string Reference::canonical() const {
  // Without the store where the defaults apply: their configuration is more than this form can say.
  std::string out = details_.store.empty() ? "" : store_text(true);
  if (!name_ && id_.empty()) return out + form_.written;
  if (name_) out += name_->str();
  if (!id_.empty()) out += "@" + id_;
  return out;
}

std::optional<std::string> Reference::docker_name() const {
  if (!name_) return std::nullopt;
  return name_->str();
}

std::string Reference::policy_identity() const {
  std::string out = store_text(false);
  if (name_) out += name_->str();
  if (!id_.empty()) out += "@" + id_;
  return out;
}

std::vector<std::string> Reference::policy_namespaces() const {
  std::vector<std::string> out;
  const std::string store = store_text(false);
  if (name_) {
    if (!id_.empty()) out.push_back(store + name_->str());
    if (name_->digest && !name_->tag.empty()) {
      out.push_back(store + name_->repository() + "@" + name_->digest->str());
      out.push_back(store + name_->repository() + ":" + name_->tag);
    }
    std::string path = name_->repository();
    while (true) {
      out.push_back(store + path);
      const size_t slash = path.rfind('/');
      if (slash == std::string::npos) break;
      path.resize(slash);
    }
  }
  out.push_back(store);
  out.push_back("[" + settings_.graphroot + "]");
  return out;
}

std::unique_ptr<Source> Reference::open_source(sdk::Host host) const {
  return std::make_unique<Source>(host, settings_, form_);
}

std::unique_ptr<Destination> Reference::open_destination(sdk::Host host) const {
  return std::make_unique<Destination>(host, settings_, form_, sdk::Intent::write);
}

std::unique_ptr<Destination> Reference::open_preview(sdk::Host host) const {
  return std::make_unique<Destination>(host, settings_, form_, sdk::Intent::preview);
}

void Reference::remove(sdk::Host host, std::uint32_t flags) const {
  remove_image(host, settings_, form_, flags);
}

std::vector<std::string> names_in_store(sdk::Host host, const Environment& environment) {
  std::vector<std::string> names;
  const Store store(settings_for({}, environment));
  for (const StoredImage& image : store.load([host] { return host.cancelled(); }).images) {
    names.insert(names.end(), image.names.begin(), image.names.end());
  }
  return names;
}

void check_scope(std::string_view scope) {
  const size_t end = scope.find(']');
  if (!scope.starts_with('[') || end == std::string_view::npos || end == 1) {
    throw Error(Status::invalid,
                fmt::format("\"{}\" does not begin with a store, as [overlay@/graphroot]",
                            printable(scope)));
  }
  std::string_view store = scope.substr(1, end - 1);
  if (const size_t at = store.find('@'); at != std::string_view::npos) store.remove_prefix(at + 1);
  if (!store.starts_with('/') || store.find_first_of("+:") != std::string_view::npos) {
    throw Error(Status::invalid, fmt::format("\"{}\" names no absolute graphroot, or more than one",
                                             printable(scope)));
  }
}

}  // namespace sealos::containers_storage
