// The scripts and texts that Apptainer and SingularityCE expect in an image. No I/O.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "image_config.hpp"

namespace sealos::sif {

/// The text in single quotes, so that a POSIX shell takes it as one word, whatever it holds.
std::string shell_quoted(std::string_view text);

/// Sets the image's variables: PATH always, the others where they are unset or empty, so that
/// those from outside win. Names that no shell could set are left out, with a warning.
std::string environment_script(const ImageConfig& config,
                               const std::function<void(const std::string&)>& warn);

/// Entrypoint and Cmd as Docker has them: arguments take the place of Cmd. The words are passed as
/// they are.
std::string run_script(const ImageConfig& config);

/// What the image was made of, as a definition file. It has environment and run script as well, for
/// readers that take them from there, unless one of their words has several lines.
std::string definition(std::string_view from, const ImageConfig& config,
                       const std::string& environment, const std::string& run);

struct FixedScript {
  const char* path;  ///< below .singularity.d
  const char* text;
};
/// Those that are the same for every image; all of mode 0755.
const std::vector<FixedScript>& fixed_scripts();

}  // namespace sealos::sif
