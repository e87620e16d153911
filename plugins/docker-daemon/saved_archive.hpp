// The archive that a daemon saves.
#pragma once

#include <memory>

#include "sealos/sdk/host.hpp"
#include "support/http/message.hpp"
#include "support/tar/tar_file.hpp"

namespace sealos::docker_daemon {

/// Takes the whole archive, as what it says of itself comes last, into a file without a name in the
/// host's folder for temporary files. Throws what the daemon said where it failed half-way,
/// SEALOS_CORRUPT for what is no whole archive.
std::shared_ptr<const TarFile> receive_archive(const sdk::Host& host, http::Response response);

}  // namespace sealos::docker_daemon
