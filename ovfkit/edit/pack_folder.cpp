// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/pack_folder.h"

#include <unistd.h>
#include <filesystem>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/file.h"
#include "ovfkit/edit/raw_copy.h"
#include "ovfkit/edit/references.h"
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

PackFolderResult keep(const PackFolderOptions& options, base::ByteSource& source, TarWriter& tar) {
    PackFolderResult result;
    result.source = copy_raw(source, options.policy, tar, nullptr, options.on_progress);
    result.bytes = tar.position();
    result.manifest = fmt::format("kept ({})", fmt::join(result.source.manifest.algorithms, ", "));
    result.signature = result.source.signature.state == CheckState::absent ? "none" : "kept";
    return result;
}

PackFolderResult renew(const PackFolderOptions& options, base::ByteSource& source,
                       std::unique_ptr<TarWriter> tar, bool had_manifest) {
    const auto digest = options.digest.value_or(base::DigestAlgorithm::sha256);
    const TarWriter& archive = *tar;
    PackageWriter writer(std::move(tar), {.digest = digest, .chunk_bytes = options.chunk_bytes});
    PackFolderResult result;
    CopyPlan plan;
    if (options.chunk_bytes != 0) {
        plan.join_chunks = true;
        plan.on_descriptor = [&](const std::string& name, const std::string& text,
                                 const Envelope& /*envelope*/) {
            return std::optional(with_chunk_size(text, name, options.chunk_bytes));
        };
    }
    plan.on_progress = options.on_progress;
    result.source = copy_package(source, options.policy, writer, plan).source;
    writer.finish(options.signer);
    result.bytes = archive.position();
    result.manifest =
        fmt::format("{} ({})", had_manifest ? "renewed" : "added", base::to_string(digest));
    const bool was_signed = result.source.signature.state != CheckState::absent;
    result.signature = options.signer != nullptr
                           ? fmt::format("made by {}", options.signer->chain.front().info().subject)
                       : was_signed ? "dropped"
                                    : "none";
    return result;
}

PackFolderResult pack_into(const PackFolderOptions& options, const std::string& descriptor,
                           std::unique_ptr<TarWriter> tar) {
    const auto source = open_package(options.input);
    const bool had_manifest = has_manifest(descriptor);
    const bool as_it_is =
        had_manifest && !options.digest && options.signer == nullptr && options.chunk_bytes == 0;
    return as_it_is ? keep(options, *source, *tar)
                    : renew(options, *source, std::move(tar), had_manifest);
}

}  // namespace

PackFolderResult pack_folder(const PackFolderOptions& options) {
    const auto descriptor = find_folder_descriptor(options.input);
    if (!descriptor) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' is no OVF package in a folder", options.input),
                          "give the .ovf file, or the folder that holds one");
    }
    if (options.output == "-") {
        base::FdSink out(STDOUT_FILENO, "standard output");
        return pack_into(options, *descriptor, std::make_unique<TarWriter>(out));
    }
    base::AtomicFile file(options.output);
    PackFolderResult result =
        pack_into(options, *descriptor, std::make_unique<TarWriter>(file.fd(), options.output));
    file.commit();
    return result;
}

}  // namespace ovfkit::edit
