#include "cli/registries.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "cli/terminal.hpp"

namespace sealos::cli {
namespace {

Location in_registry(const DockerName& name) { return {"docker", "//" + name.str()}; }

DockerName choose(const std::string& text, const std::vector<DockerName>& names) {
  std::string prompt = fmt::format("\"{}\" may mean:\n", printable(text));
  for (size_t i = 0; i < names.size(); ++i)
    prompt += fmt::format("  {}  {}\n", i + 1, names[i].str());
  for (;;) {
    const std::string answer =
        ask_on_terminal(fmt::format("{}Which one, 1 to {}? ", prompt, names.size()), true);
    size_t number = 0;
    const char* end = answer.data() + answer.size();
    if (std::from_chars(answer.data(), end, number).ptr == end && number >= 1 &&
        number <= names.size())
      return names[number - 1];
    if (answer.empty()) throw Error(Status::cancelled, "no registry was chosen");
    prompt.clear();
  }
}

}  // namespace

const config::Registries& LazyRegistries::get() const {
  const std::lock_guard lock(mutex_);
  if (!loaded_) loaded_ = config::Registries::load({}, environment_);
  return *loaded_;
}

const config::RegistriesD& LazyRegistries::signatures() const {
  const std::lock_guard lock(mutex_);
  if (!signatures_) signatures_ = config::RegistriesD::load(environment_);
  return *signatures_;
}

void use_registries(Hooks& hooks, const std::shared_ptr<const LazyRegistries>& registries) {
  hooks.places_to_read = [registries](const std::string& name) {
    std::vector<sdk::RegistryPlace> places;
    for (const config::PullEndpoint& at : registries->get().resolve_pull(DockerName::parse(name)))
      places.push_back({at.name.str(), at.insecure, at.mirror});
    return places;
  };
  hooks.signature_places = [registries](const std::string& name) {
    const auto found = registries->signatures().find(DockerName::parse(name));
    return sdk::SignaturePlaces{found.read, found.write, found.configured, found.attachments};
  };
  hooks.place_to_write = [registries](const std::string& name) {
    return sdk::RegistryPlace{name, registries->get().check_push(DockerName::parse(name)), false};
  };
}

std::vector<Location> ShortName::places() {
  const bool terminal = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
  config::ShortNameCandidates may_be = registries_->get().resolve_short_name(text_, terminal);
  if (may_be.ask) {
    chosen_ = choose(text_, may_be.names);
    return {in_registry(*chosen_)};
  }
  std::vector<Location> places;
  for (const DockerName& name : may_be.names) places.push_back(in_registry(name));
  return places;
}

void ShortName::worked(const Location& place) const {
  if (!chosen_ || place.str() != in_registry(*chosen_).str()) return;
  try {
    config::Registries::remember_alias(text_, *chosen_, registries_->environment());
  } catch (const std::exception& e) {
    registries_->environment().warn(fmt::format("the choice is not remembered: {}", e.what()));
  }
}

}  // namespace sealos::cli
