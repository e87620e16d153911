// A registry in the test's own process that keeps to the specification, or not, as it is told.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "sealos/sdk/types.hpp"
#include "support/http/testing/http_server.hpp"
#include "support/http/testing/shared.hpp"

namespace sealos::testing {

/// The members that say how it behaves may be set at any time; the others need `mutex`.
class FakeRegistry {
 public:
  explicit FakeRegistry(const TestIdentity* identity = nullptr,
                        const std::string& client_ca_pem = {});

  /// One request, as it was logged when its body had been read or given up.
  struct Logged {
    std::string method, target, authorization;
    std::int64_t body_bytes = 0;
  };
  struct Upload {
    std::string repository, bytes;
    int generation = 0;  ///< of the only address that is valid
  };

  /// Looks at a request first; true: it has been dealt with.
  Shared<std::function<bool(Served&)>> before;
  /// Changes the manifest PUT: a status other than 0 refuses it with the text as body.
  Shared<std::function<std::pair<int, std::string>(const std::string& name, const Item& manifest)>>
      judge;
  Shared<std::string> basic;    ///< base64 of "user:password": asked for, if not empty
  Shared<bool> tokens = false;  ///< Bearer is asked for; the token server is this server
  Shared<bool> token_needs_password = false;
  Shared<int> token_life = 300;               ///< seconds, as the token server says
  Shared<bool> keeps_partial_uploads = true;  ///< false: a PATCH that is cut loses the upload
  /// After how many bytes the next bodies of PATCH, and the next answers with a blob, are cut off.
  Shared<std::deque<std::int64_t>> patch_cuts, blob_cuts;
  Shared<int> lost_answers = 0;  ///< PUTs of blobs that work, but are not answered
  Shared<bool> absolute_locations = false;
  Shared<int> tag_page = 0;  ///< tags, or referrers, on one page; 0: all
  Shared<bool> deletes_tags = false;
  Shared<bool> referrers_api = false;  ///< lists referrers, and answers with OCI-Subject

  std::string address() const { return server_.address(); }
  std::string name(const std::string& rest) const { return "//" + address() + "/" + rest; }
  HttpServer& server() { return server_; }

  Digest add_blob(const std::string& repository, const std::string& bytes);
  Digest add_manifest(const std::string& repository, const std::string& name, const Item& manifest);
  bool has_blob(const std::string& repository, const Digest& digest);
  std::string blob(const Digest& digest);
  std::optional<Item> manifest(const std::string& repository, const std::string& name);
  size_t open_uploads();

  /// Requests whose method is this one and whose target has the text in it.
  int count(const std::string& method, const std::string& part = {});
  std::int64_t bytes_received();
  std::vector<Logged> log();
  /// Tokens given out so far become worthless.
  void forget_tokens();

 private:
  void serve(Served& request);
  void route(Served& request);
  bool allowed(Served& request);
  void give_token(Served& request);
  void challenge(Served& request, const std::string& scope);
  void manifests(Served& request, const std::string& repository, const std::string& name);
  void put_manifest(Served& request, const std::string& repository, const std::string& name);
  void blobs(Served& request, const std::string& repository, const std::string& digest);
  void start_upload(Served& request, const std::string& repository);
  void upload(Served& request, const std::string& id);
  bool take_body(Served& request, Upload& upload);
  void tags(Served& request, const std::string& repository);
  void referrers(Served& request, const std::string& repository, const std::string& subject);
  http::Headers location(const std::string& id, const Upload& upload);
  static void refuse(Served& request, int status, const std::string& code);

 public:
  std::recursive_mutex mutex;
  std::map<std::string, std::string> blobs_by_digest;
  std::map<std::string, std::set<std::string>> repository_blobs;
  std::map<std::string, std::map<std::string, Item>> repository_manifests;
  std::map<std::string, std::shared_ptr<Upload>> uploads;  // requests may outlive their upload
  std::vector<Logged> requests;
  std::map<std::string, std::set<std::string>> tokens_given;  ///< to their scopes

 private:
  int last_id_ = 0;
  HttpServer server_;  // last: its threads use all of the above
};

}  // namespace sealos::testing
