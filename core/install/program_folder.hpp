// Where the running program and what belongs to it are.
#pragma once

#include <string>

namespace sealos {

/// The folder of the running program; where it was meant to be if the system does not say.
std::string program_folder();

/// The path of what is called so in the engine's folder. Seen from the program, so that an
/// installed tree can be moved; where it was meant to be if it is not there.
std::string engine_part(const std::string& name);

}  // namespace sealos
