#include <doctest/doctest.h>

#include "core/host/plugin_loader.hpp"
#include "core/host/services.hpp"
#include "sealos/sdk/plugin.hpp"

using namespace sealos;

namespace {

const Digest kSubject = Digest::require("sha256:" + std::string(64, 'a'));
const Digest kArtifact = Digest::require("sha256:" + std::string(64, 'b'));

struct PlainSource {
  Item read_manifest(const std::optional<Digest>&) { return {}; }
  std::unique_ptr<Stream> open_blob(const Blob&, std::int64_t, std::int64_t) { return nullptr; }
};

struct ExtendedSource : PlainSource {
  std::vector<Referrer> list_referrers(const Digest& subject,
                                       const std::optional<std::string>& artifact_type) {
    if (subject != kSubject) throw Error(Status::unavailable, "not now");
    return {{kArtifact, artifact_type.value_or("any type")}};
  }
  const void* get_extension(const char* id) { return std::string(id) == "other" ? this : nullptr; }
};

struct PlainDestination {
  Blob put_blob(const Blob& blob, Stream&) { return blob; }
  void put_manifest(const std::optional<Digest>&, const Item&) {}
  void put_signatures(const std::optional<Digest>&, const std::vector<Item>&) {}
  std::optional<std::string> commit(const Item&) { return std::nullopt; }
};

struct ExtendedDestination : PlainDestination {
  void put_referrer(const Item& manifest) {
    if (manifest.data != "artifact") throw Error(Status::invalid, "no subject");
  }
  void check_signatures(std::string_view format) {
    if (format != "sigstore-json") throw Error(Status::unsupported, "only sigstore");
  }
};

struct BareReference {
  std::string canonical() const { return "c"; }
};

struct CheckingTransport {
  static constexpr const char* kName = "test";
  static std::unique_ptr<BareReference> parse_reference(sdk::Host, std::string_view) {
    return std::make_unique<BareReference>();
  }
  static void check_login(sdk::Host host, std::string_view scope) {
    const auto known = host.credentials(std::string(scope));
    if (!known || known->password != "right") throw Error(Status::unauthenticated, "refused");
  }
  static std::vector<std::string> list_names(sdk::Host) { return {"a:1", "b:2"}; }
};

struct SilentTransport {
  static constexpr const char* kName = "silent";
  static std::unique_ptr<BareReference> parse_reference(sdk::Host, std::string_view) {
    return std::make_unique<BareReference>();
  }
};

template <typename Call>
Status status_of(Call&& call) {
  try {
    call();
    return Status::ok;
  } catch (const Error& e) {
    return e.status();
  }
}

}  // namespace

TEST_CASE("referrers are listed and stored where the classes have the functions, and only there") {
  Source source(sdk::SourceBox<ExtendedSource>::give(std::make_unique<ExtendedSource>()), "p");
  CHECK(source.has_referrers());
  const auto found = source.list_referrers(kSubject);
  REQUIRE(found.size() == 1);
  CHECK(found[0].digest == kArtifact);
  CHECK(found[0].descriptor == "any type");
  CHECK(source.list_referrers(kSubject, "x/y")[0].descriptor == "x/y");
  CHECK(status_of([&] { source.list_referrers(kArtifact); }) == Status::unavailable);

  Source plain(sdk::SourceBox<PlainSource>::give(std::make_unique<PlainSource>()), "p");
  CHECK_FALSE(plain.has_referrers());
  CHECK(plain.list_referrers(kSubject).empty());

  Destination destination(
      sdk::DestinationBox<ExtendedDestination>::give(std::make_unique<ExtendedDestination>()), "p");
  CHECK(destination.stores_referrers());
  CHECK_NOTHROW(destination.put_referrer({"type", "artifact"}));
  CHECK(status_of([&] { destination.put_referrer({"type", "image"}); }) == Status::invalid);

  Destination other(
      sdk::DestinationBox<PlainDestination>::give(std::make_unique<PlainDestination>()), "p");
  CHECK_FALSE(other.stores_referrers());
  CHECK(status_of([&] { other.put_referrer({"type", "artifact"}); }) == Status::unsupported);
}

TEST_CASE("a transport's other extensions are reached as well") {
  sealos_source* c = sdk::SourceBox<ExtendedSource>::give(std::make_unique<ExtendedSource>());
  CHECK(c->get_extension(c, "other") != nullptr);
  CHECK(c->get_extension(c, "unknown") == nullptr);
  c->release(c);
}

TEST_CASE("a login is checked by the transport, with what the services have") {
  PluginManifest plugin;
  Hooks hooks;
  CancelToken cancel;
  hooks.credentials = [](const std::string& scope) -> std::optional<sdk::Credentials> {
    return sdk::Credentials{"me", scope == "h/right" ? "right" : "wrong", "", ""};
  };
  const Services services(hooks, cancel, {});
  const Transport transport(&sdk::TransportOf<CheckingTransport>::value, &plugin);
  CHECK(transport.checks_logins());
  CHECK_NOTHROW(transport.check_login(services, "h/right"));
  CHECK(status_of([&] { transport.check_login(services, "h"); }) == Status::unauthenticated);
  const Transport silent(&sdk::TransportOf<SilentTransport>::value, &plugin);
  CHECK_FALSE(silent.checks_logins());
  CHECK(status_of([&] { silent.check_login(services, "h"); }) == Status::unsupported);
}

TEST_CASE("a transport lists the images of this machine, or has none to list") {
  PluginManifest plugin;
  CancelToken cancel;
  const Hooks hooks;
  const Services services(hooks, cancel, {});
  const Transport transport(&sdk::TransportOf<CheckingTransport>::value, &plugin);
  CHECK(transport.list_names(services) == std::vector<std::string>{"a:1", "b:2"});
  const Transport silent(&sdk::TransportOf<SilentTransport>::value, &plugin);
  CHECK(silent.list_names(services).empty());
}

TEST_CASE("plugins learn where images are, if anybody knows") {
  Hooks hooks;
  CancelToken cancel;
  const Services services(hooks, cancel, {});
  const sdk::Host host(services.c());
  CHECK(sdk::places_to_read(host, "h/a:1").at(0).name == "h/a:1");
  CHECK(sdk::place_to_write(host, "h/a:1").name == "h/a:1");
  hooks.places_to_read = [](const std::string& name) {
    if (name == "blocked") throw Error(Status::denied, "it is blocked");
    return std::vector<sdk::RegistryPlace>{{"mirror/" + name, true, true}, {name, false, false}};
  };
  hooks.place_to_write = [](const std::string& name) {
    return sdk::RegistryPlace{name, true, false};
  };
  const auto places = sdk::places_to_read(host, "h/a:1");
  REQUIRE(places.size() == 2);
  CHECK(places[0].name == "mirror/h/a:1");
  CHECK(places[0].insecure);
  CHECK(places[0].mirror);
  CHECK_FALSE(places[1].insecure);
  CHECK(sdk::place_to_write(host, "h/a:1").insecure);
  CHECK(status_of([&] { sdk::places_to_read(host, "blocked"); }) == Status::denied);
}

TEST_CASE("a destination may say which signatures it stores; without that it stores any") {
  Destination choosy(
      sdk::DestinationBox<ExtendedDestination>::give(std::make_unique<ExtendedDestination>()), "p");
  CHECK_NOTHROW(choosy.check_signatures("sigstore-json"));
  CHECK(status_of([&] { choosy.check_signatures("simple-signing"); }) == Status::unsupported);
  Destination plain(
      sdk::DestinationBox<PlainDestination>::give(std::make_unique<PlainDestination>()), "p");
  CHECK_NOTHROW(plain.check_signatures("simple-signing"));
}

TEST_CASE("plugins are told where signatures are, as the host knows it") {
  Hooks hooks;
  CancelToken cancel;
  const Services services(hooks, cancel, {});
  const sdk::Host host(services.c());
  CHECK_FALSE(sdk::signature_places(host, "example.com/a:1").configured);
  CHECK(sdk::signature_places(host, "example.com/a:1").read == "");
  hooks.signature_places = [](const std::string& name) {
    return sdk::SignaturePlaces{"https://" + name, "file:///s", name != "x/usual", name == "x/a"};
  };
  const auto places = sdk::signature_places(host, "x/a");
  CHECK(places.read == "https://x/a");
  CHECK(places.write == "file:///s");
  CHECK(places.configured);
  CHECK(places.attachments);
  CHECK_FALSE(sdk::signature_places(host, "x/usual").configured);
  CHECK_FALSE(sdk::signature_places(host, "x/usual").attachments);
  hooks.signature_places = [](const std::string&) -> sdk::SignaturePlaces {
    throw Error(Status::invalid, "registries.d is wrong");
  };
  CHECK(status_of([&] { sdk::signature_places(host, "x/a"); }) == Status::invalid);
}
