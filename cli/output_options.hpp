// What push shows, where, and in which form: --dry-run, --report, --progress.
#pragma once

#include <string>

#include "cli/push_options.hpp"

namespace sealos::cli {

/// What the flags ask for, checked.
struct OutputWish {
  bool dry_run = false;
  bool dry_run_json = false;  ///< else text
  bool json_progress = false;
  bool report = false;
  std::string report_file;  ///< "": stdout
};

/// Throws SEALOS_INVALID for values that make no sense, and for flags that would have no effect
/// together.
OutputWish output_wish(const PushOptions& options, const CopyRequest& request);

/// Whether the image itself goes to stdout, so that nothing else may.
bool goes_to_stdout(const Location& place);

}  // namespace sealos::cli
