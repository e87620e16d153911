#include "core/host/reference.hpp"

#include <fmt/format.h>

#include "core/host/checked.hpp"
#include "core/host/option_error.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos {

Reference::Reference(sealos_reference* c, std::string transport, std::string plugin)
    : c_(nullptr), transport_(std::move(transport)), plugin_(std::move(plugin)) {
  check_size(plugin_, "sealos_reference", c, c == nullptr ? 0 : c->struct_size,
             SEALOS_SIZE_WITH(sealos_reference, get_extension));
  check_member(plugin_, "sealos_reference.canonical", c->canonical);
  c_.reset(c);
}

Reference::~Reference() {
  const InPlugin here(plugin_);
  c_.reset();
}

std::vector<std::string> Reference::policy_namespaces() const {
  return sdk::texts_of(c_->policy_namespaces).value_or(std::vector<std::string>());
}

void Reference::unsupported(const char* what) const {
  throw Error(Status::unsupported, fmt::format("transport \"{}\" cannot {}", transport_, what));
}

template <typename Call>
void Reference::open(const Services& services, const char* function, Call&& call) const {
  judging_options(services, [&] { checked(plugin_, function, call); });
}

std::unique_ptr<Source> Reference::open_source(const Services& services) const {
  if (!can_read()) unsupported("be read from");
  sealos_source* out = nullptr;
  open(services, "open_source",
       [&](sealos_error* error) { return c_->open_source(c_.get(), services.c(), &out, error); });
  return std::make_unique<Source>(out, plugin_);
}

std::unique_ptr<Destination> Reference::open_destination(const Services& services) const {
  if (!can_write()) unsupported("be written to");
  sealos_destination* out = nullptr;
  open(services, "open_destination", [&](sealos_error* error) {
    return c_->open_destination(c_.get(), services.c(), &out, error);
  });
  return std::make_unique<Destination>(out, plugin_);
}

std::unique_ptr<Destination> Reference::open_preview(const Services& services) const {
  if (!can_write()) unsupported("be written to");
  if (c_->open_preview == nullptr)
    unsupported("look at a destination without writing to it, as a dry run needs");
  sealos_destination* out = nullptr;
  open(services, "open_preview",
       [&](sealos_error* error) { return c_->open_preview(c_.get(), services.c(), &out, error); });
  return std::make_unique<Destination>(out, plugin_);
}

std::vector<std::string> Reference::list_tags(const Services& services) const {
  if (c_->list_tags == nullptr) unsupported("list tags");
  std::vector<std::string> tags;
  open(services, "list_tags", [&](sealos_error* error) {
    return c_->list_tags(
        c_.get(), services.c(),
        [](void* to, const sealos_item* item) -> sealos_status {
          return sdk::guard(nullptr, [&] {
            static_cast<std::vector<std::string>*>(to)->push_back(sdk::text_or_empty(item->label));
          });
        },
        &tags, error);
  });
  return tags;
}

void Reference::remove(const Services& services, std::uint32_t flags) const {
  if (c_->remove == nullptr) unsupported("remove images");
  open(services, "remove",
       [&](sealos_error* error) { return c_->remove(c_.get(), services.c(), flags, error); });
}

}  // namespace sealos
