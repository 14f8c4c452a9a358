// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/convert/package_disk.h"

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/package/look_ahead.h"
#include "ovfkit/package/manifest.h"
#include "ovfkit/package/reference_check.h"

namespace ovfkit {

namespace {

class DiskHandler : public PackageHandler {
  public:
    DiskHandler(std::string wanted, bool lax, DiskSinkOptions sink,
                const std::function<void(std::uint64_t, std::uint64_t)>& on_progress)
        : wanted_(std::move(wanted)), lax_(lax), sink_(std::move(sink)), progress_(on_progress) {}

    void on_descriptor(const std::string& name, const std::string& /*text*/,
                       const Envelope& envelope) override {
        envelope_ = envelope;
        base::in_context(fmt::format("'{}'", name), [&] { choose(); });
    }

    void on_text(const std::string& name, const std::string& text) override {
        if (is_manifest_name(name)) {
            take_manifest({name, text});
        }
    }

    // Of a file it is known beforehand; read_package() fails when it is another one by then.
    void take_manifest(const PackageText& manifest) {
        for (const ManifestEntry& entry :
             parse_manifest(manifest.text, manifest.name, lax_).entries) {
            listed_.insert(entry.file);
        }
    }

    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t /*size*/) override {
        const FileReference* file = find_file_of_member(envelope_, name);
        if (file == nullptr || file->id != disk_.file_ref) {
            return nullptr;
        }
        member_ = name;
        sink_.name = name;
        // A lax reading lets members pass that are not listed, chunks too.
        sink_.covered_by_digest =
            !lax_ && (listed_.contains(name) || listed_.contains(name + ".000000000"));
        return make_member_sink(sink_, disk_.format, file->compression);
    }

    void close_member(const std::string& /*name*/, std::unique_ptr<base::ByteSink> sink) override {
        if (auto* disk = dynamic_cast<DiskSink*>(sink.get())) {
            decoded_ = disk->finish();
        }
    }

    void on_progress(std::uint64_t done, std::uint64_t total) override {
        if (progress_) {
            progress_(done, total);
        }
    }

    PackageDisk result(PackageReport report) {
        if (!decoded_) {
            throw base::Error(
                base::ErrorKind::invalid_input,
                fmt::format("the package does not hold the file of disk '{}'", disk_.id));
        }
        return {.report = std::move(report),
                .file = member_,
                .decoded = *decoded_,
                .other_disks = with_file_ - 1};
    }

  private:
    void choose() {
        std::vector<std::string> ids;
        std::optional<Disk> chosen;
        for (const Disk& disk : envelope_.disks) {
            const FileReference* file = find_file(envelope_, disk.file_ref);
            if (file == nullptr) {
                continue;  // a blank disk
            }
            ids.push_back(disk.id);
            const bool fits = wanted_.empty() || disk.id == wanted_ || file->href == wanted_;
            if (fits && !chosen) {
                chosen = disk;
            }
        }
        if (!chosen && wanted_.empty()) {
            throw base::Error(base::ErrorKind::not_found, "no disk of the package has a file");
        }
        if (!chosen) {
            throw base::Error(base::ErrorKind::not_found, fmt::format("no disk '{}'", wanted_),
                              fmt::format("there are: {}", fmt::join(ids, ", ")));
        }
        if (!chosen->parent_ref.empty()) {
            throw base::Error(
                base::ErrorKind::unsupported,
                fmt::format("disk '{}' is a delta of disk '{}'", chosen->id, chosen->parent_ref),
                "ask its maker for a package with whole disks");
        }
        disk_ = *chosen;
        with_file_ = ids.size();
    }

    std::string wanted_;
    bool lax_;
    std::set<std::string> listed_;
    DiskSinkOptions sink_;
    const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
    Envelope envelope_;
    Disk disk_;
    std::uint64_t with_file_ = 0;
    std::string member_;
    std::optional<DecodedDisk> decoded_;
};

}  // namespace

PackageDisk read_package_disk(
    base::ByteSource& source, const std::string& disk, const VerifyPolicy& policy,
    DiskSinkOptions sink, const std::function<void(std::uint64_t, std::uint64_t)>& on_progress) {
    DiskHandler handler(disk, policy.lax, std::move(sink), on_progress);
    if (const LookAhead ahead = look_ahead(source, policy); ahead.manifest) {
        handler.take_manifest(*ahead.manifest);
    }
    return handler.result(read_package(source, handler, policy));
}

}  // namespace ovfkit
