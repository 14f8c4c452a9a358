// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/pack_folder.h"

#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/file.h"
#include "ovfkit/edit/raw_copy.h"
#include "ovfkit/package/package_copy.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/tar/tar_writer.h"

namespace ovfkit::edit {

namespace {

bool has_manifest(const std::string& descriptor) {
    const std::filesystem::path manifest =
        std::filesystem::path(descriptor).replace_extension(".mf");
    return std::filesystem::symlink_status(manifest).type() !=
           std::filesystem::file_type::not_found;
}

PackFolderResult keep(const PackFolderOptions& options, base::ByteSource& source, int fd) {
    TarWriter tar(fd, options.output);
    PackFolderResult result;
    result.source = copy_raw(source, options.policy, tar, nullptr, options.on_progress);
    result.manifest = fmt::format("kept ({})", fmt::join(result.source.manifest.algorithms, ", "));
    result.signature = result.source.signature.state == CheckState::absent ? "none" : "kept";
    return result;
}

PackFolderResult renew(const PackFolderOptions& options, base::ByteSource& source, int fd,
                       bool had_manifest) {
    const auto digest = options.digest.value_or(base::DigestAlgorithm::sha256);
    PackageWriter writer(fd, options.output, {.digest = digest});
    PackFolderResult result;
    CopyPlan plan;
    plan.on_progress = options.on_progress;
    result.source = copy_package(source, options.policy, writer, plan).source;
    writer.finish(options.signer);
    result.manifest =
        fmt::format("{} ({})", had_manifest ? "renewed" : "added", base::to_string(digest));
    const bool was_signed = result.source.signature.state != CheckState::absent;
    result.signature = options.signer != nullptr
                           ? fmt::format("made by {}", options.signer->chain.front().info().subject)
                       : was_signed ? "dropped"
                                    : "none";
    return result;
}

}  // namespace

PackFolderResult pack_folder(const PackFolderOptions& options) {
    const auto descriptor = find_folder_descriptor(options.input);
    if (!descriptor) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' is no OVF package in a folder", options.input),
                          "give the .ovf file, or the folder that holds one");
    }
    const bool had_manifest = has_manifest(*descriptor);
    const auto source = open_package(options.input);
    base::AtomicFile file(options.output);
    PackFolderResult result = had_manifest && !options.digest && options.signer == nullptr
                                  ? keep(options, *source, file.fd())
                                  : renew(options, *source, file.fd(), had_manifest);
    result.bytes = base::file_size(file.temp_path());
    file.commit();
    return result;
}

}  // namespace ovfkit::edit
