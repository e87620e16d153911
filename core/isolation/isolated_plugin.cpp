#include "core/isolation/isolated_plugin.hpp"

#include <filesystem>

#include "core/isolation/transport_object.hpp"
#include "sealos/sdk/guard.hpp"

namespace sealos {

using isolation::Kind;
using isolation::Message;
using isolation::PluginProcess;
using isolation::Reader;
using isolation::Writer;

class IsolatedPlugin::Parts {
 public:
  explicit Parts(PluginProcess::Settings settings) : process_(std::move(settings)) { load(); }

  const sealos_plugin& c() const { return c_; }
  sealos_status start(const sealos_host& host, sealos_error* error);

 private:
  void load();
  void read(Reader& reader);

  PluginProcess process_;
  Message said_;  // what texts point into
  std::vector<std::unique_ptr<isolation::RemoteTransport>> transports_;
  std::vector<const sealos_transport*> list_;
  sealos_plugin c_{};
  std::unique_ptr<isolation::HostUse> host_;  // of start
};

void IsolatedPlugin::Parts::load() {
  sdk::ErrorSlot error;
  const Writer request = Writer().text(process_.settings().name.c_str());
  const auto keep = [&](Reader& reader, Message& message) {
    said_ = std::move(message);
    read(reader);
  };
  error.check(process_.call(Kind::load, request, error.out(), {}, keep));
}

void IsolatedPlugin::Parts::read(Reader& reader) {
  c_.struct_size = isolation::size_here<sealos_plugin>(reader.number());
  c_.abi_minor = static_cast<std::uint32_t>(reader.number());
  c_.name = reader.text();
  c_.version = reader.text();
  const bool has_transports = reader.number() != 0;
  const std::uint64_t count = reader.number();
  for (std::uint64_t i = 0; i < count; ++i) {
    transports_.push_back(isolation::take_transport(process_, reader, i));
    list_.push_back(transports_.back().get());
  }
  reader.end();
  list_.push_back(nullptr);
  if (has_transports) c_.transports = list_.data();
}

sealos_status IsolatedPlugin::Parts::start(const sealos_host& host, sealos_error* error) {
  process_.log_with(host);
  return isolation::with_host(process_, &host, error, [&](std::unique_ptr<isolation::HostUse> use) {
    const Writer request = Writer().number(use->id());
    host_ = std::move(use);
    const auto keep = [&](Reader& reader, Message&) {
      for (const auto& transport : transports_)
        isolation::set_extensions(*transport, reader.number());
      reader.end();
    };
    return process_.call(Kind::start, request, error, {}, keep);
  });
}

IsolatedPlugin::IsolatedPlugin(Settings settings)
    : parts_(std::make_unique<Parts>(
          PluginProcess::Settings{std::move(settings.name), std::move(settings.library),
                                  std::move(settings.program), std::move(settings.descriptors)})) {}

IsolatedPlugin::~IsolatedPlugin() = default;

const sealos_plugin& IsolatedPlugin::c() const { return parts_->c(); }

sealos_status IsolatedPlugin::start(const sealos_host& host, sealos_error* error) {
  return parts_->start(host, error);
}

}  // namespace sealos
