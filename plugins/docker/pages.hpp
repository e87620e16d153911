// Lists that a registry gives in pages.
#pragma once

#include <functional>
#include <string>

#include "registry.hpp"

namespace sealos::docker {

/// Sends `ask` and follows `Link: <...>; rel="next"` from page to page, within the same server.
/// `take` gets each answer, whose status it judges, and its text; false: no further page is wanted.
void for_each_page(Registry& registry, Ask ask, const std::string& doing,
                   const std::function<bool(http::Response& page)>& take);

/// The text of a page; more than 16 MiB are refused.
std::string page_text(http::Response& page, const std::string& doing);

}  // namespace sealos::docker
