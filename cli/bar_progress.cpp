#include "cli/bar_progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "cli/duration.hpp"

namespace sealos::cli {
namespace {

size_t columns(std::FILE* out) {
  winsize size{};
  if (::ioctl(::fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col;
}

std::string bar(const BlobState& blob, size_t width) {
  const std::string label = fmt::format("{:<28} ", blob.what.substr(0, 28));
  const std::string sizes =
      fmt::format(" {:>9} of {}", human_size(blob.done), human_size(blob.size));
  if (blob.size <= 0 || width < label.size() + sizes.size() + 12) return label + sizes;
  const size_t room = std::min<size_t>(40, width - label.size() - sizes.size() - 3);
  const size_t full =
      std::min(room, static_cast<size_t>(blob.done * static_cast<std::int64_t>(room) / blob.size));
  return label + "[" + std::string(full, '=') + std::string(room - full, ' ') + "]" + sizes;
}

}  // namespace

BarProgress::BarProgress(std::FILE* out)
    : TextProgress(out), ticker_(mutex_, std::chrono::milliseconds(100), [this] {
        erase();
        draw();
        std::fflush(out_);
      }) {}

BarProgress::~BarProgress() {
  ticker_.stop();
  erase();
  std::fflush(out_);
}

void BarProgress::erase() {
  for (; drawn_ > 0; --drawn_) std::fputs("\033[1A\033[2K", out_);
}

void BarProgress::draw() {
  const Snapshot now = snapshot();
  if (now.blobs == 0 || now.finished == now.blobs) return;
  const size_t width = columns(out_);
  std::string text;
  for (const BlobState& blob : now.active) text += bar(blob, width).substr(0, width - 1) + "\n";
  text +=
      fmt::format("{}/{} blobs, {}", now.finished, now.blobs, now.summary()).substr(0, width - 1) +
      "\n";
  drawn_ = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  std::fputs(text.c_str(), out_);
}

void BarProgress::line(const std::string& text) {
  erase();
  std::fputs((text + "\n").c_str(), out_);
  draw();
  std::fflush(out_);
}

}  // namespace sealos::cli
