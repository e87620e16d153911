#include "core/hub/hub_module.hpp"

#include "core/hub/hub_client.hpp"

namespace sealos::hub {
namespace {

class ClusterHub final : public Hub {
 public:
  explicit ClusterHub(ClusterAccess access) : access_(std::move(access)) {}

  const std::string& server() const override { return access_.server; }
  Outcome publish(const Json& object, bool unless_same, unsigned retries,
                  std::chrono::milliseconds delay, const CancelToken& cancel) override {
    return HubClient(access_, cancel).publish(object, unless_same, retries, delay);
  }

 private:
  const ClusterAccess access_;
};

std::unique_ptr<Hub> open(const std::string& kubeconfig) {
  return std::make_unique<ClusterHub>(read_kubeconfig(kubeconfig));
}

}  // namespace
}  // namespace sealos::hub

extern "C" [[gnu::visibility("default")]] const sealos::hub::HubModule sealos_module = {
    &sealos::hub::open};
