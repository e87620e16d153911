// Images that stand in a SIF as they were: OCI-SIFs, and what the native form kept.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sif_file.hpp"
#include "support/json/json.hpp"
#include "support/oci_layout/layout_source.hpp"

namespace sealos::sif {

/// The image of an OCI-SIF, or its root index where that has several; nullptr: it is no OCI-SIF.
/// name: for messages. Throws SEALOS_INVALID for an OCI-SIF that cannot be.
std::unique_ptr<oci_layout::LayoutSource> open_oci_sif(const std::string& name,
                                                       std::shared_ptr<const SifFile> file);

/// The image whose manifest, configuration and layers the SIF keeps beside its file system;
/// nullptr: it does not keep all of them.
std::unique_ptr<oci_layout::LayoutSource> open_kept(const std::string& name,
                                                    std::shared_ptr<const SifFile> file);

}  // namespace sealos::sif
