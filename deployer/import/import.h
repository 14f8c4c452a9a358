// SPDX-License-Identifier: Apache-2.0
// An OVA into the image store in one pass: the bytes that are hashed are the bytes that are
// decoded, everything lands in quarantine, and images are published only after read_package() has
// proved manifest and signature.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/stream.h"
#include "deployer/plan/plan.h"
#include "hvruntime/images/image_store.h"
#include "ovfkit/package/package_reader.h"

namespace deployer {

struct ImportHooks {
    // The descriptor has been read, nothing else: makes the plan that says which members are
    // wanted. May throw to refuse before any disk is read.
    std::function<DeploymentPlan(const ovfkit::Envelope&)> on_envelope;
    std::function<void(std::uint64_t done, std::uint64_t total)>
        on_progress;  // of the package's bytes
    // Manifest and signature hold: from here on images are published. May be empty.
    std::function<void()> on_verified;
    // An image is in the store: the caller refers to it before anything else happens.
    std::function<void(const std::string& member, const std::string& image)> on_published;
};

struct ImportResult {
    DeploymentPlan plan;
    ovfkit::PackageReport report;
    std::map<std::string, std::string> images;  // disk member -> image id
};

// Throws what read_package() throws; then nothing is left in the store.
ImportResult import_package(base::ByteSource& source, const ovfkit::VerifyPolicy& policy,
                            hvruntime::ImageStore& images, const ImportHooks& hooks);

}  // namespace deployer
