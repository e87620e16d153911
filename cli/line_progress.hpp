// Progress for logs.
#pragma once

#include "cli/text_progress.hpp"

namespace sealos::cli {

/// Lines, and every ten seconds one that says how far the whole is.
class LineProgress final : public TextProgress {
 public:
  explicit LineProgress(std::FILE* out);

 private:
  void line(const std::string& text) override;

  Ticker ticker_;
};

}  // namespace sealos::cli
