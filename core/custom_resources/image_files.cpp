#include "core/custom_resources/image_files.hpp"

#include <fmt/format.h>

#include "sealos/sdk/error.hpp"

namespace sealos::custom_resources {
namespace {

/// What layers above have taken away.
class Hidden {
 public:
  bool hides(const std::string& path) const {
    if (alone_.contains(path) || gone_.contains(path) || opaque_.contains("")) return true;
    for (size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const std::string folder = path.substr(0, slash);
      if (gone_.contains(folder) || opaque_.contains(folder)) return true;
    }
    return false;
  }
  void add(const LayerFiles& layer) {
    gone_.insert(layer.gone.begin(), layer.gone.end());
    alone_.insert(layer.gone_alone.begin(), layer.gone_alone.end());
    opaque_.insert(layer.opaque.begin(), layer.opaque.end());
  }

 private:
  std::set<std::string> gone_, alone_, opaque_;
};

}  // namespace

std::map<std::string, std::string> visible_files(const std::vector<const LayerFiles*>& layers) {
  std::map<std::string, std::string> seen;
  Hidden hidden;
  std::int64_t bytes = 0;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    for (const auto& [path, file] : (*layer)->files) {
      if (hidden.hides(path)) continue;
      if (!file.problem.empty())
        throw Error(Status::unsupported, fmt::format("{} {}", printable(path), file.problem));
      bytes += static_cast<std::int64_t>(file.bytes.size());
      seen.emplace(path, file.bytes);
      if (seen.size() > kMaxFiles || bytes > kMaxBytes)
        throw Error(Status::unsupported,
                    fmt::format("README.md and the YAML files below {}/ are more than {} files or "
                                "{} bytes",
                                kFolder, kMaxFiles, kMaxBytes));
    }
    hidden.add(**layer);
  }
  return seen;
}

}  // namespace sealos::custom_resources
