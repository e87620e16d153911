#include "saved_archive.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "support/json/json.hpp"
#include "support/layout_archive/archive_blobs.hpp"

namespace sealos::docker_daemon {
namespace {

constexpr size_t kTail = 4096;

/// A daemon that fails while it sends puts what went wrong behind what it has sent, as JSON.
std::optional<std::string> error_at_end(std::string_view tail) {
  const size_t at = tail.rfind("{\"errorDetail\"");
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view text = tail.substr(at);
  while (!text.empty() && text.back() != '}') text.remove_suffix(1);
  try {
    return Json::parse(text).at("errorDetail").text_at("message");
  } catch (const Error&) {
    return std::string(text);
  }
}

/// The body of the answer; throws at its end what the daemon said there.
class SavedStream final : public Stream {
 public:
  explicit SavedStream(http::Response response) : response_(std::move(response)) {}

  size_t read(std::span<std::byte> into) override {
    const size_t n = response_.read(into);
    if (n != 0) {
      const auto last = into.first(n).last(std::min(n, kTail));
      tail_.append(reinterpret_cast<const char*>(last.data()), last.size());
      tail_.erase(0, tail_.size() - std::min(tail_.size(), kTail));
    } else if (const auto error = error_at_end(tail_)) {
      throw Error(Status::unavailable, "the daemon gave up: " + printable(*error));
    }
    return n;
  }

 private:
  http::Response response_;
  std::string tail_;
};

}  // namespace

std::shared_ptr<const TarFile> receive_archive(const sdk::Host& host, http::Response response) {
  return TarFile::receive(std::make_unique<SavedStream>(std::move(response)),
                          "the archive that the daemon sent",
                          tar_options(host, "receiving the image from the daemon"));
}

}  // namespace sealos::docker_daemon
