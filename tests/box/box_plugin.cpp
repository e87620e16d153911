// box:FOLDER:NAME, a transport straight on the C ABI that keeps all its rules. With the
// environment's BOX_FAULT it breaks one of them; sealos-conformance has to find out. Built also
// with older and newer headers, for tests of plugins and hosts of different ages.
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <string>

#include "box_destination.hpp"
#include "box_faults.hpp"
#include "box_source.hpp"
#include "sealos/abi.h"

namespace box {
namespace {

struct Reference {
  sealos_reference c = {};
  Place place;
  std::string canonical;

  explicit Reference(const std::string& details, const char* borrowed) {
    const size_t colon = details.rfind(':');
    if (colon == 0 || colon == std::string::npos || colon + 1 == details.size() ||
        details[colon + 1] == '.' || details.find('/', colon) != std::string::npos ||
        details.size() > 4000)
      throw Problem{SEALOS_INVALID, "box: not FOLDER:NAME"};
    place = {details.substr(0, colon), details.substr(colon + 1)};
    if (is("parsing_makes_folders")) fs::create_directories(place.folder);
    canonical = is("canonical_is_another") ? details + "x" : details;
    if (is("changes_the_folder")) [[maybe_unused]]
      const int failed = ::chdir("/");
    c.struct_size = is("struct_too_short") ? 16 : sizeof(c);
    c.impl = this;
    c.release = [](sealos_reference* self) { delete static_cast<Reference*>(self->impl); };
    c.canonical = is("points_into_its_arguments") ? borrowed : canonical.c_str();
    c.policy_identity = canonical.c_str();
    if (!is("cannot_read_but_says_so"))
      c.open_source = [](const sealos_reference* self, const sealos_host* host, sealos_source** out,
                         sealos_error* error) {
        return guarded(error, [&] {
          of(self).opened(host);
          *out = &(new Source(of(self).place))->c;
          return SEALOS_OK;
        });
      };
    c.open_destination = [](const sealos_reference* self, const sealos_host* host,
                            sealos_destination** out, sealos_error* error) {
      return guarded(error, [&] {
        of(self).opened(host);
        *out = &(new Destination(of(self).place, false))->c;
        return SEALOS_OK;
      });
    };
    c.open_preview = [](const sealos_reference* self, const sealos_host*, sealos_destination** out,
                        sealos_error* error) {
      return guarded(error, [&] {
        *out = &(new Destination(of(self).place, true))->c;
        return SEALOS_OK;
      });
    };
    c.list_tags = [](const sealos_reference* self, const sealos_host*, sealos_emit emit, void* to,
                     sealos_error* error) {
      return guarded(error, [&]() -> sealos_status {
        for (const auto& entry : fs::directory_iterator(of(self).place.folder)) {
          if (entry.path().extension() != ".image") continue;
          const std::string name = entry.path().stem();
          const sealos_item item = {name.c_str(), nullptr, 0};
          for (int i = is("lists_tags_twice") ? 0 : 1; i < 2; ++i) {
            if (const sealos_status status = emit(to, &item); status != SEALOS_OK) return status;
          }
        }
        return SEALOS_OK;
      });
    };
    c.remove = [](const sealos_reference* self, const sealos_host*, std::uint32_t how,
                  sealos_error* error) {
      return guarded(error, [&] {
        const fs::path file = of(self).place.folder / (of(self).place.name + ".image");
        if ((how & ~SEALOS_REMOVE_ONLY_INDEX) != 0 && !is("removes_whatever_it_is_told"))
          throw Problem{SEALOS_UNSUPPORTED, "box: cannot be removed so"};
        if ((how & SEALOS_REMOVE_ONLY_INDEX) != 0 &&
            stored(file).first.find("index") == std::string::npos)
          throw Problem{SEALOS_INVALID, "box: it is no index"};
        if (!fs::remove(file)) throw Problem{SEALOS_NOT_FOUND, "box: there is no such image"};
        return SEALOS_OK;
      });
    };
    c.get_extension = [](const sealos_reference*, const char* id) { return extension(id); };
    SET_LATER(c);
  }
  static const Reference& of(const sealos_reference* self) {
    return *static_cast<Reference*>(self->impl);
  }

  /// What goes wrong, or not, when either side is opened.
  void opened(const sealos_host* host) const {
    greet(host);
    if (is("refuses_newer_hosts") && host->abi_minor > SEALOS_ABI_MINOR)
      throw Problem{SEALOS_UNSUPPORTED, "box: too new"};
    if (is("writes_to_the_terminal")) std::printf("hello\n");
    if (is("changes_the_umask")) ::umask(0);
    if (is("changes_signals")) ::signal(SIGINT, SIG_IGN);
    if (is("changes_the_environment")) ::setenv("BOX", "was here", 1);
    if (is("changes_the_locale")) std::setlocale(LC_ALL, "C.UTF-8");
    if (is("crashes")) *static_cast<volatile int*>(nullptr) = 1;
    if (is("crashes_in_a_thread"))
      std::thread([] { *static_cast<volatile int*>(nullptr) = 1; }).join();
    if (is("exits")) ::_exit(0);
    if (is("hangs")) ::pause();
    host->option(host, is("asks_for_unlisted_options") ? "box.secret" : "box.mode");
    if (is("logs_passwords")) {
      host->credentials(
          host, "box",
          [](void* to, const sealos_item* item) -> sealos_status {
            static_cast<const sealos_host*>(to)->log(
                static_cast<const sealos_host*>(to), SEALOS_LOG_INFO,
                std::string(static_cast<const char*>(item->data), item->size).c_str());
            return SEALOS_OK;
          },
          const_cast<sealos_host*>(host), nullptr);
    }
  }
};

sealos_status parse(const sealos_transport*, const sealos_host*, const char* details,
                    sealos_reference** out, sealos_error* error) {
  return guarded(error, [&] {
    if (is("crashes_on_nonsense") && *details == 0) std::abort();
    *out = &(new Reference(details, details))->c;
    return SEALOS_OK;
  });
}

constexpr const char* kOptions[] = {"box.mode", "nothing in particular", nullptr};

constexpr sealos_transport make_transport() {
  sealos_transport transport = {};
  transport.struct_size = sizeof(transport);
  transport.flags = SEALOS_CAN_READ | SEALOS_CAN_WRITE | SEALOS_CAN_LIST | SEALOS_CAN_REMOVE |
                    SEALOS_CAN_SIGN | SEALOS_ASKS_CREDENTIALS;
  transport.name = "box";
  transport.options = kOptions;
  transport.parse_reference = parse;
  transport.get_extension = [](const sealos_transport*, const char* id) { return extension(id); };
  return transport;
}

constexpr sealos_plugin make_plugin(const sealos_transport* const* transports) {
  sealos_plugin plugin = {};
  plugin.struct_size = sizeof(plugin);
  plugin.abi_minor = SEALOS_ABI_MINOR;
  plugin.name = "box";
  plugin.version = "1";
  plugin.transports = transports;
  return plugin;
}

constexpr sealos_transport kTransport = make_transport();
constexpr const sealos_transport* kTransports[] = {&kTransport, nullptr};

}  // namespace
}  // namespace box

extern "C" SEALOS_EXPORT const sealos_plugin sealos_plugin_v1;
extern "C" constexpr sealos_plugin sealos_plugin_v1 = box::make_plugin(box::kTransports);
