// SPDX-License-Identifier: Apache-2.0
#include "deployer/plan/read_plan.h"

#include <optional>
#include <utility>

#include "base/error.h"

namespace deployer {

namespace {

// Carries the plan out of the reader as soon as there is one.
struct Planned {
    DeploymentPlan plan;
};

class PlanReader : public ovfkit::PackageHandler {
  public:
    PlanReader(const DeployRequest& request, bool wants_trust)
        : request_(request), wants_signature_(wants_trust) {}
    void on_descriptor(const std::string& /*name*/, const std::string& /*text*/,
                       const ovfkit::Envelope& envelope) override {
        const auto generate = [](std::size_t) { return std::string("(generated)"); };
        plan_ = plan_deployment(envelope, request_, generate);
        stop_when_known();
    }
    // Called only when it is good.
    void on_signature(const ovfkit::SignatureReport& /*signature*/) override {
        wants_signature_ = false;
        stop_when_known();
    }
    std::unique_ptr<base::ByteSink> open_member(const std::string& /*name*/,
                                                std::uint64_t /*size*/) override {
        return nullptr;
    }

  private:
    void stop_when_known() {
        if (plan_ && !wants_signature_) {
            throw Planned{std::move(*plan_)};
        }
    }

    const DeployRequest& request_;
    bool wants_signature_;
    std::optional<DeploymentPlan> plan_;
};

}  // namespace

DeploymentPlan read_plan(base::ByteSource& source, const DeployRequest& request,
                         const ovfkit::VerifyPolicy& policy) {
    PlanReader reader(request, policy.wants_trust());
    try {
        ovfkit::read_package(source, reader, policy);
    } catch (const Planned& planned) {
        return planned.plan;
    }
    base::unreachable("a package was read without its descriptor");
}

}  // namespace deployer
