// References: names, made without touching what they name.
#include <fmt/format.h>

#include <map>

#include "at_once.hpp"
#include "cases.hpp"

namespace sealos::conformance {
namespace {

std::string text(const char* c) { return c == nullptr ? "(NULL)" : c; }

std::map<std::string, std::string> facts_of(const Reference& reference) {
  std::map<std::string, std::string> facts = {
      {"canonical", text(reference.c().canonical)},
      {"docker_name", text(reference.c().docker_name)},
      {"policy_identity", text(reference.c().policy_identity)},
      {"cache_scope", text(reference.c().cache_scope)}};
  std::string& spaces = facts["policy_namespaces"];
  for (const auto& name :
       sdk::texts_of(reference.c().policy_namespaces).value_or(std::vector<std::string>()))
    spaces += name + "\n";
  return facts;
}

/// References that the user has shown to be right.
std::vector<std::string> known_details(Context& context) {
  std::vector<std::string> known;
  if (context.has_place()) known.push_back(context.details());
  if (!context.given_source().empty()) known.push_back(context.given_source());
  if (known.empty()) throw Skipped{"no --reference or --source shows how they are written"};
  return known;
}

std::unique_ptr<Reference> parsed(Context& context, const std::string& details) {
  std::unique_ptr<Reference> reference;
  context.parse(details, reference).must();
  return reference;
}

void require_round_trip(Context& context, const Reference& reference) {
  const auto facts = facts_of(reference);
  const auto again = parsed(context, facts.at("canonical"));
  for (const auto& [what, is] : facts_of(*again)) {
    require(
        facts.at(what) == is,
        fmt::format("{} of \"{}\" was {} and is {} when canonical is parsed", what,
                    printable(facts.at("canonical")), printable(facts.at(what)), printable(is)));
  }
}

void canonical(Context& context) {
  for (const std::string& details : known_details(context))
    require_round_trip(context, *parsed(context, details));
}

void keeps_nothing_borrowed(Context& context) {
  for (const std::string& details : known_details(context)) {
    const auto once = parsed(context, details);  // its text is rubbish from here on
    const auto facts = facts_of(*once);
    for (int i = 0; i < 50; ++i) parsed(context, details);
    require(facts_of(*once) == facts, "a reference changed after it was parsed");
  }
}

void nonsense(Context& context) {
  const std::string long_text(1 << 17, 'a');
  const std::vector<std::string> all = {"",
                                        ":",
                                        "/",
                                        "//",
                                        "@",
                                        "::",
                                        "..",
                                        "../..",
                                        "%00",
                                        "-",
                                        "\x01\x02",
                                        "\xff\xfe",
                                        "//:",
                                        "/:@",
                                        "[",
                                        "[]",
                                        "a\nb",
                                        "a:b:c:d:e",
                                        "@sha256:",
                                        "x@sha256:0",
                                        "//a//b",
                                        " ",
                                        "\xc3\x28",
                                        "$HOME",
                                        "{}",
                                        long_text,
                                        "/" + long_text,
                                        "//" + long_text + ":" + long_text};
  for (const std::string& details : all) {
    std::unique_ptr<Reference> reference;
    const Answer answer = context.parse(details, reference);
    if (answer.ok()) {
      require_round_trip(context, *reference);
    } else if (answer.status == SEALOS_INTERNAL) {
      warn(fmt::format("\"{}\" is an internal error: {}", printable(details, 20), answer.message));
    } else if (answer.message.empty()) {
      warn(fmt::format("\"{}\" is refused without a reason", printable(details, 20)));
    }
  }
}

void error_unwanted(Context& context) {
  const sealos_transport& transport = context.transport();
  for (const char* details : {"", "\x01", "//@", "x@sha256:0"}) {
    sealos_reference* out = nullptr;
    const sealos_status status = contained("parse_reference", [&] {
      return transport.parse_reference(&transport, context.host().c(), details, &out, nullptr);
    });
    if (status == SEALOS_OK) Reference{out};
  }
  if (!context.has_place()) return;
  const auto reference = context.reference();
  if (reference->c().open_source == nullptr) return;
  sealos_source* out = nullptr;
  const sealos_status status = contained("open_source", [&] {
    return reference->c().open_source(&reference->c(), context.host().c(), &out, nullptr);
  });
  if (status == SEALOS_OK) Source{out};
}

void touches_nothing(Context& context) {
  context.reference();
  const auto place = context.folder() / "place";
  require(std::filesystem::is_empty(place), "parsing a reference made files");
}

void flags(Context& context) {
  const std::uint32_t can = context.transport().flags;
  for (const std::string& details : known_details(context)) {
    const auto reference = parsed(context, details);
    const auto compare = [&](std::uint32_t flag, bool there, const char* name) {
      const bool says = (can & flag) != 0;
      require(says || !there, fmt::format("{} is there, and the flag for it is not", name));
      if (says && !there) warn(fmt::format("the flag for {} is set, and it is NULL", name));
    };
    compare(SEALOS_CAN_READ, reference->c().open_source != nullptr, "open_source");
    compare(SEALOS_CAN_WRITE, reference->c().open_destination != nullptr, "open_destination");
    compare(SEALOS_CAN_LIST, reference->c().list_tags != nullptr, "list_tags");
    compare(SEALOS_CAN_REMOVE, reference->c().remove != nullptr, "remove");
    require(reference->c().open_source != nullptr || reference->c().open_destination != nullptr,
            "an image can neither be read nor written");
  }
}

void policy_scopes(Context& context) {
  const sealos_transport& transport = context.transport();
  if (transport.check_policy_scope == nullptr) throw Skipped{"it does not check policy scopes"};
  const auto check = [&](const std::string& scope) {
    const Lent lent(scope);
    return call("check_policy_scope", [&](sealos_error* error) {
      return transport.check_policy_scope(&transport, lent.get(), error);
    });
  };
  for (const std::string& details : known_details(context)) {
    const auto reference = parsed(context, details);
    const std::string identity = reference->c().policy_identity;
    if (!identity.empty()) check(identity).must();
    for (const auto& name :
         sdk::texts_of(reference->c().policy_namespaces).value_or(std::vector<std::string>()))
      check(name).must();
  }
}

void unknown_extensions(Context& context) {
  static constexpr const char* kId = "sealos-conformance.no-such-extension/1";
  const sealos_transport& transport = context.transport();
  const auto check = [](const char* what, const void* found) {
    require(found == nullptr,
            fmt::format("get_extension of the {} knows an extension that does not exist", what));
  };
  if (transport.get_extension != nullptr)
    check("transport",
          contained("get_extension", [&] { return transport.get_extension(&transport, kId); }));
  if (!context.has_place()) return;
  const auto reference = context.reference();
  const sealos_reference& c = reference->c();
  if (c.get_extension != nullptr)
    check("reference", contained("get_extension", [&] { return c.get_extension(&c, kId); }));
  if (c.open_destination == nullptr) return;
  const auto to = context.destination();
  if (to->c()->get_extension != nullptr)
    check("destination",
          contained("get_extension", [&] { return to->c()->get_extension(to->c(), kId); }));
}

void parallel(Context& context) {
  const std::string details = known_details(context).front();
  const std::string expected = parsed(context, details)->c().canonical;
  at_once(8, [&](size_t) {
    for (int i = 0; i < 100; ++i)
      require(parsed(context, details)->c().canonical == expected,
              "references that are parsed at the same time get mixed up");
  });
}

}  // namespace

const std::vector<Case>& reference_cases() {
  static const std::vector<Case> cases = {
      {"reference-canonical", "The canonical form of a reference parses back to an equal one.",
       canonical},
      {"reference-keeps-its-own",
       "A reference does not point into the text that it was parsed from.", keeps_nothing_borrowed},
      {"reference-nonsense", "Nonsense is refused with a reason, or is a reference like others.",
       nonsense},
      {"reference-offline", "Parsing a reference touches nothing.", touches_nothing},
      {"reference-flags", "The transport's flags tell what its references offer.", flags},
      {"reference-policy-scopes", "The scopes of a reference are scopes that the transport knows.",
       policy_scopes},
      {"reference-parallel", "References are parsed from several threads at once.", parallel},
      {"error-unwanted", "Where no error is wanted (NULL), none is written.", error_unwanted},
      {"extension-unknown", "An extension that does not exist is not there.", unknown_extensions},
  };
  return cases;
}

}  // namespace sealos::conformance
