#include "cli/line_progress.hpp"

namespace sealos::cli {

LineProgress::LineProgress(std::FILE* out)
    : TextProgress(out), ticker_(mutex_, std::chrono::seconds(10), [this] {
        const Snapshot now = snapshot();
        if (now.blobs > now.finished) line(now.summary());
      }) {}

void LineProgress::line(const std::string& text) {
  const std::string whole = text + "\n";
  std::fwrite(whole.data(), 1, whole.size(), out_);
  std::fflush(out_);
}

}  // namespace sealos::cli
