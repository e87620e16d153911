#include "core/encryption/recipients.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/config/environment.hpp"
#include "core/encryption/pgp_packets.hpp"
#include "support/base64/base64.hpp"

namespace sealos::encryption {
namespace {

/// One message of an annotation: wrapped for one recipient or several at once.
struct KeyMessage {
  std::string text;  ///< as it stands in the annotation
  std::string bytes;
};

std::vector<KeyMessage> messages_in(std::string_view value) {
  std::vector<KeyMessage> messages;
  while (!value.empty()) {
    const std::string_view item = value.substr(0, value.find(','));
    value.remove_prefix(std::min(value.size(), item.size() + 1));
    auto bytes = decode_base64(item);
    if (!bytes) throw Error(Status::invalid, "a key of an encrypted layer is not base64");
    messages.push_back({std::string(item), *std::move(bytes)});
  }
  return messages;
}

/// "": the annotation is another one.
std::string scheme_of(std::string_view annotation) {
  if (!annotation.starts_with(kKeysPrefix)) return "";
  return std::string(annotation.substr(kKeysPrefix.size()));
}

std::vector<std::string> labels_of(const std::string& scheme, const std::string& message) {
  if (scheme == "jwe") return jwe_recipients(message);
  if (scheme == "pgp") return pgp_recipients(message);
  if (scheme != "pkcs7") return {""};
  std::vector<std::string> labels;
  for (CmsRecipient& one : cms_recipients(message)) labels.push_back(std::move(one.label));
  return labels;
}

std::string without(const std::string& scheme, const std::string& message, size_t which) {
  if (scheme == "jwe") return jwe_without(message, which);
  return scheme == "pgp" ? pgp_without(message, which) : cms_without(message, which);
}

[[noreturn]] void refuse_choice(const std::string& text) {
  throw Error(
      Status::invalid,
      fmt::format("\"{}\" names no recipient; write SCHEME:NUMBER as sealos recipients list "
                  "shows it, pkcs7:CERTIFICATE, pgp:KEY-ID or provider:NAME",
                  printable(text)));
}

bool is_key_id(std::string_view text) {
  return text.size() >= 8 &&
         text.find_first_not_of("0123456789ABCDEFabcdef") == std::string_view::npos;
}

}  // namespace

std::vector<RecipientEntry> recipients_of(const Annotations& annotations) {
  std::vector<RecipientEntry> entries;
  for (const auto& [name, value] : annotations) {
    const std::string scheme = scheme_of(name);
    if (scheme.empty()) continue;
    size_t number = 0;
    for (const KeyMessage& message : messages_in(value)) {
      for (std::string& label : labels_of(scheme, message.bytes))
        entries.push_back({scheme, ++number, std::move(label)});
    }
  }
  return entries;
}

RecipientChoice RecipientChoice::parse(const std::string& text) {
  RecipientChoice choice;
  choice.text_ = text;
  const size_t colon = text.find(':');
  const std::string scheme = text.substr(0, colon);
  const std::string value = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (value.empty()) refuse_choice(text);
  if (scheme == "provider") {
    choice.scheme_ = "provider." + value;
    return choice;
  }
  choice.scheme_ = scheme;
  const char* end = value.data() + value.size();
  const bool counted = value.size() < 6 &&
                       std::from_chars(value.data(), end, choice.number_).ptr == end &&
                       choice.number_ > 0;
  if (counted) return choice;
  choice.number_ = 0;
  if (scheme == "pgp" && is_key_id(value)) {
    choice.key_id_ = value.size() > 16 ? value.substr(value.size() - 16) : value;
    for (char& c : choice.key_id_) c = static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
    return choice;
  }
  if (scheme != "pkcs7") refuse_choice(text);
  const auto file = config::read_file_if_there(value);
  if (!file) throw Error(Status::not_found, "certificate " + printable(value) + " does not exist");
  const Certificate certificate = read_certificate(*file);
  if (!certificate) throw Error(Status::invalid, printable(value) + " is no X.509 certificate");
  choice.identity_ = cms_identity(certificate);
  return choice;
}

/// Takes recipients out of the annotations of one layer. All are found before one is removed, so
/// that numbers mean what the list showed.
class RecipientRemover {
 public:
  explicit RecipientRemover(const Annotations& annotations) : annotations_(annotations) {}

  void mark(const RecipientChoice& choice) {
    bool found = false;
    for (size_t at = 0; at < annotations_.size(); ++at) {
      if (scheme_of(annotations_[at].first) != choice.scheme_) continue;
      size_t number = 0;
      const auto messages = messages_in(annotations_[at].second);
      for (size_t message = 0; message < messages.size(); ++message) {
        const size_t count = labels_of(choice.scheme_, messages[message].bytes).size();
        for (size_t one = 0; one < count; ++one) {
          if (!means(choice, messages[message].bytes, ++number, one)) continue;
          found = true;
          marked_.push_back({at, message, one});
        }
      }
    }
    if (!found) throw Error(Status::not_found, "no recipient of it is " + printable(choice.text_));
  }

  Annotations rest() const {
    Annotations out;
    for (size_t at = 0; at < annotations_.size(); ++at) {
      const auto& [name, value] = annotations_[at];
      const std::string scheme = scheme_of(name);
      if (scheme.empty()) {
        out.emplace_back(name, value);
        continue;
      }
      std::string kept;
      const auto messages = messages_in(value);
      for (size_t message = 0; message < messages.size(); ++message) {
        const std::string left = left_of(scheme, messages[message], at, message);
        if (!left.empty()) kept += (kept.empty() ? "" : ",") + left;
      }
      if (!kept.empty()) out.emplace_back(name, kept);
    }
    return out;
  }

 private:
  struct Mark {
    size_t annotation, message, recipient;
  };

  static bool means(const RecipientChoice& choice, const std::string& message, size_t number,
                    size_t one) {
    if (choice.number_ != 0) return number == choice.number_;
    if (!choice.identity_.empty()) return cms_recipients(message)[one].identity == choice.identity_;
    return choice.key_id_.empty() || pgp_recipients(message)[one].ends_with(choice.key_id_);
  }

  /// The message as an annotation has it; "": nobody is left.
  std::string left_of(const std::string& scheme, const KeyMessage& message, size_t at,
                      size_t position) const {
    const size_t count = labels_of(scheme, message.bytes).size();
    std::string bytes = message.bytes;
    size_t left = count;
    for (size_t one = count; one-- > 0;) {
      const bool goes = std::any_of(marked_.begin(), marked_.end(), [&](const Mark& mark) {
        return mark.annotation == at && mark.message == position && mark.recipient == one;
      });
      if (!goes) continue;
      if (--left == 0) return "";
      bytes = without(scheme, bytes, one);
    }
    return left == count ? message.text : encode_base64(bytes);
  }

  const Annotations& annotations_;
  std::vector<Mark> marked_;
};

Annotations edit_recipients(const Annotations& annotations, const RecipientEdit& edit) {
  RecipientRemover remover(annotations);
  for (const RecipientChoice& choice : edit.remove) remover.mark(choice);
  Annotations result = edit.remove.empty() ? annotations : remover.rest();
  if (edit.add) {
    const Opened layer = open_layer(annotations, *edit.keys);
    for (auto& [name, value] : wrap_secret(layer.secret, layer.plain, *edit.add)) {
      const auto same = std::find_if(result.begin(), result.end(),
                                     [&name = name](const auto& one) { return one.first == name; });
      if (same == result.end()) {
        result.emplace_back(name, std::move(value));
      } else {
        same->second += "," + value;
      }
    }
  }
  if (recipients_of(result).empty())
    throw Error(Status::invalid, "its last recipient would be removed, and nobody could read it");
  return result;
}

}  // namespace sealos::encryption
