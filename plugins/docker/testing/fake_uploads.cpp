// How the registry for tests takes blobs.
#include <fmt/format.h>

#include <algorithm>

#include "support/digest/hasher.hpp"
#include "testing/fake_answers.hpp"
#include "testing/fake_registry.hpp"

namespace sealos::testing {

http::Headers FakeRegistry::location(const std::string& id, const Upload& upload) {
  std::string at =
      fmt::format("/v2/{}/blobs/uploads/{}?_state={}", upload.repository, id, upload.generation);
  if (absolute_locations) at = "http://" + address() + at;
  const size_t size = upload.bytes.size();
  return fields({{"Location", at}, {"Range", fmt::format("0-{}", size == 0 ? 0 : size - 1)}});
}

void FakeRegistry::start_upload(Served& request, const std::string& repository) {
  const std::lock_guard lock(mutex);
  const std::string mount = request.query("mount"), from = request.query("from");
  if (!mount.empty() && repository_blobs[from].count(mount) != 0) {
    repository_blobs[repository].insert(mount);
    return request.reply(201, fields({{"Docker-Content-Digest", mount}}));
  }
  const std::string id = fmt::format("upload-{}", ++last_id_);
  uploads[id] = std::make_shared<Upload>(Upload{repository, "", 0});
  request.reply(202, location(id, *uploads[id]));
}

bool FakeRegistry::take_body(Served& request, Upload& upload) {
  const std::int64_t most = request.method == "PATCH" ? take_front(patch_cuts) : -1;
  for (;;) {
    const auto left = static_cast<size_t>(most - request.body_bytes());
    const std::string part = request.read_body(most < 0 ? 65536 : std::min<size_t>(65536, left));
    if (part.empty()) break;
    const std::lock_guard lock(mutex);
    upload.bytes += part;
  }
  if (most < 0 || request.body_complete()) return true;
  request.reset();
  return false;
}

void FakeRegistry::upload(Served& request, const std::string& id) {
  std::shared_ptr<Upload> open;
  {
    const std::lock_guard lock(mutex);
    const auto found = uploads.find(id);
    const bool status = request.method == "GET" || request.method == "DELETE";
    if (found == uploads.end() ||
        (!status && request.query("_state") != std::to_string(found->second->generation)))
      return refuse(request, 404, "BLOB_UPLOAD_UNKNOWN");
    open = found->second;
    if (request.method == "GET") return request.reply(204, location(id, *open));
    if (request.method == "DELETE") {
      uploads.erase(id);
      return request.reply(204);
    }
  }
  const std::string range = request.headers.text("Content-Range");
  if (!range.empty() && std::stoll(range) != static_cast<long long>(open->bytes.size()))
    return refuse(request, 416, "RANGE_INVALID");
  bool whole = false;
  try {
    whole = take_body(request, *open);
  } catch (...) {
    const std::lock_guard lock(mutex);
    if (!keeps_partial_uploads) uploads.erase(id);
    throw;
  }
  const std::lock_guard lock(mutex);
  if (!whole && !keeps_partial_uploads) uploads.erase(id);
  if (!whole) return;
  if (request.method == "PATCH") {
    ++open->generation;
    return request.reply(202, location(id, *open));
  }
  const std::string wanted = request.query("digest");
  const std::string bytes = open->bytes, repository = open->repository;
  uploads.erase(id);
  if (!Digest::parse(wanted) || digest_of(bytes).str() != wanted)
    return refuse(request, 400, "DIGEST_INVALID");
  add_blob(repository, bytes);
  if (lost_answers.with([](int& left) { return left > 0 && left-- > 0; })) return request.close();
  request.reply(201, fields({{"Docker-Content-Digest", wanted},
                             {"Location", "/v2/" + repository + "/blobs/" + wanted}}));
}

}  // namespace sealos::testing
