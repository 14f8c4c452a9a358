// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/evidence/image_evidence.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "base/crypto/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "imagebuilder/disk/efi/efi_partition.h"
#include "imagebuilder/disk/initrd.h"
#include "imagebuilder/evidence/provenance.h"
#include "imagebuilder/evidence/sbom.h"
#include "imagebuilder/filetree/directory_tree.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

// ID and VERSION_ID, a line each; then the packages; a line "--"; dpkg's log.
constexpr const char* kReadTree = R"script(
# A shell ends when it is to read a file that is not there.
if [ -r /usr/lib/os-release ]; then
    . /usr/lib/os-release
elif [ -r /etc/os-release ]; then
    . /etc/os-release
fi
echo "$ID"
echo "$VERSION_ID"
if command -v dpkg-query >/dev/null; then
    dpkg-query --show --showformat '${Package} ${Version} ${Architecture}\n'
fi
echo --
cat /var/log/dpkg.log 2>/dev/null || :
)script";

std::vector<InstalledPackage> look_up(const std::vector<std::string>& lines, const AptIndex& apt,
                                      const std::optional<LockFile>& lock) {
    PackageIndex index;
    if (lock) {
        for (const InstalledPackage& package : lock->packages) {
            index[{package.name, package.version, package.architecture}] = {
                package.name,     package.version,  package.architecture, package.source,
                package.priority, package.filename, package.sha256,       0};
        }
    } else if (!apt.folder.empty() && !lines.empty()) {
        std::set<std::string> names;
        for (const std::string& line : lines) {
            names.insert(line.substr(0, line.find(' ')));
        }
        index = read_package_index(apt.folder / "lists", names);
    }
    return resolve_packages(lines, index);
}

SbomSubject sbom_subject(const EvidenceSubject& subject) {
    return {
        subject.recipe->name,          subject.recipe->version,  subject.recipe->description,
        subject.packages.distribution, subject.packages.vendor,  subject.recipe->name + ".qcow2",
        subject.disk_sha256,           subject.identity,         subject.epoch,
        subject.packages.installed,    subject.packages.licenses};
}

// What a recipe names, with digests; "text" of a run step and the like is covered by recipe.yaml.
void add_recipe_materials(const Recipe& recipe, std::vector<Material>& materials) {
    if (recipe.parent) {
        add_recipe_materials(*recipe.parent, materials);
    }
    materials.push_back({recipe.name + "/" + recipe.file.filename().string(), "",
                         base::digest_hex(base::DigestAlgorithm::sha256, recipe.text)});
}

// Folders are their files.
void add_copied_files(const PlannedStep& step, std::vector<Material>& materials) {
    constexpr std::string_view kCopied = "file ";  // as StepHasher names them
    for (const NamedInput& input : step.inputs) {
        if (input.name.starts_with(kCopied) && !input.content.empty()) {
            materials.push_back({step.recipe->name + "/" + input.name.substr(kCopied.size()), "",
                                 input.content, input.is_link ? "inode/symlink" : ""});
        }
    }
}

Provenance provenance_of(const EvidenceSubject& subject, const SbomSubject& sbom) {
    Provenance provenance;
    const std::string& name = subject.recipe->name;
    provenance.subjects = {{name + ".qcow2", "", subject.disk_sha256},
                           {name + ".vmlinuz", "", subject.kernel_sha256},
                           {name + ".initrd", "", subject.initrd_sha256}};
    provenance.recipe = name;
    provenance.recipe_version = subject.recipe->version;
    provenance.key = subject.identity;
    provenance.parameters["source_date_epoch"] = std::to_string(subject.epoch);
    add_recipe_materials(*subject.recipe, provenance.materials);
    if (subject.tarball) {
        provenance.materials.push_back({subject.tarball->name, "", subject.tarball->sha256});
    }
    for (const PlannedStep& step : *subject.steps) {
        add_copied_files(step, provenance.materials);
    }
    for (const auto& [tool, digest] : subject.tools) {
        provenance.materials.push_back({tool, "", digest});
    }
    for (const InstalledPackage& package : subject.packages.used) {
        provenance.materials.push_back({package.name, package_url(sbom, package), package.sha256});
    }
    return provenance;
}

}  // namespace

std::vector<std::string> packages_of_dpkg_log(std::string_view text) {
    std::set<std::string> found;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string date, time, verb, package, old_version, version;
        words >> date >> time >> verb >> package >> old_version >> version;
        const std::size_t colon = package.rfind(':');
        if ((verb == "install" || verb == "upgrade") && colon != std::string::npos &&
            !version.empty()) {
            found.insert(package.substr(0, colon) + " " + version + " " +
                         package.substr(colon + 1));
        }
    }
    return {found.begin(), found.end()};
}

TreePackages make_tree_packages(PackageTexts texts, const AptIndex& apt,
                                const std::optional<LockFile>& lock) {
    TreePackages packages;
    packages.licenses = std::move(texts.licenses);
    packages.vendor = texts.vendor;
    packages.distribution = texts.vendor + (texts.version.empty() ? "" : "-" + texts.version);
    const std::set<std::string> installed(texts.installed.begin(), texts.installed.end());
    std::set<std::string> used = installed;
    for (const std::string& line : packages_of_dpkg_log(texts.log)) {
        used.insert(line);
    }
    packages.used = look_up({used.begin(), used.end()}, apt, lock);
    for (const InstalledPackage& package : packages.used) {
        if (installed.contains(package_line(package))) {
            packages.installed.push_back(package);
        }
    }
    return packages;
}

TreePackages read_tree_packages(const StepContext& context, const AptIndex& apt,
                                const std::optional<LockFile>& lock) {
    std::istringstream text(run_script(context, kReadTree, {}, "list packages"));
    PackageTexts texts;
    std::getline(text, texts.vendor);
    std::getline(text, texts.version);
    for (std::string line; std::getline(text, line) && line != "--";) {
        texts.installed.push_back(line);
    }
    texts.log.assign(std::istreambuf_iterator<char>(text), {});
    texts.licenses = read_licenses(texts.installed, *open_directory_tree(context.tree.string()));
    return make_tree_packages(std::move(texts), apt, lock);
}

std::map<std::string, std::string> image_tools(const std::optional<GuestFiles>& guest, bool uefi) {
    std::map<std::string, std::string> tools;
    tools["busybox"] = base::sha256_of_file(find_static_busybox().string());
    if (uefi) {
        tools["systemd-boot"] = base::sha256_of_file(find_systemd_boot().string());
    }
    if (guest) {
        tools["muster-guest"] = base::sha256_of_file(guest->program.string());
    }
    return tools;
}

void write_evidence(const fs::path& folder, const EvidenceSubject& subject) {
    const SbomSubject sbom = sbom_subject(subject);
    base::write_file(folder / kSpdxFile, make_spdx(sbom));
    base::write_file(folder / kCycloneDxFile, make_cyclonedx(sbom));
    base::write_file(folder / kStatementFile, make_statement(provenance_of(subject, sbom)));
    if (subject.release.empty()) {
        return;  // a lock file is about packages from archives
    }
    const auto unknown =
        std::find_if(subject.packages.used.begin(), subject.packages.used.end(),
                     [](const InstalledPackage& package) { return package.sha256.empty(); });
    if (unknown != subject.packages.used.end()) {
        base::log(base::LogLevel::info, "imagebuilder",
                  "no lock file: '{} {}' is in no package index", unknown->name, unknown->version);
        return;
    }
    LockFile lock;
    lock.recipe = subject.recipe->name;
    lock.release = subject.release;
    lock.sources = subject.sources;
    lock.epoch = subject.epoch;
    lock.packages = subject.packages.used;
    lock.tools = subject.tools;
    lock.image = subject.disk_sha256;
    base::write_file(folder / kLockFile, make_lock_text(lock));
}

}  // namespace imagebuilder
