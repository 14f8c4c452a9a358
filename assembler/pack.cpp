// SPDX-License-Identifier: Apache-2.0
#include "assembler/pack.h"

#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "assembler/assembly_file.h"
#include "assembler/envelope_of_assembly.h"
#include "assembler/package_plan.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "ovfkit/descriptor/validate_envelope.h"
#include "ovfkit/descriptor/write_envelope.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"
#include "ovfkit/package/package_writer.h"

namespace assembler {

namespace {

constexpr std::size_t kCopyBytes = std::size_t{1} << 20U;

void copy_bytes(int from, const std::string& name, base::ByteSink& sink) {
    std::vector<std::byte> buffer(kCopyBytes);
    while (const std::size_t count = base::read_some(from, buffer, name)) {
        base::interrupt().check();
        sink.write(std::span(buffer).first(count));
    }
}

void report(const PackOptions& options, const std::string& phase, std::uint64_t done,
            std::uint64_t total) {
    base::interrupt().check();
    if (options.on_progress) {
        options.on_progress(phase, done, total);
    }
}

ImageSet image_set_of(const PackOptions& options, const PackagePlan& plan) {
    ImageSet set = plan.image_set();
    for (ovfkit::FileReference& file : set.files) {
        if (options.chunk_bytes != 0) {
            file.chunk_size = options.chunk_bytes;
        }
    }
    return set;
}

// As long as the final one can get: every size that is not known yet has the most digits.
std::string longest_descriptor(const PackOptions& options, const Assembly& assembly,
                               const PackagePlan& plan) {
    ImageSet longest = image_set_of(options, plan);
    for (ovfkit::FileReference& file : longest.files) {
        file.size = UINT64_MAX;
    }
    for (auto& [name, image] : longest.machines) {
        image.populated_bytes = UINT64_MAX;
    }
    return ovfkit::write_envelope(envelope_of_assembly(assembly, longest, options.profile));
}

void write_disk(const PackOptions& options, PlannedFile& file, ovfkit::PackageWriter& writer) {
    const auto disk = open_planned_disk(file);
    ovfkit::StreamVmdkOptions encoding;
    encoding.level = options.level;
    encoding.extent_name = file.name;
    encoding.on_progress = [&](std::uint64_t done, std::uint64_t total) {
        report(options, "encoding " + file.name, done, total);
    };
    file.bytes = writer.add_member(file.name, [&](base::ByteSink& sink) {
        const auto result = ovfkit::encode_stream_optimized(*disk, sink, encoding);
        file.populated_bytes = result.populated_bytes;
    });
}

void write_plain(const PackOptions& options, PlannedFile& file, ovfkit::PackageWriter& writer) {
    report(options, "copying " + file.name, 0, file.bytes);
    const base::UniqueFd source = base::open_regular(file.source.string());
    writer.add_member(file.name, file.bytes, [&](base::ByteSink& sink) {
        copy_bytes(source.get(), file.source.string(), sink);
    });
}

// A descriptor that we would not read ourselves must never leave the house.
void require_valid(const ovfkit::Envelope& envelope) {
    const ovfkit::Diagnostics found = ovfkit::validate_envelope(envelope);
    if (ovfkit::has_errors(found)) {
        throw base::Error(base::ErrorKind::internal,
                          ovfkit::error_of_diagnostics(found, "the new descriptor").message());
    }
}

void write_package(const PackOptions& options, const Assembly& assembly, PackagePlan& plan,
                   const ovfkit::PackageSigner* signer, ovfkit::PackageWriter& writer) {
    // The descriptor comes first and knows all sizes: its place is kept until they are known.
    writer.reserve_text(assembly.name + ".ovf", longest_descriptor(options, assembly, plan).size());
    for (PlannedFile& file : plan.files) {
        base::in_context(fmt::format("packing '{}'", file.name), [&] {
            file.is_disk ? write_disk(options, file, writer) : write_plain(options, file, writer);
        });
    }
    const ovfkit::Envelope envelope =
        envelope_of_assembly(assembly, image_set_of(options, plan), options.profile);
    require_valid(envelope);
    writer.fill_reserved(ovfkit::write_envelope(envelope));
    writer.finish(signer);
}

PackResult result_of(const Assembly& assembly, const PackagePlan& plan, bool is_signed,
                     std::uint64_t bytes) {
    PackResult result;
    result.assembly = assembly.name;
    result.version = assembly.version;
    result.bytes = bytes;
    result.is_signed = is_signed;
    for (const AssemblyMachine& machine : assembly.machines) {
        result.machines.push_back(machine.name);
    }
    for (const PlannedFile& file : plan.files) {
        result.files.push_back({file.name, file.bytes});
    }
    return result;
}

}  // namespace

PackResult pack_assembly(const PackOptions& options) {
    const Assembly assembly = load_assembly(options.assembly);
    const ovfkit::PackageSigner* signed_by = options.signer ? &*options.signer : nullptr;
    // A pipe cannot be sought in: the package is finished in a temporary file first.
    const bool to_pipe = options.output == "-";
    const std::optional<base::TempDir> temp =
        to_pipe ? std::optional<base::TempDir>(std::in_place) : std::nullopt;
    base::AtomicFile file(to_pipe ? temp->path() / "package.ova" : options.output);

    // Every image once, whoever uses it; from here on all files exist.
    PackagePlan plan = plan_package(assembly, options.provide_image);
    ovfkit::PackageWriterOptions writing;
    writing.digest = options.digest;
    writing.chunk_bytes = options.chunk_bytes;
    ovfkit::PackageWriter writer(file.fd(), options.output.string(), writing);
    write_package(options, assembly, plan, signed_by, writer);

    // Beyond this point the package is complete.
    const std::uint64_t bytes = base::file_size(file.temp_path());
    if (to_pipe) {
        const base::UniqueFd source = base::open_regular(file.temp_path().string());
        base::FdSink out(STDOUT_FILENO, "standard output");
        copy_bytes(source.get(), file.temp_path().string(), out);
    } else {
        file.commit();
    }
    return result_of(assembly, plan, options.signer.has_value(), bytes);
}

}  // namespace assembler
