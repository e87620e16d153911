// The upload of one blob, with all its tries. Used by Uploader alone.
#pragma once

#include <optional>
#include <string>

#include "journal.hpp"
#include "quirks.hpp"
#include "sealos/sdk/types.hpp"
#include "session.hpp"
#include "upload_source.hpp"

namespace sealos::docker {

class UploadJob {
 public:
  UploadJob(Registry& registry, Journal& journal, UploadHabits& habits, const Blob& blob,
            Stream& from);
  /// An upload that did not come to its end is cancelled, or left for a later one.
  ~UploadJob();
  UploadJob(const UploadJob&) = delete;
  UploadJob& operator=(const UploadJob&) = delete;

  Blob run();

 private:
  class Refused;

  void take_up();
  void open();
  void attempt();
  void send_whole();
  void send_chunks();
  void send_by_put();
  void complete();
  void check(http::Response& response);
  void recover(const Error& error, const Refused* refused, Tries& tries);
  /// The registry does not take uploads of this kind; true: another kind is left.
  bool change_way(const Refused& refused);
  void find_position(Tries& tries);
  void start_over();
  [[noreturn]] void leave_to_caller(const Error& error);
  [[noreturn]] void give_up(const Error& error);
  bool can_rewind() const { return source_.fd() >= 0; }

  Registry& registry_;
  Journal& journal_;
  UploadHabits& habits_;
  const std::string doing_;
  std::optional<Digest> digest_;
  std::int64_t size_;  ///< -1: not known
  UploadSource source_;
  Session session_;
  UploadHabit habit_;
  std::int64_t offset_ = 0;  ///< how many bytes the registry has
  bool sending_ = false;     ///< the body is under way, not the completion
  bool there_ = false;       ///< the repository has the blob
  bool went_on_ = false;     ///< the offset is what the registry said
  bool asked_again_ = false, keep_ = false;
};

}  // namespace sealos::docker
