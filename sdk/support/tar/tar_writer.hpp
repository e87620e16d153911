// Writes tar archives as streams, the same bytes for the same content.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sealos/sdk/stream.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file.hpp"

namespace sealos {

/// Where an archive goes.
class TarSink {
 public:
  virtual ~TarSink() = default;
  virtual void write(std::span<const std::byte> bytes) = 0;
  /// A file or pipe that takes the same bytes where it stands; -1: only write() does.
  virtual int fd() const { return -1; }
  /// Whether fd() is a regular file, in which one can go back.
  virtual bool seekable() const { return false; }
};

/// A file or a pipe; does not own it.
class FileSink final : public TarSink {
 public:
  /// name: for messages.
  FileSink(int file, std::string name);
  void write(std::span<const std::byte> bytes) override;
  int fd() const override { return file_; }
  bool seekable() const override { return seekable_; }

 private:
  int file_;
  std::string name_;
  bool seekable_;
};

/// Not for concurrent use. In a seekable sink a member that fails is not there. In one without a
/// descriptor, a member whose stream fails is filled up with zeros when something follows: the same
/// name can be added again, and whoever unpacks the archive takes the last one. After another
/// failure nothing more can be written: every call throws that error, as one that is not worth
/// another try.
class TarWriter {
 public:
  /// mtime of all members. temp_dir: where a member of unknown size is put first, if the sink is
  /// not seekable.
  TarWriter(TarSink& sink, std::int64_t mtime, unsigned mode, std::string temp_dir = "/tmp");

  /// A member whose size is known. Throws SEALOS_CORRUPT if the stream has another.
  void add(const std::string& name, std::int64_t size, Stream& from);
  void add(const std::string& name, std::string_view text);
  /// A member whose size is not known. `name` is asked for its name when its bytes have been read
  /// well and given to hasher, if there is one; "": it is not wanted after all. Returns the size.
  std::int64_t add_unsized(const std::function<std::string()>& name, Stream& from, Hasher* hasher);

  /// The end of the archive.
  void finish();

  /// Room that a member has got before its bytes are there.
  struct Place {
    std::int64_t start = 0;
    std::string header;
    std::int64_t size = 0;
    /// Of all that belongs to the member.
    std::int64_t length() const;
  };
  /// Where the archive ends now; what is added next stands behind it. Only in a seekable sink.
  Place place(const std::string& name, std::int64_t size);
  /// Writes the member there, as add() would; safe for concurrent use, beside whatever is added
  /// behind it. Throws SEALOS_CORRUPT if the stream has another size, and never writes more.
  void fill(const Place& place, Stream& from) const;
  /// Where what is added next will be; only in a seekable sink.
  std::int64_t position() const;

 private:
  template <typename Body>
  void attempt(Body&& body);
  void write(std::string_view text);
  void fill_up();
  std::int64_t copy(Stream& from, std::int64_t size);
  std::int64_t add_in_place(const std::function<std::string()>& name, Stream& from, Hasher* hasher);
  std::int64_t add_by_file(const std::function<std::string()>& name, Stream& from, Hasher* hasher);

  TarSink& sink_;
  std::int64_t mtime_;
  unsigned mode_;
  std::string temp_dir_;
  std::optional<std::int64_t> owed_;  // bytes that a member whose stream failed should still have
  std::optional<Error> broken_;       // why nothing more can be written
};

/// The same file, in which one stands elsewhere. Throws where the system does not open it again.
Fd file_with_own_position(int file, int flags);

/// A file without a name in a folder, gone when it is closed. Mode 0600.
Fd nameless_file(const std::string& folder);

/// The time that archives get: SOURCE_DATE_EPOCH of the environment, or 0. Throws SEALOS_INVALID
/// where that is no number (reproducible-builds.org, "SOURCE_DATE_EPOCH").
std::int64_t archive_time();

}  // namespace sealos
