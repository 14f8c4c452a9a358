// SPDX-License-Identifier: Apache-2.0
#include "assembler/package_plan.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "ovfkit/disk/compare_disks.h"
#include "ovfkit/disk/grown_disk.h"

namespace assembler {

namespace {

// Letters, digits, '.', '_' and '-' only: safe on every file system and in every manifest.
std::string plain_name(std::string_view text) {
    std::string name;
    for (const char c : text) {
        const bool good =
            std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
        name += good ? c : '-';
    }
    name.erase(0, name.find_first_not_of(".-"));
    return name.empty() ? "image" : name;
}

// Other images with the same bytes count as well: the first difference is mostly near the front.
bool is_same_disk(const PlannedFile& one, const PlannedFile& other) {
    return one.capacity_bytes == other.capacity_bytes &&
           (one.source == other.source ||
            ovfkit::is_same_content(*open_planned_disk(one), *open_planned_disk(other)));
}

class Planner {
  public:
    Planner(const Assembly& assembly, const ImageProvider& provide,
            const ovfkit::PackageSigner* signer)
        : assembly_(assembly), provide_(provide), signer_(signer) {}

    PackagePlan run() {
        for (const AssemblyMachine& machine : assembly_.machines) {
            base::in_context(fmt::format("machine '{}'", machine.name), [&] { add(machine); });
        }
        add_evidence();
        return std::move(plan_);
    }

  private:
    void add(const AssemblyMachine& machine) {
        const auto location = image_location(assembly_, machine);
        auto provided = provided_.find(location);
        if (provided == provided_.end()) {
            provided = provided_.emplace(location, provide_(machine, location)).first;
        }
        const ProvidedImage& image = provided->second;
        MachineImage& use = plan_.machines[machine.name];
        const PlannedFile& disk = disk_of(machine, image);
        use.disk_file = disk.id;
        use.capacity_bytes = disk.capacity_bytes;
        use.kernel_file = plain_file(image.kernel, image.name + ".vmlinuz");
        use.initrd_file = plain_file(image.initrd, image.name + ".initrd");
        use.kernel_command_line = image.kernel_command_line;
    }

    const PlannedFile& disk_of(const AssemblyMachine& machine, const ProvidedImage& image) {
        const std::uint64_t own = ovfkit::open_disk(image.disk.string())->capacity_bytes();
        const std::uint64_t capacity = machine.disk_bytes.value_or(own);
        if (capacity < own) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("a disk of {} is smaller than its image '{}' of {}",
                                          base::format_byte_size(capacity), image.disk.string(),
                                          base::format_byte_size(own)),
                              fmt::format("give at least {}", base::format_byte_size(own)));
        }
        PlannedFile wanted;
        wanted.source = image.disk;
        wanted.capacity_bytes = capacity;
        for (const PlannedFile& file : plan_.files) {
            if (file.is_disk && is_same_disk(file, wanted)) {
                return file;
            }
        }
        PlannedFile& file = add_file(image.name + std::string(kEvidenceDisk), image.disk);
        file.is_disk = true;
        file.capacity_bytes = capacity;
        evidence_.emplace_back(file.name, image.evidence);
        return file;
    }

    // Named as their disks are.
    void add_evidence() {
        for (auto& [disk, evidence] : evidence_) {
            if (signer_ != nullptr) {
                sign_evidence(evidence, *signer_);
            }
            const std::string image = disk.substr(0, disk.size() - kEvidenceDisk.size());
            for (const EvidenceKind& kind : kEvidenceKinds) {
                if (!(evidence.*kind.content).empty()) {
                    PlannedFile& file = add_file(image + std::string(kind.ending), "");
                    file.text = evidence.*kind.content;
                    file.bytes = file.text.size();
                }
            }
        }
    }

    std::string plain_file(const std::filesystem::path& source, const std::string& name) {
        if (source.empty()) {
            return "";
        }
        const std::string digest = base::sha256_of_file(source.string());
        auto known = by_digest_.find(digest);
        if (known == by_digest_.end()) {
            PlannedFile& file = add_file(name, source);
            file.bytes = base::file_size(source);
            known = by_digest_.emplace(digest, file.id).first;
        }
        return known->second;
    }

    PlannedFile& add_file(const std::string& wanted, const std::filesystem::path& source) {
        const std::string plain = plain_name(wanted);
        std::string name = plain;
        for (int number = 2; !names_.insert(name).second; ++number) {
            name = fmt::format("{}-{}", number, plain);
        }
        PlannedFile file;
        file.id = fmt::format("file{}", plan_.files.size() + 1);
        file.name = name;
        file.source = source;
        plan_.files.push_back(std::move(file));
        return plan_.files.back();
    }

    const Assembly& assembly_;
    const ImageProvider& provide_;
    const ovfkit::PackageSigner* signer_;
    PackagePlan plan_;
    std::map<std::filesystem::path, ProvidedImage> provided_;
    std::map<std::string, std::string> by_digest_;                 // to the id of the file
    std::vector<std::pair<std::string, ImageEvidence>> evidence_;  // with the disk's file name
    std::set<std::string> names_;
};

}  // namespace

const PlannedFile& PackagePlan::require_file(const std::string& id) const {
    const auto found =
        std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.id == id; });
    if (found == files.end()) {
        throw base::Error(base::ErrorKind::internal, fmt::format("no planned file '{}'", id));
    }
    return *found;
}

ImageSet PackagePlan::image_set() const {
    ImageSet set;
    set.machines = machines;
    for (const PlannedFile& file : files) {
        ovfkit::FileReference reference;
        reference.id = file.id;
        reference.href = file.name;
        reference.size = file.bytes;
        set.files.push_back(std::move(reference));
        for (auto& [name, image] : set.machines) {
            if (image.disk_file == file.id) {
                image.populated_bytes = file.populated_bytes;
                image.parent_file = file.parent_file;
            }
        }
    }
    return set;
}

PackagePlan plan_package(const Assembly& assembly, const ImageProvider& provide,
                         const ovfkit::PackageSigner* signer) {
    return Planner(assembly, provide, signer).run();
}

std::unique_ptr<ovfkit::DiskReader> open_planned_disk(const PlannedFile& file) {
    return ovfkit::make_grown_disk(ovfkit::open_disk(file.source.string()), file.capacity_bytes);
}

}  // namespace assembler
