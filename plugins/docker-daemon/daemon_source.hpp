// Reads one image out of a daemon.
#pragma once

#include <memory>

#include "daemon_client.hpp"
#include "daemon_name.hpp"
#include "sealos/sdk/host.hpp"
#include "support/docker_archive/image_source.hpp"

namespace sealos::docker_daemon {

/// Fetches the image into a temporary file.
std::unique_ptr<docker_archive::ImageSource> open_image(const sdk::Host& host, DaemonClient& client,
                                                        const DaemonName& name);

}  // namespace sealos::docker_daemon
