// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/convert/package_disk.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/disk/disk_family.h"
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
        if (file == nullptr || !family_.expects(file->id)) {
            return nullptr;
        }
        DiskSinkOptions options = sink_;
        options.name = name;
        // A lax reading lets members pass that are not listed, chunks too.
        options.covered_by_digest =
            !lax_ && (listed_.contains(name) || listed_.contains(name + ".000000000"));
        const bool is_chosen = file->id == layers_.front()->file_ref;
        if (is_chosen) {
            member_ = name;
        }
        if (!is_chosen || is_put_together()) {
            scratch_.push_back(base::open_nameless(sink_.spool_folder));
            options.fd = scratch_.back().get();
            options.target = DiskFormat::raw;
            options.stream = nullptr;
        }
        return family_.open(file->id, options, format_of(file->id), file->compression);
    }

    void close_member(const std::string& name, std::unique_ptr<base::ByteSink> sink) override {
        if (auto disk = take_disk_sink(sink)) {
            family_.close(find_file_of_member(envelope_, name)->id, std::move(disk));
        }
    }

    void on_progress(std::uint64_t done, std::uint64_t total) override {
        if (progress_) {
            progress_(done, total);
        }
    }

    PackageDisk result(PackageReport report) {
        if (member_.empty()) {
            throw base::Error(
                base::ErrorKind::invalid_input,
                fmt::format("the package does not hold the file of disk '{}'", disk_id_));
        }
        DecodedDisk decoded = family_.require(layers_.front()->file_ref);
        if (is_put_together()) {
            const auto disk = family_.read(layers_.front()->file_ref);
            decoded.populated_bytes =
                encode_stream_optimized(*disk, *sink_.stream, sink_.encoding).populated_bytes;
        }
        return {.report = std::move(report),
                .file = member_,
                .decoded = std::move(decoded),
                .other_disks = with_file_ - 1};
    }

  private:
    // A delta on its way into a VMDK: nothing of that can be written before the parent is there.
    bool is_put_together() const { return sink_.stream != nullptr && layers_.size() > 1; }

    void choose() {
        std::vector<std::string> ids;
        const Disk* chosen = nullptr;
        for (const Disk& disk : envelope_.disks) {
            const auto layers = layers_of(envelope_, disk);
            const FileReference* file =
                layers.empty() ? nullptr : find_file(envelope_, layers.front()->file_ref);
            if (file == nullptr) {
                continue;  // a blank disk
            }
            ids.push_back(disk.id);
            const bool fits = wanted_.empty() || disk.id == wanted_ || file->href == wanted_;
            if (fits && chosen == nullptr) {
                chosen = &disk;
                layers_ = layers;
            }
        }
        if (chosen == nullptr && wanted_.empty()) {
            throw base::Error(base::ErrorKind::not_found, "no disk of the package has a file");
        }
        if (chosen == nullptr) {
            throw base::Error(base::ErrorKind::not_found, fmt::format("no disk '{}'", wanted_),
                              fmt::format("there are: {}", fmt::join(ids, ", ")));
        }
        std::vector<std::string> files;
        for (const Disk* layer : layers_) {
            files.push_back(layer->file_ref);
        }
        family_.expect_chain(files);
        disk_id_ = chosen->id;
        with_file_ = ids.size();
    }

    std::string format_of(const std::string& file_id) const {
        const auto layer = std::find_if(layers_.begin(), layers_.end(), [&](const Disk* disk) {
            return disk->file_ref == file_id;
        });
        return layer == layers_.end() ? "" : (*layer)->format;
    }

    std::string wanted_;
    bool lax_;
    std::set<std::string> listed_;
    DiskSinkOptions sink_;
    const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
    Envelope envelope_;
    std::string disk_id_;              // the chosen one
    std::vector<const Disk*> layers_;  // what it is made of, in envelope_
    std::uint64_t with_file_ = 0;
    std::string member_;
    std::vector<base::UniqueFd> scratch_;  // parents, and the disk that is put together
    DiskFamily family_;
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
