// SPDX-License-Identifier: Apache-2.0
#include "deployer/import/import.h"

#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "ovfkit/disk/disk_family.h"
#include "ovfkit/package/reference_check.h"

namespace deployer {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kMaxBootFile = 512ULL << 20U;  // a kernel or an initrd

// One disk on its way into the store, with the kernel and initrd of the machines that boot from it.
struct IncomingImage {
    hvruntime::Quarantine quarantine;
    base::UniqueFd disk_fd;
    PlannedLayer disk;
    bool is_used = false;  // by a machine; else only deltas need it and it is not published
    std::string kernel_member;
    std::string initrd_member;
    std::string command_line;
};

// A kernel or initrd: plain bytes, limited.
class BootFileSink : public base::ByteSink {
  public:
    BootFileSink(base::UniqueFd fd, std::string name)
        : fd_(std::move(fd)), name_(std::move(name)) {}
    void write(std::span<const std::byte> data) override {
        written_ += data.size();
        if (written_ > kMaxBootFile) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("'{}' is too large for a kernel or an initrd", name_));
        }
        base::write_all(fd_.get(), data, name_);
    }

  private:
    base::UniqueFd fd_;
    std::string name_;
    std::uint64_t written_ = 0;
};

class ImportHandler : public ovfkit::PackageHandler {
  public:
    ImportHandler(hvruntime::ImageStore& store, const ImportHooks& hooks)
        : store_(store), hooks_(hooks) {}

    void on_descriptor(const std::string& /*name*/, const std::string& /*text*/,
                       const ovfkit::Envelope& envelope) override {
        plan_ = hooks_.on_envelope(envelope);
        for (const ovfkit::FileReference& file : envelope.files) {
            for (const std::string& name : ovfkit::member_names_of(file)) {
                hrefs_.emplace(name, file.href);
            }
        }
        for (const PlannedMachine& machine : plan_.machines) {
            bool first = true;
            for (const PlannedDisk& disk : machine.disks) {
                if (!disk.member.empty()) {
                    expect_disk(machine, disk, first);
                }
                first = false;
            }
        }
    }

    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t size) override {
        const std::string href = href_of(name);
        names_[href] = name;
        if (const auto found = incoming_.find(href); found != incoming_.end()) {
            store_.require_free_space(size);
            return family_.open(href,
                                {.name = name,
                                 .fd = found->second.disk_fd.get(),
                                 .spool_folder = found->second.quarantine.path()},
                                found->second.disk.format, found->second.disk.compression);
        }
        for (auto& [member, image] : incoming_) {
            if (href == image.kernel_member || href == image.initrd_member) {
                boot_owner_[href] = member;
                return std::make_unique<BootFileSink>(
                    image.quarantine.open_disk_file(boot_file_name(image, href)), name);
            }
        }
        return nullptr;
    }

    void close_member(const std::string& name, std::unique_ptr<base::ByteSink> sink) override {
        if (auto disk = ovfkit::take_disk_sink(sink)) {
            family_.close(href_of(name), std::move(disk));
        }
    }

    void on_progress(std::uint64_t done, std::uint64_t total) override {
        if (hooks_.on_progress) {
            hooks_.on_progress(done, total);
        }
    }

    ImportResult publish(ovfkit::PackageReport report) {
        ImportResult result{.plan = plan_};
        // All links first: publishing moves the folders they are made from.
        for (auto& [member, image] : incoming_) {
            share_boot_files(image);
        }
        // Nothing is published before every disk is whole.
        for (auto& [member, image] : incoming_) {
            family_.require(member);
        }
        for (auto& [member, image] : incoming_) {
            if (image.is_used) {
                result.images[member] = publish_one(member, image, report);
            }
        }
        result.report = std::move(report);
        return result;
    }

  private:
    // How the plan calls a member: as the descriptor does, which may be percent-encoded.
    std::string href_of(const std::string& member) const {
        const auto known = hrefs_.find(member);
        return known == hrefs_.end() ? member : known->second;
    }

    void expect_disk(const PlannedMachine& machine, const PlannedDisk& disk, bool first) {
        std::vector<PlannedLayer> layers{{disk.member, disk.format, disk.compression}};
        layers.insert(layers.end(), disk.parents.begin(), disk.parents.end());
        std::vector<std::string> members;
        for (const PlannedLayer& layer : layers) {
            members.push_back(layer.member);
            expect_layer(layer);
        }
        family_.expect_chain(members);
        IncomingImage& image = incoming_.at(disk.member);
        image.is_used = true;
        if (first && image.kernel_member.empty()) {
            image.kernel_member = machine.kernel_member;
            image.initrd_member = machine.initrd_member;
            image.command_line = machine.command_line;
        }
    }

    void expect_layer(const PlannedLayer& layer) {
        if (!incoming_.contains(layer.member)) {
            hvruntime::Quarantine quarantine = store_.begin_quarantine();
            base::UniqueFd fd = quarantine.open_disk_file("disk.raw");
            incoming_.emplace(layer.member, IncomingImage{.quarantine = std::move(quarantine),
                                                          .disk_fd = std::move(fd),
                                                          .disk = layer});
        }
    }

    // What a disk was made from: of a delta the parents too, since the same delta of something else
    // is another disk.
    std::string source_digest(const std::string& member,
                              const ovfkit::PackageReport& report) const {
        const auto name = names_.find(member);
        const ovfkit::PackageMember* found =
            name == names_.end() ? nullptr : report.find_member(name->second);
        if (found == nullptr) {
            throw Error(
                ErrorKind::invalid_input,
                fmt::format("the package has no member '{}', which a disk refers to", member));
        }
        const std::string& parent = family_.parent_of(member);
        return parent.empty() ? found->sha256
                              : base::digest_hex(base::DigestAlgorithm::sha256,
                                                 fmt::format("delta {} of {}", found->sha256,
                                                             source_digest(parent, report)));
    }

    static std::string boot_file_name(const IncomingImage& image, const std::string& member) {
        return member == image.kernel_member ? "kernel" : "initrd";
    }

    // A member is stored in the first image that wants it; the others get a link to the same file.
    void share_boot_files(IncomingImage& image) {
        for (const std::string& member : {image.kernel_member, image.initrd_member}) {
            if (member.empty()) {
                continue;
            }
            const auto owner = boot_owner_.find(member);
            if (owner == boot_owner_.end()) {
                throw Error(
                    ErrorKind::invalid_input,
                    fmt::format("the package has no member '{}', which a machine boots from",
                                member));
            }
            const IncomingImage& source = incoming_.at(owner->second);
            if (&source != &image) {
                std::filesystem::create_hard_link(
                    source.quarantine.path() / boot_file_name(source, member),
                    image.quarantine.path() / boot_file_name(image, member));
            }
        }
    }

    std::string publish_one(const std::string& member, IncomingImage& image,
                            const ovfkit::PackageReport& report) {
        const std::string source = source_digest(member, report);
        image.disk_fd.reset();
        hvruntime::ImageRecord record{.name = fmt::format("{} {}", plan_.assembly, member),
                                      .origin = report.source,
                                      .kernel = image.kernel_member.empty() ? "" : "kernel",
                                      .initrd = image.initrd_member.empty() ? "" : "initrd",
                                      .cmdline = image.command_line,
                                      .capacity_bytes = family_.require(member).capacity_bytes,
                                      .source_sha256 = source};
        const std::string id = store_.publish(std::move(image.quarantine), record).id;
        hooks_.on_published(member, id);
        return id;
    }

    hvruntime::ImageStore& store_;
    const ImportHooks& hooks_;
    DeploymentPlan plan_;
    std::map<std::string, std::string> hrefs_;       // by the names that members may have
    std::map<std::string, std::string> names_;       // of members seen, by href
    std::map<std::string, IncomingImage> incoming_;  // by href, as boot_owner_
    ovfkit::DiskFamily family_;                      // of the same; its sinks go first
    std::map<std::string, std::string> boot_owner_;  // kernel or initrd member -> disk member
};

}  // namespace

ImportResult import_package(base::ByteSource& source, const ovfkit::VerifyPolicy& policy,
                            hvruntime::ImageStore& images, const ImportHooks& hooks) {
    ImportHandler handler(images, hooks);
    return images.in_store([&] {
        ovfkit::PackageReport report = ovfkit::read_package(source, handler, policy);
        // Beyond this point the package is what its manifest and signature say.
        if (hooks.on_verified) {
            hooks.on_verified();
        }
        return handler.publish(std::move(report));
    });
}

}  // namespace deployer
