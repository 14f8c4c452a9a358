// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/convert/renewed_package.h"

#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "ovfkit/convert/convert_package.h"
#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/disk/member_sink.h"
#include "ovfkit/edit/disk_elements.h"
#include "ovfkit/package/package_writer.h"
#include "ovfkit/package/reference_check.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

// A file of the package as it is in the new one.
struct RenewedFile {
    std::string from;
    std::string member;
    std::uint64_t bytes = 0;
    std::optional<DecodedDisk> disk;  // absent: it is no disk
};

// By the id of the File.
using RenewedFiles = std::map<std::string, RenewedFile>;

const Disk* disk_in_file(const Envelope& envelope, const std::string& file_id) {
    for (const Disk& disk : envelope.disks) {
        if (disk.file_ref == file_id) {
            return &disk;
        }
    }
    return nullptr;
}

void require_whole_disks(const Envelope& envelope) {
    for (const Disk& disk : envelope.disks) {
        if (!disk.parent_ref.empty()) {
            throw base::Error(
                base::ErrorKind::unsupported,
                fmt::format("disk '{}' is a delta of disk '{}'", disk.id, disk.parent_ref),
                "put it together with muster unpack --disk-format raw");
        }
    }
}

void describe_disk(edit::EditableElement& element, const Disk& disk, const DecodedDisk& content) {
    element.set_attribute("format", kStreamOptimizedFormatUri);
    element.set_attribute("populatedSize", std::to_string(content.populated_bytes));
    const bool by_property = edit::attribute_of(element, "capacity").starts_with("${");
    // Oracle VM writes the size of the file: the disk knows better.
    if (!by_property && disk.capacity_bytes != content.capacity_bytes) {
        edit::write_capacity(element, content.capacity_bytes);
    }
}

std::string renewed_descriptor(const PackageText& descriptor, const Envelope& envelope,
                               const RenewedFiles& files) {
    edit::DescriptorDocument document(descriptor.text, descriptor.name);
    for (edit::EditableElement* element : document.files()) {
        const auto file = files.find(edit::attribute_of(*element, "id"));
        if (file != files.end() && file->second.disk) {
            edit::write_file(*element, file->second.member, file->second.bytes);
        } else {
            element->remove_attribute("chunkSize");  // chunks were put together
        }
    }
    for (edit::EditableElement* element : document.disks()) {
        const auto file = files.find(edit::attribute_of(*element, "fileRef"));
        if (file == files.end() || !file->second.disk) {
            continue;
        }
        for (const Disk& disk : envelope.disks) {
            if (disk.id == edit::attribute_of(*element, "diskId")) {
                describe_disk(*element, disk, *file->second.disk);
            }
        }
    }
    // Room that an earlier renewal kept after the end would be kept again and again.
    std::string text = document.text();
    text.erase(text.find_last_not_of(" \r\n") + 1);
    return text + "\n";
}

class RenewingHandler : public PackageHandler {
  public:
    RenewingHandler(const ConvertOptions& options, bool spool_vmdk, PackageWriter& writer)
        : options_(options), spool_vmdk_(spool_vmdk), writer_(writer) {}

    void on_descriptor(const std::string& name, const std::string& text,
                       const Envelope& envelope) override {
        descriptor_ = {name, text};
        envelope_ = envelope;
        base::in_context(fmt::format("'{}'", name), [&] { require_whole_disks(envelope_); });
        for (const FileReference& file : envelope_.files) {
            taken_.insert(folded_name(file.href));
        }
        writer_.reserve_text(name, most_descriptor_bytes());
    }

    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t /*size*/) override {
        const FileReference* file = find_file_of_member(envelope_, name);
        const Disk* disk = file != nullptr ? disk_in_file(envelope_, file->id) : nullptr;
        open_ = RenewedFile{.from = name, .member = name};
        open_id_ = file != nullptr ? file->id : "";
        if (disk == nullptr) {
            return std::make_unique<Passing>(writer_.begin_member(name, std::nullopt));
        }
        open_.member = edit::disk_member_name(name, ".vmdk", taken_);
        base::ByteSink& sink = writer_.begin_member(open_.member, std::nullopt);
        DiskSinkOptions how{
            .name = name,
            .threads = options_.threads,
            .spool_folder = std::filesystem::absolute(options_.output).parent_path(),
            .stream = &sink,
            .encoding = encoding_of(options_, open_.member),
            .keep_grains = !options_.fast && !options_.level,
            .spool_vmdk = spool_vmdk_};
        how.encoding.on_progress = nullptr;  // that of the package is shown
        return make_member_sink(how, disk->format, file->compression);
    }

    void close_member(const std::string& /*name*/, std::unique_ptr<base::ByteSink> sink) override {
        if (auto* disk = dynamic_cast<DiskSink*>(sink.get())) {
            open_.disk = disk->finish();
        }
        open_.bytes = writer_.end_member();
        if (!open_id_.empty()) {
            files_[open_id_] = open_;
        }
    }

    void on_progress(std::uint64_t done, std::uint64_t total) override {
        if (options_.on_progress) {
            options_.on_progress(done, total);
        }
    }

    void finish() {
        writer_.fill_reserved(renewed_descriptor(descriptor_, envelope_, files_));
        writer_.finish();
    }

    ConvertResult result(PackageReport report) const {
        ConvertResult result{.disk = report.source, .encoding = "package"};
        for (const auto& [id, file] : files_) {
            if (file.disk) {
                result.capacity_bytes += file.disk->capacity_bytes;
                result.populated_bytes += file.disk->populated_bytes;
                result.disks.push_back({file.from, file.member, file.disk->encoding,
                                        file.disk->capacity_bytes, file.disk->populated_bytes});
            }
        }
        const bool had_manifest = report.manifest.state != CheckState::absent;
        const bool was_signed = report.signature.state != CheckState::absent;
        result.manifest = fmt::format("{} ({})", had_manifest ? "renewed" : "added",
                                      base::to_string(options_.digest));
        result.signature = was_signed ? "dropped" : "none";
        result.package = std::move(report);
        return result;
    }

  private:
    class Passing : public base::ByteSink {
      public:
        explicit Passing(base::ByteSink& target) : target_(target) {}
        void write(std::span<const std::byte> data) override { target_.write(data); }

      private:
        base::ByteSink& target_;
    };

    // As long as it can get: sizes of twenty digits, names with a number, units in words.
    std::size_t most_descriptor_bytes() const {
        constexpr std::uint64_t kMost = UINT64_MAX;
        constexpr std::size_t kMoreForEach = 64;
        RenewedFiles longest;
        std::size_t names = 0;
        for (const FileReference& file : envelope_.files) {
            const bool is_disk = disk_in_file(envelope_, file.id) != nullptr;
            longest[file.id] = {.member = file.href, .bytes = kMost};
            if (is_disk) {
                longest[file.id].disk =
                    DecodedDisk{.capacity_bytes = kMost, .populated_bytes = kMost};
            }
            names += kMoreForEach + file.href.size();
        }
        return renewed_descriptor(descriptor_, envelope_, longest).size() + names;
    }

    const ConvertOptions& options_;
    bool spool_vmdk_;
    PackageWriter& writer_;
    PackageText descriptor_;
    Envelope envelope_;
    std::set<std::string> taken_;  // folded names
    RenewedFiles files_;
    RenewedFile open_;
    std::string open_id_;
};

}  // namespace

ConvertResult renew_package(const ConvertOptions& options, bool spool_vmdk) {
    const auto source = open_package(options.input);
    base::AtomicFile file(options.output);
    PackageWriter writer(file.fd(), options.output, {.digest = options.digest});
    RenewingHandler handler(options, spool_vmdk, writer);
    PackageReport report = read_package(*source, handler, options.policy);
    // Beyond this point every check of the package has passed.
    handler.finish();
    ConvertResult result = handler.result(std::move(report));
    result.output_bytes = base::file_size(file.temp_path());
    file.commit();
    return result;
}

}  // namespace ovfkit
