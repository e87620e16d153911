// What became of manifests and why they changed, for reports. No I/O.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/copy/image_writer.hpp"
#include "core/copy/index_plan.hpp"

namespace sealos {

/// What manifests became, by their digest in the source. In a preview those are missing that only
/// the copy will tell.
using WrittenManifests = std::map<std::string, Written>;

/// Images, then indexes, in their order. made: signatures that each gets.
std::vector<ManifestReport> report_manifests(const std::vector<ImagePlan>& images,
                                             const std::vector<IndexPlan>& indexes,
                                             const BlobResults& results,
                                             const WrittenManifests& written, size_t made);

}  // namespace sealos
