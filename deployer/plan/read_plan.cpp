// SPDX-License-Identifier: Apache-2.0
#include "deployer/plan/read_plan.h"

#include "base/error.h"
#include "ovfkit/package/package_reader.h"

namespace deployer {

namespace {

// Carries the plan out of the reader as soon as there is one.
struct Planned {
    DeploymentPlan plan;
};

class PlanReader : public ovfkit::PackageHandler {
  public:
    explicit PlanReader(const DeployRequest& request) : request_(request) {}
    void on_descriptor(const std::string& /*name*/, const std::string& /*text*/,
                       const ovfkit::Envelope& envelope) override {
        const auto generate = [](std::size_t) { return std::string("(generated)"); };
        throw Planned{plan_deployment(envelope, request_, generate)};
    }
    std::unique_ptr<base::ByteSink> open_member(const std::string& /*name*/,
                                                std::uint64_t /*size*/) override {
        return nullptr;
    }

  private:
    const DeployRequest& request_;
};

}  // namespace

DeploymentPlan read_plan(base::ByteSource& source, const DeployRequest& request) {
    PlanReader reader(request);
    try {
        ovfkit::read_package(source, reader, {});
    } catch (const Planned& planned) {
        return planned.plan;
    }
    base::unreachable("a package was read without its descriptor");
}

}  // namespace deployer
