// One blob's way from a source to a destination.
#pragma once

#include <atomic>
#include <memory>

#include "core/copy/copy.hpp"
#include "core/copy/plan.hpp"
#include "core/copy/reuse_finder.hpp"
#include "core/copy/turns.hpp"
#include "core/host/destination.hpp"
#include "core/host/source.hpp"

namespace sealos {

class LayerWatch;

/// Copies blobs as their steps say. Safe for concurrent use where source and destination are.
class BlobCopier {
 public:
  BlobCopier(Source& source, Destination& destination, const CancelToken& cancel,
             const RetryPolicy& retry, ReuseFinder& reuse, Progress& progress,
             const encryption::Recipients* recipients = nullptr, LayerWatch* watch = nullptr)
      : source_(source),
        destination_(destination),
        reuse_(reuse),
        cancel_(cancel),
        retry_(retry),
        progress_(progress),
        recipients_(recipients),
        watch_(watch) {}

  /// Throws CopyError. `number` is for progress; `config` are the bytes of a config. Waits for its
  /// turn, and passes it on as soon as the destination can take another blob.
  BlobReport copy(size_t number, const BlobStep& step, const std::string* config, Turn& turn);

  /// What copy would do, found out without writing. Throws CopyError.
  BlobReport preview(const BlobStep& step);

 private:
  BlobReport begin(const BlobStep& step) const;
  void take(BlobReport& report, const BlobStep& step, const Blob& there) const;
  std::optional<Blob> find_there(const BlobStep& step, BlobReport& report);
  /// Sets `step` to what was done, which may be another thing than was planned.
  Blob put(size_t number, BlobStep& step, const std::string* config, BlobReport& report,
           std::atomic<std::int64_t>& read, Turn& turn);
  std::optional<Blob> put_once(size_t number, BlobStep& step, const std::string* config,
                               BlobReport& report, std::atomic<std::int64_t>& read, Turn& turn,
                               bool by_said_size);
  std::unique_ptr<Stream> open(const BlobStep& step, const std::string* config);
  void wait_before_retry(unsigned attempt, const Error& why);

  Source& source_;
  Destination& destination_;
  ReuseFinder& reuse_;
  const CancelToken& cancel_;
  const RetryPolicy& retry_;
  Progress& progress_;
  const encryption::Recipients* recipients_;  // not nullptr where a step encrypts
  LayerWatch* watch_;                         // nullptr: no layer is looked into
};

/// "layer sha256:0123456789ab" or "config ...".
std::string name_of(const BlobStep& step);

}  // namespace sealos
