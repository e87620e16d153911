#include "pull_input.hpp"

#include <algorithm>

// The names below become parts of a type that the whole process knows.
typedef struct {
  GInputStream parent;
  sealos::ostree::PullInput* from;
} SealosOstreeInput;

typedef struct {
  GInputStreamClass parent;
} SealosOstreeInputClass;

G_DEFINE_TYPE(SealosOstreeInput, sealos_ostree_input, G_TYPE_INPUT_STREAM)

static gssize sealos_ostree_input_read(GInputStream* self, void* into, gsize room, GCancellable*,
                                       GError** error) {
  auto* from = reinterpret_cast<SealosOstreeInput*>(self)->from;
  return from == nullptr ? 0 : from->read(into, room, error);
}

static void sealos_ostree_input_class_init(SealosOstreeInputClass* type) {
  type->parent.read_fn = sealos_ostree_input_read;
}

static void sealos_ostree_input_init(SealosOstreeInput* self) { self->from = nullptr; }

namespace sealos::ostree {

PullInput::PullInput(std::int64_t size, const Pull& pull)
    : pull_(pull),
      left_(size),
      input_(G_INPUT_STREAM(g_object_new(sealos_ostree_input_get_type(), nullptr))) {
  reinterpret_cast<SealosOstreeInput*>(input_.get())->from = this;
}

PullInput::~PullInput() { reinterpret_cast<SealosOstreeInput*>(input_.get())->from = nullptr; }

gssize PullInput::read(void* into, gsize room, GError** error) noexcept {
  try {
    const size_t want =
        static_cast<size_t>(std::min<std::int64_t>(left_, static_cast<std::int64_t>(room)));
    if (want == 0 || failure_ != nullptr) return 0;
    const size_t n = pull_({static_cast<std::byte*>(into), want});
    left_ -= static_cast<std::int64_t>(n);
    short_ = n == 0;
    return static_cast<gssize>(n);
  } catch (...) {
    failure_ = std::current_exception();
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "the content cannot be read");
    return -1;
  }
}

void PullInput::finish() const {
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  if (short_) throw Error(Status::corrupt, "a file ends before its last byte");
}

}  // namespace sealos::ostree
