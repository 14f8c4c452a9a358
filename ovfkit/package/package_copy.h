// SPDX-License-Identifier: Apache-2.0
// Copies a package member by member into a new one, in one pass: what is read is checked against
// its manifest and signature as everywhere (read_package), what is written gets new digests. The
// disk bytes go through untouched. For verbs that change a package: sign, edit, unpack, pack of a
// folder. The caller calls writer.finish() (or finish_with()) after copy_package() has returned,
// and only then publishes the output; when it throws, the output is rubbish.
//
// The source is anything from open_package(): a folder, an OVA, compressed or not. The output is
// any PackageWriter: an OVA, a pipe, a FolderWriter.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ovfkit/package/inspection.h"
#include "ovfkit/package/package_reader.h"
#include "ovfkit/package/package_writer.h"

namespace ovfkit {

// What is to be different; every function may be empty.
struct CopyPlan {
    // The new text of the descriptor; absent: as it is. Called once, before any member.
    std::function<std::optional<std::string>(const std::string& name, const std::string& text,
                                             const Envelope& envelope)>
        on_descriptor;
    // The descriptor's new name; absent: as it is.
    std::optional<std::string> descriptor_name;
    // The new name of another member (not manifest and certificate, which are never copied);
    // absent: the member is left out. Empty function: all are kept.
    std::function<std::optional<std::string>(const std::string& name, std::uint64_t size)>
        on_member;
    // Files in chunks come as one, for a writer that cuts them anew; they are otherwise copied
    // chunk by chunk. Into a pipe the descriptor must say how large they are.
    bool join_chunks = false;
    ProgressCall on_progress;
};

struct CopyResult {
    PackageReport source;  // what reading it has proved
    // The manifest of the source as it stands there, for whoever changes nothing it speaks of.
    std::optional<PackageText> manifest;
};

CopyResult copy_package(base::ByteSource& source, const VerifyPolicy& policy, PackageWriter& writer,
                        const CopyPlan& plan = {});

}  // namespace ovfkit
