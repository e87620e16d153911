#include "core/cache/blob_info_cache.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>

#include "support/json/json.hpp"

namespace sealos::cache {
namespace {

constexpr size_t kMostCandidates = 5;
constexpr size_t kMostUnseenCandidates = 2;

/// As the newest skopeo creates them; "IF NOT EXISTS" since another process may be as fast.
constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS DigestUncompressedPairs(
  anyDigest TEXT PRIMARY KEY NOT NULL, uncompressedDigest TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS DigestUncompressedPairs_index_uncompressedDigest
  ON DigestUncompressedPairs(uncompressedDigest);
CREATE TABLE IF NOT EXISTS DigestCompressors(
  digest TEXT PRIMARY KEY NOT NULL, compressor TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS KnownLocations(
  transport TEXT NOT NULL, scope TEXT NOT NULL, digest TEXT NOT NULL, location TEXT NOT NULL,
  time TIMESTAMP NOT NULL, PRIMARY KEY (transport, scope, digest, location));
CREATE TABLE IF NOT EXISTS DigestTOCUncompressedPairs(
  tocDigest TEXT PRIMARY KEY NOT NULL, uncompressedDigest TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS DigestSpecificVariantCompressors(
  digest TEXT PRIMARY KEY NOT NULL, specificVariantCompressor TEXT NOT NULL,
  specificVariantAnnotations BLOB NOT NULL);
)";
constexpr const char* kTables =
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN "
    "('DigestUncompressedPairs', 'DigestCompressors', 'KnownLocations', "
    "'DigestTOCUncompressedPairs', 'DigestSpecificVariantCompressors')";
constexpr int kTableCount = 5;

/// The names that containers/image has for our compressions.
std::string stored_name(std::string_view compression) {
  if (compression.empty()) return "uncompressed";
  return compression == "xz" ? "Xz" : std::string(compression);
}

std::string our_name(const std::string& stored) {
  if (stored == "uncompressed") return {};
  return stored == "Xz" ? "xz" : stored;
}

/// As Go's driver writes a time.
std::string now() {
  const auto time = std::chrono::system_clock::now();
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count();
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:09}+00:00",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)), nanos);
}

/// The statement ends, and with it its lock, before anything is written: a reader that wants to
/// write as well is told at once that the database is locked.
bool has_tables(Database& database) {
  Statement tables(database, kTables, {});
  return tables.step() && tables.number(0) == kTableCount;
}

std::optional<Digest> find_uncompressed(Database& database, const Digest& any) {
  Statement pair(database,
                 "SELECT uncompressedDigest FROM DigestUncompressedPairs WHERE anyDigest = ?1",
                 {any.str()});
  if (pair.step()) return Digest::parse(pair.text(0));
  Statement itself(database,
                   "SELECT 1 FROM DigestUncompressedPairs WHERE uncompressedDigest = ?1 LIMIT 1",
                   {any.str()});
  return itself.step() ? std::optional<Digest>(any) : std::nullopt;
}

std::optional<std::string> find_compression(Database& database, const Digest& digest) {
  Statement row(database, "SELECT compressor FROM DigestCompressors WHERE digest = ?1",
                {digest.str()});
  return row.step() ? std::optional<std::string>(our_name(row.text(0))) : std::nullopt;
}

/// What is known of the blob itself, with no location.
BlobCandidate find_blob(Database& database, const Digest& digest) {
  BlobCandidate out{digest, find_compression(database, digest)};
  Statement row(database,
                "SELECT specificVariantCompressor, specificVariantAnnotations "
                "FROM DigestSpecificVariantCompressors WHERE digest = ?1",
                {digest.str()});
  if (!row.step()) return out;
  try {
    const Json annotations = Json::parse(row.text(1));
    for (const auto& [key, value] : annotations.members("annotations")) {
      out.annotations.emplace_back(key, value.string("annotations"));
    }
    out.variant = row.text(0);
  } catch (const Error&) {
    out.annotations.clear();  // then it is what its plain compression says
  }
  return out;
}

struct Sighting {
  BlobCandidate candidate;
  double day;  ///< Julian; 0: never
};

/// Where a blob was seen, the latest first; once without a location if nowhere.
std::vector<Sighting> find_sightings(Database& database, std::string_view transport,
                                     std::string_view scope, const Digest& digest) {
  std::vector<Sighting> out;
  BlobCandidate blob = find_blob(database, digest);
  Statement rows(database,
                 "SELECT location, coalesce(julianday(time), 0) FROM KnownLocations "
                 "WHERE transport = ?1 AND scope = ?2 AND digest = ?3 ORDER BY 2 DESC, 1",
                 {transport, scope, digest.str()});
  while (rows.step()) {
    blob.location = rows.text(0);
    out.push_back({blob, rows.number(1)});
  }
  if (out.empty()) out.push_back({blob, 0});
  return out;
}

/// Blobs with the same content, neither the one asked for nor the uncompressed one.
std::vector<Sighting> find_others(Database& database, std::string_view transport,
                                  std::string_view scope, const Digest& digest,
                                  const Digest& uncompressed) {
  std::vector<Sighting> out;
  Statement rows(database,
                 "SELECT anyDigest FROM DigestUncompressedPairs WHERE uncompressedDigest = ?1",
                 {uncompressed.str()});
  while (rows.step()) {
    const auto other = Digest::parse(rows.text(0));
    if (!other || *other == digest || *other == uncompressed) continue;
    const auto seen = find_sightings(database, transport, scope, *other);
    out.insert(out.end(), seen.begin(), seen.end());
  }
  std::stable_sort(out.begin(), out.end(), [](const Sighting& a, const Sighting& b) {
    return a.day != b.day ? a.day > b.day : a.candidate.digest < b.candidate.digest;
  });
  return out;
}

std::vector<BlobCandidate> best_of(const std::vector<Sighting>& sightings, const Digest& digest) {
  std::vector<BlobCandidate> out;
  size_t unseen = 0;
  for (const auto& [candidate, day] : sightings) {
    const bool itself = candidate.digest == digest;
    if (out.size() == kMostCandidates) break;
    if (!itself && !candidate.compression) continue;
    if (candidate.location.empty() && ++unseen > kMostUnseenCandidates) continue;
    out.push_back(candidate);
  }
  return out;
}

}  // namespace

std::string BlobInfoCache::default_path(const config::Environment& env) {
  // podman sets this where it runs itself again in a user namespace, in which everyone is root.
  unsigned user = env.user;
  const std::string rootless = env.variable("_CONTAINERS_ROOTLESS_UID");
  std::from_chars(rootless.data(), rootless.data() + rootless.size(), user);
  const std::string folder =
      user == 0 ? env.system_path("/var/lib") + "/containers" : env.data_home() + "/containers";
  return folder + "/cache/blob-info-cache-v1.sqlite";
}

BlobInfoCache::BlobInfoCache(std::string path, const config::Environment& env, int patience_ms)
    : path_(std::move(path)), env_(env), patience_ms_(patience_ms), unusable_(path_.empty()) {}

BlobInfoCache::~BlobInfoCache() { flush(); }

Database& BlobInfoCache::open() {
  if (database_) return *database_;
  const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
  if (!config::folder_exists(folder)) {
    std::error_code ignored;  // opening the file says what is wrong
    std::filesystem::create_directories(folder, ignored);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
  }
  auto made = std::make_unique<Database>(path_, patience_ms_);
  // Flushes often enough for kill -9 and for a crash of the machine on any current file system.
  made->run("PRAGMA synchronous = NORMAL");
  if (!has_tables(*made)) {
    Transaction transaction(*made);
    made->run(kSchema);
    transaction.commit();
  }
  database_ = std::move(made);
  return *database_;
}

void BlobInfoCache::give_up(const std::string& why, bool& for_good) {
  for_good = true;
  pending_.clear();
  env_.warn(fmt::format("the blob info cache {} is not used: {}", printable(path_), why));
}

void BlobInfoCache::write_pending() {
  if (pending_.empty() || unwritable_ || unusable_) return;
  try {
    Database& database = open();
    Transaction transaction(database);
    for (const Write& write : pending_) write(database);
    transaction.commit();
    pending_.clear();
  } catch (const std::exception& e) {
    give_up(e.what(), unwritable_);
  }
}

void BlobInfoCache::later(Write write) {
  const std::lock_guard lock(mutex_);
  if (!unusable_ && !unwritable_) pending_.push_back(std::move(write));
}

void BlobInfoCache::flush() {
  const std::lock_guard lock(mutex_);
  write_pending();
}

template <typename Result, typename Body>
Result BlobInfoCache::look_up(Result otherwise, Body&& body) {
  const std::lock_guard lock(mutex_);
  write_pending();
  if (unusable_) return otherwise;
  try {
    return body(open());
  } catch (const std::exception& e) {
    database_.reset();
    if (unwritable_) {
      unusable_ = true;  // it was logged when writing failed
    } else {
      give_up(e.what(), unusable_);
    }
    return otherwise;
  }
}

std::optional<Digest> BlobInfoCache::uncompressed_digest(const Digest& any) {
  return look_up(std::optional<Digest>(),
                 [&](Database& database) { return find_uncompressed(database, any); });
}

std::optional<std::string> BlobInfoCache::compression(const Digest& digest) {
  return look_up(std::optional<std::string>(),
                 [&](Database& database) { return find_compression(database, digest); });
}

std::vector<std::string> BlobInfoCache::locations(std::string_view transport,
                                                  std::string_view scope, const Digest& digest) {
  return look_up(std::vector<std::string>(), [&](Database& database) {
    std::vector<std::string> out;
    for (const Sighting& seen : find_sightings(database, transport, scope, digest)) {
      if (!seen.candidate.location.empty()) out.push_back(seen.candidate.location);
    }
    return out;
  });
}

std::vector<BlobCandidate> BlobInfoCache::candidates(std::string_view transport,
                                                     std::string_view scope, const Digest& digest,
                                                     bool substitute) {
  return look_up(std::vector<BlobCandidate>(), [&](Database& database) {
    std::vector<Sighting> all = find_sightings(database, transport, scope, digest);
    const auto uncompressed = substitute ? find_uncompressed(database, digest) : std::nullopt;
    if (uncompressed) {
      const auto others = find_others(database, transport, scope, digest, *uncompressed);
      all.insert(all.end(), others.begin(), others.end());
    }
    if (uncompressed && *uncompressed != digest) {
      const auto last = find_sightings(database, transport, scope, *uncompressed);
      all.insert(all.end(), last.begin(), last.end());
    }
    return best_of(all, digest);
  });
}

void BlobInfoCache::record_pair(const Digest& any, const Digest& uncompressed) {
  later([this, any, uncompressed](Database& database) {
    Statement known(database,
                    "SELECT uncompressedDigest FROM DigestUncompressedPairs WHERE anyDigest = ?1",
                    {any.str()});
    const std::string before = known.step() ? known.text(0) : std::string();
    if (before == uncompressed.str()) return;
    if (!before.empty())
      env_.warn(fmt::format("the uncompressed digest of blob {} was recorded as {}, and is {}",
                            any.str(), printable(before), uncompressed.str()));
    Statement(database, "INSERT OR REPLACE INTO DigestUncompressedPairs VALUES (?1, ?2)",
              {any.str(), uncompressed.str()})
        .step();
  });
}

void BlobInfoCache::record_compression(const Digest& digest, std::string_view compression) {
  later([digest, name = stored_name(compression)](Database& database) {
    Statement(database,
              "INSERT INTO DigestCompressors VALUES (?1, ?2) "
              "ON CONFLICT (digest) DO UPDATE SET compressor = ?2 WHERE compressor <> ?2",
              {digest.str(), name})
        .step();
  });
}

void BlobInfoCache::record_variant(
    const Digest& digest, std::string_view variant,
    const std::vector<std::pair<std::string, std::string>>& annotations) {
  Json json = Json::object();
  for (const auto& [key, value] : annotations) json.set(key, value);
  later([digest, variant = std::string(variant), text = json.dump()](Database& database) {
    Statement(database,
              "INSERT OR REPLACE INTO DigestSpecificVariantCompressors "
              "VALUES (?1, ?2, CAST(?3 AS BLOB))",
              {digest.str(), variant, text})
        .step();
  });
}

void BlobInfoCache::record_location(std::string_view transport, std::string_view scope,
                                    const Digest& digest, std::string_view location) {
  later([transport = std::string(transport), scope = std::string(scope), digest,
         location = std::string(location)](Database& database) {
    const std::string time = now();
    // A sighting of less than a day ago is not written again: most copies then write nothing.
    Statement(database,
              "INSERT INTO KnownLocations VALUES (?1, ?2, ?3, ?4, ?5) "
              "ON CONFLICT (transport, scope, digest, location) DO UPDATE SET time = ?5 "
              "WHERE coalesce(julianday(?5) - julianday(time) >= 1, 1)",
              {transport, scope, digest.str(), location, time})
        .step();
  });
}

void BlobInfoCache::forget_location(std::string_view transport, std::string_view scope,
                                    const Digest& digest, std::string_view location) {
  later([transport = std::string(transport), scope = std::string(scope), digest,
         location = std::string(location)](Database& database) {
    Statement(database,
              "DELETE FROM KnownLocations "
              "WHERE transport = ?1 AND scope = ?2 AND digest = ?3 AND location = ?4",
              {transport, scope, digest.str(), location})
        .step();
  });
}

}  // namespace sealos::cache
