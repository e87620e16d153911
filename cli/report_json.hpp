// A copy, or what it would be, as JSON; docs/reports.md has the schema.
#pragma once

#include "core/copy/copy.hpp"
#include "support/json/json.hpp"

namespace sealos::cli {

/// "upload", "recompress", "reuse", "mount" or "leave".
const char* decision_of(const BlobReport& blob);

/// What is known of a blob before it is looked for.
Json start_json(const BlobReport& blob);
/// What became of a blob, or would; with bytes, time and tries where it was `done`.
Json blob_json(const BlobReport& blob, bool done);

Json plan_json(const CopyDetails& details);
Json report_json(const CopyReport& report);

}  // namespace sealos::cli
