#include "load_answer.hpp"

#include <fmt/format.h>

#include "sealos/sdk/error.hpp"
#include "support/json/json.hpp"

namespace sealos::docker_daemon {
namespace {

constexpr size_t kMostObject = 1 << 20;

}  // namespace

void LoadAnswer::add(std::string_view piece) {
  rest_ += piece;
  size_t begin = 0;
  for (; at_ < rest_.size(); ++at_) {
    const char c = rest_[at_];
    if (text_) {
      if (!escaped_ && c == '"') text_ = false;
      escaped_ = !escaped_ && c == '\\';
    } else if (c == '"') {
      text_ = true;
    } else if (c == '{') {
      ++depth_;
    } else if (c == '}' && --depth_ == 0) {
      take_object(std::string_view(rest_).substr(begin, at_ + 1 - begin));
      begin = at_ + 1;
    }
  }
  rest_.erase(0, begin);
  at_ -= begin;
  if (rest_.size() > kMostObject)
    throw Error(Status::invalid, "docker-daemon: the answer to a load is not what docker says");
}

void LoadAnswer::take_object(std::string_view text) {
  const Json json = Json::parse(text);
  if (const Json* detail = json.find("errorDetail")) error_ = detail->text_at("message");
  if (error_.empty()) error_ = json.text_at("error");
  std::string stream = json.text_at("stream");
  while (!stream.empty()) {
    const size_t end = stream.find('\n');
    take_line(std::string_view(stream).substr(0, end));
    stream.erase(0, end == std::string::npos ? end : end + 1);
  }
}

void LoadAnswer::take_line(std::string_view line) {
  // The containerd store reports a failed unpacking in this way only.
  if (line.starts_with("Error ") && error_.empty()) error_ = line;
  for (const std::string_view start :
       {"Loaded image: ", "Loaded image ID: ", "Loaded image(s): "}) {
    if (!line.starts_with(start)) continue;
    std::string_view names = line.substr(start.size());
    while (!names.empty()) {
      const size_t comma = names.find(',');
      loaded_.emplace_back(names.substr(0, comma));
      names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
    }
  }
}

std::vector<std::string> LoadAnswer::finish() {
  if (!error_.empty()) {
    throw Error(Status::unavailable,
                "docker-daemon: the daemon could not load the image: " + printable(error_, 500));
  }
  if (loaded_.empty()) {
    throw Error(Status::unavailable,
                fmt::format("docker-daemon: the daemon has not said that it loaded an image{}{}",
                            rest_.empty() ? "" : "; it said ", printable(rest_)));
  }
  return loaded_;
}

}  // namespace sealos::docker_daemon
