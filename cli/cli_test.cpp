#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "cli/duration.hpp"
#include "cli/exit_code.hpp"
#include "cli/help_formatter.hpp"
#include "cli/language.hpp"
#include "cli/output_file.hpp"
#include "cli/output_options.hpp"
#include "cli/push_options.hpp"
#include "cli/terminal.hpp"
#include "support/digest/hasher.hpp"
#include "support/testing/temp_folder.hpp"

using namespace sealos;
using namespace sealos::cli;
using std::chrono::milliseconds;

namespace {

PushOptions parse(std::vector<std::string> arguments) {
  CLI::App app;
  PushOptions options;
  add_push(app, options);
  arguments.insert(arguments.begin(), "push");
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  return options;
}

const PluginCatalog kNone = PluginCatalog::scan({});

}  // namespace

TEST_CASE("flags may stand before and after the arguments") {
  const PushOptions o = parse(
      {"-q", "oci:/a", "--retry", "0", "docker://r/a", "--tls-verify=false", "--all", "-v", "-v"});
  CHECK(o.image == "oci:/a");
  CHECK(o.destination == "docker://r/a");
  CHECK(o.quiet);
  CHECK(o.all);
  CHECK(o.verbose == 2);
  const CopyRequest request = request_of(o, kNone);
  CHECK(request.retry.count == 0);
  CHECK(request.options.at("tls-verify") == "false");
  CHECK_THROWS_AS(parse({}), CLI::ParseError);
  CHECK_THROWS_AS(parse({"a", "b", "c"}), CLI::ParseError);
  CHECK_THROWS_AS(parse({"a", "--nonsense"}), CLI::ParseError);
}

TEST_CASE("bare names are local images and registries' names") {
  CHECK(request_of(parse({"app:5"}), kNone).source.str() == "containers-storage:app:5");
  CHECK(request_of(parse({"app:5"}), kNone).destination.str() == "docker://app:5");
  CHECK(request_of(parse({"oci:/a", "r:5000/b"}), kNone).destination.str() == "docker://r:5000/b");
  CHECK(request_of(parse({"docker://r/a"}), kNone).destination.str() == "docker://r/a");
  CHECK(request_of(parse({"foo:/bar"}), kNone).source.str() == "foo:/bar");
}

TEST_CASE("flags of registries are options of plugins, of both sides or of one") {
  const CopyRequest request =
      request_of(parse({"oci:/a", "docker://r/b", "--retry-on", "network,503", "--limit-rate",
                        "10M", "--max-connections", "2", "--max-connections-per-host", "1",
                        "--limit-rate-per-host", "5M", "--mount-from", "base/os", "--mount-from",
                        "team/app", "--src-tls-verify=false", "--dest-cert-dir", "/certs"}),
                 kNone);
  CHECK(request.options ==
        std::map<std::string, std::string>{{"retry-on", "network,503"},
                                           {"limit-rate", "10M"},
                                           {"max-connections", "2"},
                                           {"docker.host-limit-rate", "5M"},
                                           {"docker.host-max-connections", "1"}});
  CHECK(request.source_options == std::map<std::string, std::string>{{"tls-verify", "false"}});
  CHECK(request.destination_options ==
        std::map<std::string, std::string>{{"docker.mount-from", "base/os,team/app"},
                                           {"cert-dir", "/certs"}});
  CHECK_THROWS_AS(request_of(parse({"a", "--src-tls-verify=maybe"}), kNone), Error);
  CHECK_THROWS_AS(request_of(parse({"a", "--creds", "u:p", "--dest-creds", "u:p"}), kNone), Error);
}

TEST_CASE("a secret among the arguments is overwritten, and nothing else is") {
  std::string command = "sealos", flag = "--creds=me:secret", other = "secretary", plain = "secret";
  char* arguments[] = {command.data(), flag.data(), other.data(), plain.data(), nullptr};
  hide_in_arguments(4, arguments, "secret");
  CHECK(flag == "--creds=me:******");
  CHECK(other == "secretary");
  CHECK(plain == "******");
}

TEST_CASE("values that make no sense are refused") {
  CHECK_THROWS_AS(request_of(parse({"a", "--retry-delay", "5"}), kNone), Error);
  CHECK_THROWS_AS(request_of(parse({"a", "--tls-verify=maybe"}), kNone), Error);
  CHECK_THROWS_AS(request_of(parse({"a", "--platform", "a/b/c/d"}), kNone), Error);
  CHECK_THROWS_AS(request_of(parse({"a", "--platform", "linux/arm", "--all"}), kNone), Error);
  CHECK_THROWS_AS(request_of(parse({"a", "-o", "novalue"}), kNone), Error);
  CHECK_THROWS_AS(parse({"a", "--retry", "-1"}), CLI::ParseError);
}

TEST_CASE("compression and format are understood, and checked before anything is opened") {
  const auto wish = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "a");
    return request_of(parse(std::move(arguments)), kNone).compression;
  };
  CHECK_FALSE(wish({}).form);
  CHECK(wish({"--compression-format", "zstd:chunked"}).form == LayerForm::zstd_chunked);
  CHECK(wish({"--compression-format", "zstd"}).force);
  CHECK_FALSE(wish({"--compression-format", "zstd", "--force-compression=false"}).force);
  CHECK(wish({"--force-compression"}).form == LayerForm::gzip);
  CHECK_FALSE(wish({"--force-compression=false"}).form);
  CHECK(wish({"-D"}).keep_plain);
  CHECK(wish({"--compression-format", "zstd", "--compression-level", "22"}).level == 22);
  CHECK(request_of(parse({"a", "-f", "docker"}), kNone).format == ManifestFormat::v2s2);
  CHECK(request_of(parse({"a", "--preserve-digests"}), kNone).preserve_digests);
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{
           {"--compression-format", "brotli"},
           {"--compression-format", "xz"},
           {"--compression-level", "10"},
           {"--compression-level", "0"},
           {"--compression-format", "zstd", "--compression-level", "23"},
           {"--compression-format", "none", "--compression-level", "3"},
           {"--compression-format", "gzip", "-D"},
           {"--force-compression", "-D"},
           {"--force-compression=perhaps"},
           {"--format", "v3"}}) {
    CAPTURE(bad.front());
    CHECK_THROWS_AS(wish(bad), Error);
  }
}

TEST_CASE("platforms are listed by commas and by repeating the flag, each once") {
  const auto request = request_of(
      parse({"a", "--platform", "linux/arm/v7,s390x", "--platform=linux/s390x", "b"}), kNone);
  REQUIRE(request.platforms.size() == 2);
  CHECK(request.platforms[0].str() == "linux/arm/v7");
  CHECK(request.platforms[1].str() == "linux/s390x");
  CHECK(request.destination.str() == "docker://b");
  CHECK_FALSE(request.sparse);
  CHECK(request_of(parse({"a", "--sparse"}), kNone).sparse);
  CHECK_THROWS_AS(request_of(parse({"a", "--sparse", "--all"}), kNone), Error);
}

TEST_CASE("outputs that would have no effect are refused") {
  const auto wish = [](const std::vector<std::string>& arguments) {
    const PushOptions options = parse(arguments);
    return output_wish(options, request_of(options, kNone));
  };
  CHECK(wish({"a", "--dry-run"}).dry_run);
  CHECK_FALSE(wish({"a", "--dry-run"}).dry_run_json);
  CHECK(wish({"a", "--dry-run=json", "b"}).dry_run_json);
  CHECK(wish({"a", "--report", "json"}).report_file.empty());
  CHECK(wish({"a", "--report", "json=/x=y"}).report_file == "/x=y");
  CHECK(wish({"a", "--progress", "json"}).json_progress);
  CHECK_FALSE(wish({"a", "--progress", "text"}).json_progress);
  for (const std::vector<std::string>& bad :
       std::vector<std::vector<std::string>>{{"a", "--dry-run=yaml"},
                                             {"a", "--dry-run", "--digestfile", "x"},
                                             {"a", "--dry-run", "--report", "json"},
                                             {"a", "--dry-run", "--progress", "json"},
                                             {"a", "--report", "yaml"},
                                             {"a", "--report", "json="},
                                             {"a", "--progress", "xml"},
                                             {"a", "--progress", "json", "-q"},
                                             {"a", "foo:/dev/stdout", "--report", "json"}}) {
    CAPTURE(bad.back());
    CHECK_THROWS_AS(wish(bad), Error);
  }
  CHECK(wish({"a", "foo:/dev/stdout", "--report", "json=x"}).report);
}

TEST_CASE("the help fits a screen of 80 columns and has all flags in groups") {
  CLI::App app;
  PushOptions options;
  CLI::App* push = add_push(app, options);
  prepare_help(*push);
  const std::string help = push->help("", CLI::AppFormatMode::All);
  const std::string most_used = push->help();
  CHECK(std::count(most_used.begin(), most_used.end(), '\n') <= 24);
  CHECK(most_used.size() < help.size());
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(line.size() <= 80);
  }
  CHECK(help.find("\n\n\n") == std::string::npos);
  CHECK(help.find("Options:") == std::string::npos);
  for (const CLI::Option* option : push->get_options()) {
    CAPTURE(option->get_name());
    CHECK(help.find(option->get_name()) != std::string::npos);
  }
  CHECK(wrapped("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrapped("镜像与 gzip，层（一）", 8) ==
        std::vector<std::string>{"镜像与", "gzip，层", "（一）"});
  CHECK(columns("层 a，") == 6);
}

TEST_CASE("the language is that of the first locale that is set, if it is UTF-8") {
  CHECK(language_of("zh_CN.UTF-8", nullptr, nullptr) == Language::chinese);
  CHECK(language_of("", "zh_TW.utf8@stroke", "C") == Language::chinese);
  CHECK(language_of(nullptr, nullptr, "zh_CN") == Language::chinese);
  CHECK(language_of("C", "zh_CN", "zh_CN") == Language::english);
  CHECK(language_of("zh_CN.GBK", nullptr, nullptr) == Language::english);
  CHECK(language_of(nullptr, nullptr, nullptr) == Language::english);
  CHECK(chinese("push --verbose", "x") == chinese("* --verbose", "y"));
  CHECK(chinese("no such", "text") == "text");
}

TEST_CASE("durations and sizes") {
  CHECK(parse_duration("500ms") == milliseconds(500));
  CHECK(parse_duration("1.5s") == milliseconds(1500));
  CHECK(parse_duration("1m30s") == milliseconds(90000));
  for (const char* bad : {"", "5", "s", "5 s", "-1s", "1d", "1e9s", "inf"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
  CHECK(human_size(999) == "999 B");
  CHECK(human_size(1'234'567) == "1.2 MB");
  CHECK(human_time(std::chrono::seconds(125)) == "2m05s");
}

TEST_CASE("exit codes tell source from destination") {
  CHECK(exit_code_for(Error(Status::not_found, ""), Side::source) == kSourceNotFound);
  CHECK(exit_code_for(Error(Status::not_found, ""), Side::destination) == kDestination);
  CHECK(exit_code_for(Error(Status::corrupt, ""), Side::source) == kBadSource);
  CHECK(exit_code_for(Error(Status::invalid, ""), Side::request) == kUsage);
  CHECK(exit_code_for(Error(Status::denied, ""), Side::policy) == kPolicy);
  CHECK(exit_code_for(Error(Status::cancelled, ""), Side::neither) == kInterrupted);
}

TEST_CASE("a digest file is written at the end or stays as it was") {
  testing::TempFolder folder;
  const std::string path = folder.str("digest");
  replace_file(folder.fd.get(), "digest", "old");
  const auto content = [&] {
    return read_all(open_regular_beneath(folder.fd.get(), "digest").get(), "digest", 1000);
  };
  { const OutputFile file("--digestfile", path); }
  CHECK(content() == "old");
  {
    OutputFile file("--digestfile", path);
    file.write(digest_of("x").str());
  }
  CHECK(content() == digest_of("x").str());
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
  CHECK_THROWS_AS(OutputFile("--digestfile", folder.str("none/digest")), Error);
}
