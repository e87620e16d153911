// What a daemon says while it loads an archive.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sealos::docker_daemon {

/// A sequence of JSON objects, in any pieces. The answer's status is 200 whatever happens, so that
/// only its text tells whether the image was loaded.
class LoadAnswer {
 public:
  void add(std::string_view piece);
  /// After the last piece: what was loaded, "foo:1" or an id. Throws SEALOS_UNAVAILABLE if the
  /// daemon has named an error, or has not said that it loaded something.
  std::vector<std::string> finish();

 private:
  void take_object(std::string_view text);
  void take_line(std::string_view line);

  std::string rest_;                     // of an object that has not ended
  size_t at_ = 0;                        // in rest_
  int depth_ = 0;                        // of braces at at_
  bool text_ = false, escaped_ = false;  // in a string, after a backslash
  std::vector<std::string> loaded_;
  std::string error_;
};

}  // namespace sealos::docker_daemon
