// The program itself: it says its version and opens the engine for all else. It needs the C library
// alone, so that what asks for no copy waits for no library; the engine and what it links stand in
// a private folder beside the plugins.
#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "core/install/install_paths.hpp"

namespace {

constexpr int kInternal = 1, kLocalIo = 9;  // as in exit_code.hpp

/// Relative to the program, so that an installed tree can be moved.
const char* engine_path(char (&path)[PATH_MAX]) {
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path - 1);
  if (size > 0) {
    path[size] = 0;
    char* name = std::strrchr(path, '/') + 1;
    const size_t room = static_cast<size_t>(path + sizeof path - name);
    if (std::strlen(sealos::kEngineFromProgram) < room) {
      std::strcpy(name, sealos::kEngineFromProgram);
      return path;
    }
  }
  return sealos::kEngine;
}

int show_version() {
  std::printf("sealos %s\n", sealos::kVersion);
  if (std::fflush(stdout) == 0) return 0;
  std::fputs("sealos: writing to stdout failed\n", stderr);
  return kLocalIo;
}

}  // namespace

#ifdef SEALOS_SANITIZED
/// LeakSanitizer of clang 14 crashes over thread-local data of libraries that were opened later,
/// unless nobody tells it of them.
extern "C" [[gnu::visibility("default")]] const char* __asan_default_options() {
  return "intercept_tls_get_addr=0";
}
#endif

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) return show_version();
  char path[PATH_MAX];
  void* engine = ::dlopen(engine_path(path), RTLD_LAZY | RTLD_LOCAL);
  void* entry = engine == nullptr ? nullptr : ::dlsym(engine, "sealos_main");
  if (entry == nullptr) {
    std::fprintf(stderr, "sealos: the engine cannot be opened: %s\n", ::dlerror());
    return kInternal;
  }
  return reinterpret_cast<int (*)(int, char**)>(entry)(argc, argv);
}
