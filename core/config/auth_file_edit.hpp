// Changing an auth file in place of everybody who reads it.
#pragma once

#include <functional>
#include <string>

#include "support/json/json.hpp"

namespace sealos::config {

/// Changes the document of an auth file; one that does not exist is an empty object. `change` says
/// whether to write. The folder is made where it is missing, mode 0700; the file is replaced as a
/// whole, mode 0600, through symbolic links. The folder is locked meanwhile against others who use
/// this. Throws, naming the file, where it is wrong or cannot be written.
void edit_auth_file(const std::string& path, const std::function<bool(Json& document)>& change);

/// JSON with one member a line and tabs, as docker and podman write these files.
std::string indented(const Json& json);

}  // namespace sealos::config
