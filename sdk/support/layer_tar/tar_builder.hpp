// Tars for tests, also those that no tool makes.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sealos::layer_tar::testing {

struct Entry {
  std::string name;
  char type = '0';
  std::string content;
  std::string link;
  std::int64_t size = -1;  ///< -1: that of the content
  unsigned mode = 0644;
  std::int64_t mtime = 1000;
};

class TarBuilder {
 public:
  TarBuilder& add(const Entry& entry) {
    std::string block(512, '\0');
    const auto put = [&](size_t at, const std::string& text) {
      block.replace(at, text.size(), text);
    };
    const std::int64_t size =
        entry.size >= 0 ? entry.size : static_cast<std::int64_t>(entry.content.size());
    put(0, entry.name.substr(0, 100));
    put(100, fmt::format("{:07o}", entry.mode));
    put(108, fmt::format("{:07o}", kOwner));
    put(116, fmt::format("{:07o}", kOwner));
    put(124, fmt::format("{:011o}", size));
    put(136, fmt::format("{:011o}", entry.mtime));
    block[156] = entry.type;
    put(157, entry.link.substr(0, 100));
    put(257, std::string("ustar\00000", 8));
    put(148, "        ");
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put(148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    tar_ += block + entry.content;
    tar_.resize((tar_.size() + 511) / 512 * 512, '\0');
    return *this;
  }
  TarBuilder& file(const std::string& name, const std::string& content) {
    return add({name, '0', content, "", -1, 0644, 1000});
  }
  TarBuilder& folder(const std::string& name) { return add({name, '5', "", "", -1, 0755, 1000}); }
  TarBuilder& symlink(const std::string& name, const std::string& to) {
    return add({name, '2', "", to, -1, 0777, 1000});
  }
  TarBuilder& link(const std::string& name, const std::string& to) {
    return add({name, '1', "", to, -1, 0644, 1000});
  }
  /// Says something in advance of the next entry.
  TarBuilder& pax(const std::vector<std::pair<std::string, std::string>>& records) {
    std::string data;
    for (const auto& [key, value] : records) {
      const std::string rest = " " + key + "=" + value + "\n";
      size_t length = rest.size() + 1;
      while (std::to_string(length).size() + rest.size() != length) ++length;
      data += std::to_string(length) + rest;
    }
    return add({"pax", 'x', data, "", -1, 0644, 0});
  }
  std::string bare() const { return tar_; }
  std::string done() const { return tar_ + std::string(1024, '\0'); }

 private:
  static inline const unsigned kOwner = ::geteuid();
  std::string tar_;
};

}  // namespace sealos::layer_tar::testing
