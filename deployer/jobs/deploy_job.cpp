// SPDX-License-Identifier: Apache-2.0
#include "deployer/jobs/deploy_job.h"

#include <chrono>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "deployer/import/import.h"
#include "deployer/jobs/machine_steps.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/package/source/open_package.h"

namespace deployer {

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;
using hvruntime::JobContext;
using hvruntime::JobStep;

constexpr std::chrono::seconds kUploadStart{30};

std::unique_ptr<base::ByteSource> open_package(Services& services, JobContext& job) {
    const Json& source = job.params().at("source");
    if (source.contains("upload")) {
        return ovfkit::unpacked_source(
            services.uploads.take(base::require_string(source, "upload"),
                                  base::string_or(source, "name", "standard input"), kUploadStart,
                                  [&] { job.check_abort(); }));
    }
    return ovfkit::open_package(source.contains("url") ? base::require_string(source, "url")
                                                       : base::require_string(source, "path"));
}

DeployRequest request_of(const Json& params) {
    return {.name = base::string_or(params, "name", ""),
            .settings = params.value("settings", std::map<std::string, std::string>()),
            .host_ports = params.value("host_ports", std::map<std::string, std::uint16_t>()),
            .configuration = base::string_or(params, "configuration", "")};
}

// A fixed port that somebody has already is told before gigabytes are read. The switch's own bind
// decides later.
void check_host_port(const PlannedPublish& publish) {
    if (publish.host_port == 0) {
        return;
    }
    const base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(publish.host_port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // SAFETY: sockaddr_in passed as the sockaddr that bind(2) asks for.
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw base::SystemError(
            errno,
            fmt::format("port 127.0.0.1:{} for '{}' cannot be used", publish.host_port,
                        publish.name),
            fmt::format("choose another one with --publish {}=PORT, or leave it out for a free one",
                        publish.name));
    }
}

// Whom to trust, from the request, in files that last while the package is read.
class RequestedTrust {
  public:
    explicit RequestedTrust(const Json& params) {
        policy_.trust_system = params.value("trust_system", false);
        policy_.trust_file = store(params, "trust");
        policy_.tsa_trust_file = store(params, "tsa_trust");
        policy_.require_signature = params.value("require_signature", false);
    }
    const ovfkit::VerifyPolicy& policy() const { return policy_; }

  private:
    std::optional<std::filesystem::path> store(const Json& params, const std::string& key) {
        const std::string pem = base::string_or(params, key, "");
        if (pem.empty()) {
            return std::nullopt;
        }
        base::write_file(dir_.path() / (key + ".pem"), pem, 0600);
        return dir_.path() / (key + ".pem");
    }

    base::TempDir dir_;
    ovfkit::VerifyPolicy policy_;
};

Deployment make_record(JobContext& job, const DeploymentPlan& plan) {
    const Json& source = job.params().at("source");
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {.name = plan.name,
            .plan = plan,
            .source = base::string_or(source, "name", "package"),
            .job = job.id(),
            .instance = base::random_hex(8),
            .created_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
}

// Reads, checks and stores the package; from its descriptor comes the plan, and with it the rest of
// the job's steps.
void run_import(Services& services, JobContext& job) {
    const Json& params = job.params();
    const RequestedTrust trust(params);
    std::optional<Deployment> record;
    ImportHooks hooks;
    hooks.on_envelope = [&](const ovfkit::Envelope& envelope) {
        DeploymentPlan plan = plan_deployment(envelope, request_of(params), base::random_password);
        for (const PlannedPublish& publish : plan.publish) {
            check_host_port(publish);
        }
        record = make_record(job, plan);
        job.state()["name"] = plan.name;
        job.state()["plan"] = to_json(plan);
        job.save();
        reserve_deployment(services.store, *record);
        return plan;
    };
    hooks.on_progress = [&](std::uint64_t done, std::uint64_t total) {
        job.check_abort();
        job.progress(done, total, "bytes of the package");
    };
    hooks.on_published = [&](const std::string& member, const std::string& image) {
        services.images.add_reference(image, image_holder(record->name));
        record->images[member] = image;
    };
    const auto source = open_package(services, job);
    std::unique_lock lock(services.images_mutex, std::defer_lock);
    hooks.on_verified = [&] { lock.lock(); };
    const ImportResult imported = import_package(*source, trust.policy(), services.images, hooks);
    record->signed_by = imported.report.signature.subject;
    record->signer_trusted = imported.report.signature.trusted;
    save_deployment(services.store, *record);
}

void undo_import(Services& services, JobContext& job) {
    const std::string name = base::string_or(job.state(), "name", "");
    if (name.empty()) {
        return;
    }
    const auto record = find_deployment(services.store, name);
    if (record && record->job != job.id()) {
        return;  // the name belongs to somebody else: that is why this job failed
    }
    // The deployment that held the name, if any, is this job's own: whatever it holds is free now.
    for (const hvruntime::ImageRecord& image : services.images.list()) {
        services.images.drop_reference(image.id, image_holder(name));
    }
    remove_unused_images(services);
    remove_deployment(services.store, name);
}

void finish(Services& services, JobContext& job, const std::string& name) {
    Deployment record = require_deployment(services.store, name);
    record.state = DeploymentState::running;
    save_deployment(services.store, record);
    job.set_result({{"name", name},
                    {"urls", published_urls(record)},
                    {"not_honoured", record.plan.not_honoured},
                    {"signed_by", record.signed_by},
                    {"signer_trusted", record.signer_trusted}});
}

}  // namespace

hvruntime::JobKind deploy_kind(Services& services) {
    const auto steps = [&services](const Json& /*params*/, const Json& state) {
        std::vector<JobStep> list;
        list.push_back({.name = "import",
                        .run = [&services](JobContext& job) { run_import(services, job); },
                        .undo = [&services](JobContext& job) { undo_import(services, job); }});
        if (!state.contains("plan")) {
            return list;
        }
        const DeploymentPlan plan = plan_of_json(state.at("plan"));
        for (const PlannedNetwork& network : plan.networks) {
            list.push_back(network_step(services, plan.name, network));
        }
        list.push_back(publish_step(services, plan.name));
        for (const PlannedMachine& machine : plan.machines) {
            list.push_back(machine_step(services, plan.name, machine.name));
        }
        for (std::size_t i = 0; i < plan.waves.size(); ++i) {
            list.push_back(start_wave_step(services, plan.name, plan.waves[i], i + 1));
        }
        list.push_back(
            {.name = "finish",
             .run = [&services, name = plan.name](JobContext& job) { finish(services, job, name); },
             .undo = {}});
        return list;
    };
    return {.name = "deploy", .steps = steps, .recovery = hvruntime::Recovery::resume};
}

}  // namespace deployer
