// Progress for a terminal: live bars.
#pragma once

#include "cli/text_progress.hpp"

namespace sealos::cli {

/// Draws a bar for each blob under way and one for the whole, ten times a second, below the lines
/// of what has ended.
class BarProgress final : public TextProgress {
 public:
  /// out: a terminal.
  explicit BarProgress(std::FILE* out);
  ~BarProgress() override;

 private:
  void line(const std::string& text) override;
  void draw();
  void erase();

  size_t drawn_ = 0;  // lines on the screen that are drawn anew
  Ticker ticker_;
};

}  // namespace sealos::cli
