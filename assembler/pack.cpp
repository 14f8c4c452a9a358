// SPDX-License-Identifier: Apache-2.0
#include "assembler/pack.h"

#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "assembler/assembly_file.h"
#include "assembler/delta_plan.h"
#include "assembler/envelope_of_assembly.h"
#include "assembler/package_plan.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "imagebuilder/cache/cache_lock.h"
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

ovfkit::PackageWriterOptions writing_of(const PackOptions& options) {
    return {.digest = options.digest, .chunk_bytes = options.chunk_bytes};
}

ImageSet image_set_of(const PackOptions& options, const PackagePlan& plan) {
    ImageSet set = plan.image_set();
    for (ovfkit::FileReference& file : set.files) {
        if (options.chunk_bytes != 0 && plan.require_file(file.id).text.empty()) {
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

// Forgets what it gets.
class NoSink : public base::ByteSink {
  public:
    void write(std::span<const std::byte> /*data*/) override {}
};

// The same disk gives the same bytes each time.
void encode_disk(const PackOptions& options, const std::string& phase, const PackagePlan& plan,
                 PlannedFile& file, base::ByteSink& sink) {
    const auto disk = open_planned_disk(file);
    const auto parent =
        file.parent_file.empty() ? nullptr : open_planned_disk(plan.require_file(file.parent_file));
    ovfkit::StreamVmdkOptions encoding;
    encoding.level = options.level;
    encoding.parent = parent.get();
    encoding.extent_name = file.name;
    encoding.on_progress = [&](std::uint64_t done, std::uint64_t total) {
        report(options, phase + file.name, done, total);
    };
    const auto result = ovfkit::encode_stream_optimized(*disk, sink, encoding);
    file.bytes = result.encoded_bytes;
    file.populated_bytes = result.populated_bytes;
}

void write_disk(const PackOptions& options, const PackagePlan& plan, PlannedFile& file,
                ovfkit::PackageWriter& writer) {
    const auto fill = [&](base::ByteSink& sink) {
        encode_disk(options, "encoding ", plan, file, sink);
    };
    if (writer.seekable()) {
        writer.add_member(file.name, fill);
    } else {
        writer.add_member(file.name, file.bytes, fill);
    }
}

void write_plain(const PackOptions& options, PlannedFile& file, ovfkit::PackageWriter& writer) {
    report(options, "copying " + file.name, 0, file.bytes);
    if (!file.text.empty()) {
        writer.add_text(file.name, file.text);
        return;
    }
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

void write_files(const PackOptions& options, PackagePlan& plan, ovfkit::PackageWriter& writer) {
    for (PlannedFile& file : plan.files) {
        base::in_context(fmt::format("packing '{}'", file.name), [&] {
            file.is_disk ? write_disk(options, plan, file, writer)
                         : write_plain(options, file, writer);
        });
    }
}

std::string final_descriptor(const PackOptions& options, const Assembly& assembly,
                             const PackagePlan& plan) {
    const ovfkit::Envelope envelope =
        envelope_of_assembly(assembly, image_set_of(options, plan), options.profile);
    require_valid(envelope);
    return ovfkit::write_envelope(envelope);
}

// The descriptor comes first and knows all sizes: its place is kept until they are known.
void write_to_file(const PackOptions& options, const Assembly& assembly, PackagePlan& plan,
                   const ovfkit::PackageSigner* signer, int fd) {
    ovfkit::PackageWriter writer(fd, options.output.string(), writing_of(options));
    writer.reserve_text(assembly.name + ".ovf", longest_descriptor(options, assembly, plan).size());
    write_files(options, plan, writer);
    writer.fill_reserved(final_descriptor(options, assembly, plan));
    writer.finish(signer);
}

// Every size stands before its data, so disks are encoded twice, first to learn it: time instead of
// temporary space (doc/decisions/0001). The bytes are those of write_to_file().
std::uint64_t write_to_pipe(const PackOptions& options, const Assembly& assembly, PackagePlan& plan,
                            const ovfkit::PackageSigner* signer, int fd) {
    const std::size_t room = longest_descriptor(options, assembly, plan).size();
    for (PlannedFile& file : plan.files) {
        if (file.is_disk) {
            NoSink nowhere;
            base::in_context(fmt::format("packing '{}'", file.name),
                             [&] { encode_disk(options, "measuring ", plan, file, nowhere); });
        }
    }
    std::string descriptor = final_descriptor(options, assembly, plan);
    descriptor.resize(room, '\n');
    base::FdSink out(fd, "standard output");
    base::CountingSink counted(out);
    ovfkit::PackageWriter writer(counted, writing_of(options));
    writer.add_text(assembly.name + ".ovf", descriptor);
    write_files(options, plan, writer);
    writer.finish(signer);
    return counted.bytes();
}

ImageProvider image_provider_of(const PackOptions& options) {
    if (options.with_evidence) {
        return options.provide_image;
    }
    return [&options](const AssemblyMachine& machine, const std::filesystem::path& location) {
        ProvidedImage image = options.provide_image(machine, location);
        image.evidence = {};
        return image;
    };
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
        result.files.push_back(
            {file.name, file.bytes,
             file.parent_file.empty() ? "" : plan.require_file(file.parent_file).name});
    }
    return result;
}

}  // namespace

PackResult pack_assembly(const PackOptions& options) {
    const Assembly assembly = load_assembly(options.assembly, options.schemas);
    for (const std::string& warning : assembly.warnings) {
        if (options.on_warning) {
            options.on_warning(warning);
        }
    }
    const ovfkit::PackageSigner* signed_by = options.signer ? &*options.signer : nullptr;
    std::optional<base::AtomicFile> file;
    if (options.output != "-") {
        file.emplace(options.output);  // before the work: it may not be possible
    }
    // Every image once, whoever uses it; from here on all files exist, those of the cache until the
    // end: nobody may prune it.
    const imagebuilder::CacheUse cache;
    PackagePlan plan = plan_package(assembly, image_provider_of(options), signed_by);
    if (options.delta_disks) {
        report(options, "comparing disks", 0, 1);
        plan_deltas(plan);
    }
    if (!file) {
        const std::uint64_t bytes =
            write_to_pipe(options, assembly, plan, signed_by, STDOUT_FILENO);
        return result_of(assembly, plan, options.signer.has_value(), bytes);
    }
    write_to_file(options, assembly, plan, signed_by, file->fd());
    // Beyond this point the package is complete.
    const std::uint64_t bytes = base::file_size(file->temp_path());
    file->commit();
    return result_of(assembly, plan, options.signer.has_value(), bytes);
}

}  // namespace assembler
