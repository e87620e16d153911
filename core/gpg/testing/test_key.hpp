// An OpenPGP key that exists for tests alone: ed25519 to sign and certify, cv25519 to encrypt.
#pragma once

#include <string>

#include "core/config/secret.hpp"

namespace sealos::gpg::testing {

inline constexpr const char* kUser = "Sealos Test <test@sealos.invalid>";
inline constexpr const char* kFingerprint = "4A71F3812DF21D43F0F89F2EEE62C72B611D07F7";

/// The exported secret key, binary, without passphrase.
inline std::string secret_key() {
  return *config::decode_base64(
      "lFgEXgvhABYJKwYBBAHaRw8BAQdAa/aBIFN5yxi3pEk6eWXp8R77q0WnKJlqF2QSwk/mPr8AAQDjN8nML9qY"
      "9qe/0s8jsrX4QHgTk+NLQG05GQuak0qkcBDxtCFTZWFsb3MgVGVzdCA8dGVzdEBzZWFsb3MuaW52YWxpZD6I"
      "kAQTFggAOBYhBEpx84Et8h1D8PifLu5ixythHQf3BQJeC+EAAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheA"
      "AAoJEO5ixythHQf3MjcA/1Gf+6sjj67c0YVppVV3xYPAgBlpXCkuZkuiSlZNRqAMAP9gBpRnWzIqi8FJqEJ5"
      "gscvZB43Pp9sSJhk5I0eUN9iBJxdBF4L4QASCisGAQQBl1UBBQEBB0Danu6jTo8byrKJ/8Xn9swF5erj71Ah"
      "aprOfJ9PbXYpDQMBCAcAAP9LMBxtnQleUp8ZL0wdVZP1ebSXUH8QyLusGUKgPRrbuA49iHgEGBYIACAWIQRK"
      "cfOBLfIdQ/D4ny7uYscrYR0H9wUCXgvhAAIbDAAKCRDuYscrYR0H95bNAP93biekNJhP4G4HCmeksFDDwTA/"
      "Cuo0eZGyim31f70NPwD+NjcuLLAc0LdWlALUKyP0K6l9nhGUDP+0+9kk2FWuxAM=");
}

/// The same of "Sealos Subkey Test <subkey@sealos.invalid>", which has a newer subkey that signs.
inline std::string secret_key_with_subkey() {
  return *config::decode_base64(
      "lFgEXgvhABYJKwYBBAHaRw8BAQdAHNf/ZBGTstZfd3vri/UxrXdyEQJkBT3ilT0qz0G9A+gAAQCqV2pjzpK5rR1d"
      "7PJKZYoE8uyL3nbDNlD3qgIPyo9QiREUtCpTZWFsb3MgU3Via2V5IFRlc3QgPHN1YmtleUBzZWFsb3MuaW52YWxp"
      "ZD6IkAQTFggAOBYhBLh9BIbuBbPYrOehZTTy19Y9ewjtBQJeC+EAAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheA"
      "AAoJEDTy19Y9ewjtUMsBAJ9DzKHzYNfFJr+8GKbQYDunOMxBI26sDbPBPNCZPlNSAP0aDOQWxw7zzlDIksc7uIXF"
      "nNAuYu10OWMCEI3D1+bFBZxYBF4NMoAWCSsGAQQB2kcPAQEHQAZBm5MWEtJDcTkUa+pKBr0SD1PIEkvWEJiA0RBh"
      "rp4wAAD+Oc9dRlWQoJNAYGLstveKGpuuBkBQ6yreiq8PQZu+7HIREojvBBgWCAAgFiEEuH0Ehu4Fs9is56FlNPLX"
      "1j17CO0FAl4NMoACGwIAgQkQNPLX1j17CO12IAQZFggAHRYhBMrRPUi5aEvTt+OhrUsihpKWtZncBQJeDTKAAAoJ"
      "EEsihpKWtZncWGcBAIpAkM1LVfkYMwW6wGCL4JVsAyOiphpUnhiuPvFvMdNQAQD/O+087/kGVBSX68Ps6ypdWeH9"
      "Uq6b3KGWPBdoFI5AB+tsAPsFVFq7v17s22OnXPbRERBOQ3HPqS1zB2jYcMNi0aNqRgEAq5Korg0+lslhkmh3sYs/"
      "/2DmTCDI2IxbKYGEoTNAkA4=");
}

}  // namespace sealos::gpg::testing
