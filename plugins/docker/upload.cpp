#include "upload.hpp"

#include <fmt/format.h>

#include "session.hpp"
#include "upload_job.hpp"

namespace sealos::docker {

std::optional<std::int64_t> head_blob(Registry& registry, const std::string& repository,
                                      const Digest& digest) {
  Ask ask;
  ask.method = "HEAD";
  ask.path = fmt::format("{}/blobs/{}", repository, digest.str());
  ask.scopes = repository == registry.path() ? registry.push_scope()
                                             : Scopes{"repository:" + repository + ":pull"};
  http::Response response = registry.send(ask);
  if (response.status() == 200) return response.length();
  if (response.status() == 404) return std::nullopt;
  throw response_error(response, fmt::format("asking for {} in {}/{}", digest.brief(),
                                             registry.domain(), repository));
}

bool mount_blob(Registry& registry, const Digest& digest, const std::string& from_repository) {
  Ask ask;
  ask.method = "POST";
  ask.path = fmt::format("{}/blobs/uploads/?mount={}&from={}", registry.path(),
                         http::percent_encode(digest.str()), http::percent_encode(from_repository));
  ask.scopes = registry.push_scope();
  ask.scopes.insert("repository:" + from_repository + ":pull");
  const std::string doing = fmt::format("mounting {} from {}", digest.brief(), from_repository);
  http::Response response = registry.send(ask);
  if (response.status() == 201) {
    response.finish();
    return true;
  }
  if (response.status() != 202) throw response_error(response, doing);
  // An upload was opened in its place.
  Session session(registry, doing);
  if (response.headers().find("Location")) session.take_over(response);
  response.finish();
  session.cancel();
  return false;
}

Blob Uploader::upload(const Blob& blob, Stream& from) {
  UploadJob job(registry_, journal_, habits_, blob, from);
  return job.run();
}

}  // namespace sealos::docker
