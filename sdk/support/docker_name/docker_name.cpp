#include "support/docker_name/docker_name.hpp"

#include <algorithm>

#include "sealos/sdk/error.hpp"

namespace sealos {
namespace {

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alnum(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

/// Runs of [a-z0-9]+ joined by one of ".", "_", "__" or dashes.
bool is_path_component(std::string_view text) {
  size_t i = 0;
  while (true) {
    const size_t run = i;
    while (i < text.size() && is_lower_alnum(text[i])) ++i;
    if (i == run) return false;
    if (i == text.size()) return true;
    const size_t separator = i;
    while (i < text.size() && !is_lower_alnum(text[i])) ++i;
    const std::string_view joint = text.substr(separator, i - separator);
    const bool dashes = joint.find_first_not_of('-') == std::string_view::npos;
    if (joint != "." && joint != "_" && joint != "__" && !dashes) return false;
  }
}

bool is_path(std::string_view text) {
  while (true) {
    const size_t slash = text.find('/');
    if (!is_path_component(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_host_label(std::string_view text) {
  if (text.empty() || !is_alnum(text.front()) || !is_alnum(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_domain(std::string_view text) {
  std::string_view host = text;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const std::string_view inner = text.substr(1, end - 1);
    if (inner.find_first_not_of("0123456789abcdefABCDEF:") != std::string_view::npos) return false;
    const std::string_view rest = text.substr(end + 1);
    return rest.empty() || (rest.size() > 1 && rest[0] == ':' &&
                            rest.find_first_not_of("0123456789", 1) == std::string_view::npos);
  }
  if (const size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos)
      return false;
    host = text.substr(0, colon);
  }
  while (true) {
    const size_t dot = host.find('.');
    if (!is_host_label(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw Error(Status::invalid, "\"" + printable(text) + "\" is not an image name: " + why);
}

/// A first component is a host if it has a dot or colon, is "localhost", or has an upper-case
/// letter.
void split_domain(std::string_view name, DockerName& out) {
  const size_t slash = name.find('/');
  const std::string_view first = name.substr(0, slash);
  const bool is_host =
      slash != std::string_view::npos &&
      (first.find_first_of(".:[") != std::string_view::npos || first == "localhost" ||
       std::any_of(first.begin(), first.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
  out.domain = is_host ? std::string(first) : "docker.io";
  out.path = is_host ? std::string(name.substr(slash + 1)) : std::string(name);
  if (out.domain == "index.docker.io") out.domain = "docker.io";
  if (out.domain == "docker.io" && out.path.find('/') == std::string::npos)
    out.path = "library/" + out.path;
}

}  // namespace

std::vector<std::string> enclosing_names(const DockerName& name) {
  std::vector<std::string> wider;
  std::string text = name.repository();
  while (text != name.domain) {
    wider.push_back(text);
    text.resize(text.rfind('/'));
  }
  wider.push_back(text);
  text.resize(std::min(text.find(':'), text.size()));
  for (size_t dot = text.find('.'); dot != std::string::npos; dot = text.find('.', dot + 1))
    wider.push_back("*" + text.substr(dot));
  return wider;
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > 128 || text[0] == '.' || text[0] == '-') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

DockerName DockerName::parse(std::string_view text) {
  DockerName out;
  std::string_view name = text;
  if (const size_t at = name.find('@'); at != std::string_view::npos) {
    out.digest = Digest::parse(name.substr(at + 1));
    if (!out.digest) refuse(text, "what follows @ is not a digest");
    name = name.substr(0, at);
  }
  const size_t colon = name.rfind(':');
  const size_t slash = name.rfind('/');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    out.tag = name.substr(colon + 1);
    if (!is_tag(out.tag)) refuse(text, "what follows : is not a tag");
    name = name.substr(0, colon);
  }
  if (name.empty()) refuse(text, "the name is empty");
  if (name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos) {
    refuse(text, "64 hexadecimal digits are an image ID");
  }
  split_domain(name, out);
  if (!is_domain(out.domain)) refuse(text, "\"" + printable(out.domain) + "\" is not a host");
  if (!is_path(out.path)) {
    const bool upper =
        std::any_of(out.path.begin(), out.path.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    refuse(text, upper ? "a repository has no upper-case letters"
                       : "\"" + printable(out.path) + "\" is not the path of a repository");
  }
  if (out.repository().size() > 255) refuse(text, "it has more than 255 characters");
  return out;
}

std::string DockerName::str() const {
  std::string out = repository();
  if (!tag.empty()) out += ":" + tag;
  if (digest) out += "@" + digest->str();
  return out;
}

}  // namespace sealos
