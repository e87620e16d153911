#include "cli/output_options.hpp"

#include <fmt/format.h>

namespace sealos::cli {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(Status::invalid, why); }

void read_report(const std::string& text, OutputWish& wish) {
  constexpr std::string_view kToFile = "json=";
  wish.report = true;
  if (text == "json") return;
  if (text.starts_with(kToFile)) wish.report_file = text.substr(kToFile.size());
  if (wish.report_file.empty())
    refuse(fmt::format("--report is json or json=FILE, not \"{}\"", printable(text)));
}

/// A dry run writes nothing, and there is nothing to be seen on the way.
void refuse_with_dry_run(const PushOptions& o) {
  const char* useless = !o.digestfile.empty() ? "--digestfile"
                        : !o.report.empty()   ? "--report"
                        : !o.progress.empty() ? "--progress"
                                              : nullptr;
  if (useless != nullptr)
    refuse(fmt::format("--dry-run copies nothing, so {} would have no effect", useless));
}

}  // namespace

OutputWish output_wish(const PushOptions& o, const CopyRequest& request) {
  OutputWish wish;
  if (o.dry_run) {
    wish.dry_run = true;
    wish.dry_run_json = *o.dry_run == "json";
    if (*o.dry_run != "json" && *o.dry_run != "text")
      refuse(fmt::format("--dry-run is text or json, not \"{}\"", printable(*o.dry_run)));
    refuse_with_dry_run(o);
  }
  if (!o.progress.empty()) {
    wish.json_progress = o.progress == "json";
    if (o.progress != "json" && o.progress != "text")
      refuse(fmt::format("--progress is text or json, not \"{}\"", printable(o.progress)));
    if (o.quiet) refuse("--quiet and --progress contradict each other");
  }
  if (!o.report.empty()) read_report(o.report, wish);
  if (wish.report && wish.report_file.empty() && goes_to_stdout(request.destination))
    refuse("the image goes to stdout, so the report needs a file: --report json=FILE");
  return wish;
}

bool goes_to_stdout(const Location& place) {
  return place.details == "-" || place.details.starts_with("-:") ||
         place.details.starts_with("/dev/stdout");
}

}  // namespace sealos::cli
