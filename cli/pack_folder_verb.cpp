// SPDX-License-Identifier: Apache-2.0
#include "cli/pack_folder_verb.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/progress.h"
#include "cli/package_output.h"
#include "cli/signing_options.h"
#include "ovfkit/edit/pack_folder.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/tar/member_name.h"

namespace cli {

namespace fs = std::filesystem;

bool is_folder_package(const std::string& location) {
    if (fs::is_directory(location)) {
        return !fs::exists(fs::path(location) / "assembly.yaml") &&
               ovfkit::find_folder_descriptor(location).has_value();
    }
    return ovfkit::has_extension(location, ".ovf");
}

int run_pack_folder(const PackVerbOptions& options, base::cli::Io& io) {
    if (!options.profile.empty()) {
        throw base::Error(base::ErrorKind::unsupported,
                          "the descriptor of a folder is packed as it is, for whom it was made",
                          "pack it without --profile; muster edit --profile changes the hardware");
    }
    if (options.delta_disks) {
        throw base::Error(base::ErrorKind::unsupported,
                          "the disks of a folder are packed as they are, not made deltas",
                          "pack it without --delta-disks");
    }
    auto signer = find_signer(options.signing);
    if (signer) {
        signer->algorithm = options.digest;
    }
    ovfkit::edit::PackFolderOptions pack;
    pack.input = options.assembly;
    pack.output = options.output;
    pack.signer = signer ? &*signer : nullptr;
    pack.chunk_bytes = parse_chunk_size(options.chunk_size);
    warn(signing_doubts(pack.signer, options.digest), io);
    if (options.digest_given) {
        pack.digest = options.digest;
    }
    const ovfkit::edit::PackFolderResult result = [&] {
        base::ProgressBar bar("packing", 0, io.err_is_terminal && !io.quiet && !io.json);
        pack.on_progress = [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); };
        return ovfkit::edit::pack_folder(pack);
    }();
    std::ostream& out = result_stream(options.output, io);
    if (io.json) {
        base::Json json{{"file", options.output},
                        {"bytes", result.bytes},
                        {"manifest", result.manifest},
                        {"signature", result.signature},
                        {"files", base::Json::array()}};
        for (const ovfkit::PackageMember& member : result.source.members) {
            json["files"].push_back({{"name", member.name}, {"bytes", member.size}});
        }
        out << base::to_json_text(json, 2) << "\n";
    } else if (!io.quiet) {
        out << fmt::format("{}: {} files ({}); manifest: {}; signature: {}\n", options.output,
                           result.source.members.size(), base::format_byte_size(result.bytes),
                           result.manifest, base::cli::printable_line(result.signature));
    }
    return 0;
}

}  // namespace cli
