// What a plugin says when it is asked what refers to an image.
#pragma once

#include <string>
#include <vector>

#include "core/host/checked.hpp"
#include "sealos/sdk/referrers.hpp"
#include "sealos/sdk/types.hpp"

namespace sealos {

/// call(emit, to, error) is the plugin's list; throws what it fails with.
template <typename Call>
std::vector<Referrer> listed_referrers(const std::string& plugin, Call&& call) {
  std::vector<Item> items;
  constexpr sealos_emit kKeep = [](void* to, const sealos_item* item) -> sealos_status {
    return sdk::guard(nullptr,
                      [&] { static_cast<std::vector<Item>*>(to)->push_back(sdk::from_c(*item)); });
  };
  checked(plugin, "list of referrers",
          [&](sealos_error* error) { return call(kKeep, &items, error); });
  std::vector<Referrer> out;
  for (Item& item : items) {
    const auto digest = Digest::parse(item.label);
    if (!digest) throw broken_contract(plugin, "listed a referrer without a digest");
    out.push_back({*digest, std::move(item.data)});
  }
  return out;
}

}  // namespace sealos
