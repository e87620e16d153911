#include "details.hpp"

#include <fmt/format.h>

namespace sealos::containers_storage {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw Error(Status::invalid, fmt::format("containers-storage:{}: {}", printable(text), why));
}

bool is_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::vector<std::string> split_options(std::string_view whole, std::string_view list) {
  std::vector<std::string> options;
  while (true) {
    const size_t comma = list.find(',');
    const std::string_view option = list.substr(0, comma);
    if (option.find('=') == std::string_view::npos)
      refuse(whole, fmt::format("the store option \"{}\" is not key=value", printable(option)));
    options.emplace_back(option);
    if (comma == std::string_view::npos) return options;
    list.remove_prefix(comma + 1);
  }
}

StoreSpec parse_store(std::string_view whole, std::string_view text) {
  StoreSpec spec;
  if (const size_t at = text.find('@'); at != std::string_view::npos) {
    spec.driver = text.substr(0, at);
    text.remove_prefix(at + 1);
    if (spec.driver.empty() || text.empty())
      refuse(whole, "before and after @ in [driver@graphroot] something has to stand");
  }
  if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    spec.options = split_options(whole, text.substr(colon + 1));
    text = text.substr(0, colon);
  }
  const size_t plus = text.find('+');
  spec.graphroot = text.substr(0, plus);
  if (plus != std::string_view::npos) spec.runroot = text.substr(plus + 1);
  for (const std::string& root : {spec.graphroot, spec.runroot}) {
    if (!root.empty() && root[0] != '/')
      refuse(whole, fmt::format("\"{}\" is not an absolute path", printable(root)));
  }
  if (!spec.driver.empty() && spec.driver != "overlay" && spec.driver != "vfs") {
    throw Error(Status::unsupported,
                fmt::format("storage driver \"{}\" is not supported, only overlay and vfs are",
                            printable(spec.driver)));
  }
  return spec;
}

/// What follows the last @: a digest belongs to the name, an ID is cut off into form.
std::string_view take_id(std::string_view text, ImageForm& form) {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos) return text;
  const std::string_view last = text.substr(at + 1);
  if (last.empty()) refuse(text, "nothing stands after @");
  if (Digest::parse(last)) return text;
  if (!is_hex(last) || last.size() < 3 || last.size() > 64)
    refuse(text, "what follows @ is neither a digest nor an image ID");
  (last.size() == 64 ? form.id : form.id_prefix) = last;
  return text.substr(0, at);
}

}  // namespace

bool is_full_id(std::string_view text) { return text.size() == 64 && is_hex(text); }

Details split_details(std::string_view text) {
  Details out;
  std::string_view rest = text;
  if (rest.starts_with('[')) {
    const size_t end = rest.find(']');
    if (end == std::string_view::npos) refuse(text, "the [ has no ]");
    if (end == 1) refuse(text, "nothing stands between [ and ]");
    out.store = parse_store(text, rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
  }
  if (rest.empty()) refuse(text, "the name of an image is missing");
  out.image = rest;
  return out;
}

ImageForm parse_image(std::string_view text) {
  ImageForm form;
  form.written = text;
  if (text.empty()) refuse(text, "the name of an image is missing");
  if (is_full_id(text)) {
    form.id = text;
    return form;
  }
  form.digest = Digest::parse(text.substr(text[0] == '@' ? 1 : 0));
  if (form.digest && text[0] == '@') return form;
  const std::string_view name = take_id(text, form);
  if (name.empty()) return form;
  if (name.size() == text.size() && name.size() >= 3 && is_hex(name)) form.id_prefix = name;
  form.name = DockerName::parse(name);
  if (form.name->tag.empty() && !form.name->digest) form.name->tag = "latest";
  const std::string_view first = name.substr(0, name.find('/'));
  form.short_name = first.size() == name.size() ||
                    (first.find_first_of(".:") == std::string_view::npos && first != "localhost");
  return form;
}

}  // namespace sealos::containers_storage
