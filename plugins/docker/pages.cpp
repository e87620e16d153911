#include "pages.hpp"

#include <set>

namespace sealos::docker {
namespace {

constexpr size_t kMaxPage = 16 << 20;

/// The address in `Link: <address>; rel="next"`; "" if there is none.
std::string next_page(const http::Response& response) {
  for (const std::string& link : response.headers().all("Link")) {
    const size_t from = link.find('<'), to = link.find('>');
    if (from == std::string::npos || to == std::string::npos || to < from) continue;
    const std::string rest = link.substr(to);
    if (rest.find("rel=\"next\"") == std::string::npos &&
        rest.find("rel=next") == std::string::npos)
      continue;
    return link.substr(from + 1, to - from - 1);
  }
  return {};
}

}  // namespace

void for_each_page(Registry& registry, Ask ask, const std::string& doing,
                   const std::function<bool(http::Response& page)>& take) {
  std::set<std::string> seen;
  for (;;) {
    http::Response response = registry.send(ask);
    const std::string next = next_page(response);
    const http::Url here = response.url();
    if (!take(response) || next.empty()) return;
    // Behind a proxy the host in it may be wrong; path and query are what counts.
    http::Url url = here;
    url.target = here.resolve(next).target;
    if (!seen.insert(url.target).second)
      throw Error(Status::corrupt, doing + ": the pages go in a circle");
    ask.url = url;
  }
}

std::string page_text(http::Response& page, const std::string& doing) {
  try {
    return page.read_all(kMaxPage);
  } catch (Error& e) {
    throw e.add_context(doing);
  }
}

}  // namespace sealos::docker
