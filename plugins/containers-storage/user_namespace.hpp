// Whether this process is root of a part of the system only.
#pragma once

namespace sealos::containers_storage {

/// True where not all users are mapped to themselves.
bool in_user_namespace();

}  // namespace sealos::containers_storage
