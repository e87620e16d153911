#include "context.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

namespace sealos::conformance {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

/// Made, and removed, by the process that runs the cases.
std::filesystem::path given_folder() {
  const char* folder = std::getenv("SEALOS_CONFORMANCE_FOLDER");
  if (folder == nullptr) throw Failure{"the case has no folder"};
  return folder;
}

}  // namespace

Place Place::parse(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == 0 || colon == std::string::npos)
    throw Failure{fmt::format("\"{}\" is not TRANSPORT:DETAILS", text)};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

const sealos_plugin& load(const std::string& library) {
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* why = ::dlerror();
    throw Failure{fmt::format("it cannot be opened: {}", why == nullptr ? "" : why)};
  }
  const void* entry = ::dlsym(handle, "sealos_plugin_v1");
  require(entry != nullptr, "it has no symbol sealos_plugin_v1");
  const auto& plugin = *static_cast<const sealos_plugin*>(entry);
  require(plugin.struct_size >= SEALOS_SIZE_WITH(sealos_plugin, transports),
          fmt::format("sealos_plugin has {} bytes, ABI 1.0 has {}", plugin.struct_size,
                      SEALOS_SIZE_WITH(sealos_plugin, transports)));
  require(plugin.name != nullptr && *plugin.name != 0, "sealos_plugin.name is missing");
  require(plugin.version != nullptr, "sealos_plugin.version is NULL");
  require(plugin.transports != nullptr && *plugin.transports != nullptr,
          "sealos_plugin.transports has none");
  return plugin;
}

const sealos_plugin& start(const std::string& library, const TestHost& host) {
  const sealos_plugin& plugin = load(library);
  if (plugin.start != nullptr)
    call("start", [&](sealos_error* error) { return plugin.start(host.c(), error); }).must();
  return plugin;
}

Context::Context(const Options& options, std::string transport)
    : options_(options), transport_name_(std::move(transport)), host_(options.options) {
  for (const std::string& text : options_.references) {
    if (Place place = Place::parse(text); place.transport == transport_name_)
      template_ = std::move(place);
  }
  folder_ = given_folder();
  token_ = replaced(folder_.filename().string().substr(folder_.filename().string().rfind('-') + 1),
                    "_", "x");
  for (char& c : token_) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::filesystem::create_directories(folder_ / "temp");
  std::filesystem::create_directories(folder_ / "place");
  host_.temp_dir = folder_ / "temp";
  if (const size_t colon = options_.credentials.find(':'); colon != std::string::npos) {
    host_.username = options_.credentials.substr(0, colon);
    host_.password = options_.credentials.substr(colon + 1);
  }
}

const sealos_transport& Context::transport() {
  if (plugin_ == nullptr) plugin_ = &start(options_.plugin, host_);
  for (const sealos_transport* const* at = plugin_->transports; *at != nullptr; ++at) {
    const sealos_transport& transport = **at;
    require(transport.struct_size >= SEALOS_SIZE_WITH(sealos_transport, get_extension),
            fmt::format("sealos_transport has {} bytes, ABI 1.0 has {}", transport.struct_size,
                        SEALOS_SIZE_WITH(sealos_transport, get_extension)));
    require(transport.name != nullptr, "sealos_transport.name is NULL");
    require(transport.parse_reference != nullptr, "sealos_transport.parse_reference is NULL");
    if (transport.name == transport_name_) return transport;
  }
  throw Failure{fmt::format("it has no transport \"{}\"", transport_name_)};
}

Answer Context::parse(const std::string& details, std::unique_ptr<Reference>& out) {
  const sealos_transport& c = transport();
  const Lent lent(details);
  sealos_reference* reference = nullptr;
  Answer answer = call("parse_reference", [&](sealos_error* error) {
    return c.parse_reference(&c, host_.c(), lent.get(), &reference, error);
  });
  require(answer.ok() || reference == nullptr,
          "parse_reference failed and gave a reference all the same");
  if (answer.ok()) out = std::make_unique<Reference>(reference);
  return answer;
}

std::string Context::details(const std::string& name) const {
  if (!template_) throw Skipped{"no --reference says where images may be written"};
  const std::string text = replaced(template_->details, "{dir}", (folder_ / "place").string());
  return replaced(text, "{name}", token_ + name);
}

std::unique_ptr<Reference> Context::reference(const std::string& name) {
  std::unique_ptr<Reference> out;
  parse(details(name), out).must();
  return out;
}

std::unique_ptr<Destination> Context::destination(const std::string& name) {
  const auto reference = this->reference(name);
  if (reference->c().open_destination == nullptr) throw Skipped{"it writes no images"};
  std::unique_ptr<Destination> out;
  reference->open_destination(host_, out).must();
  return out;
}

std::unique_ptr<Source> Context::source(const std::string& name) {
  const auto reference = this->reference(name);
  if (reference->c().open_source == nullptr) throw Skipped{"it reads no images"};
  std::unique_ptr<Source> out;
  reference->open_source(host_, out).must();
  return out;
}

std::string Context::given_source() const {
  for (const std::string& text : options_.sources) {
    const Place place = Place::parse(text);
    if (place.transport == transport_name_) return place.details;
  }
  return "";
}

std::unique_ptr<Source> Context::open_given() {
  std::unique_ptr<Reference> reference;
  parse(given_source(), reference).must();
  if (reference->c().open_source == nullptr) throw Skipped{"it reads no images"};
  std::unique_ptr<Source> out;
  reference->open_source(host_, out).must();
  return out;
}

}  // namespace sealos::conformance
