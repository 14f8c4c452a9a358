// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ctime>
#include <set>

#include "base/file.h"
#include "base/process.h"
#include "ovfkit/lint/checks/checks.h"
#include "ovfkit/lint/lint.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/lint/sample_disk.h"

using ovfkit::lint::Finding;
using ovfkit::lint::Level;
using ovfkit::lint::LintReport;
using tests::ArchiveBuilder;
using tests::SampleDisk;
using tests::SamplePackage;

namespace {

LintReport lint(const std::string& archive) {
    base::MemorySource source(archive, "shop.ova");
    return ovfkit::lint::lint_package(source, ovfkit::lint::kEveryone);
}

std::set<std::string> rules_of(const LintReport& report) {
    std::set<std::string> rules;
    for (const Finding& finding : report.findings) {
        rules.emplace(finding.rule->id);
    }
    rules.erase("SIG-001");  // no sample is signed
    return rules;
}

std::set<std::string> rules_of(const std::string& archive) {
    return rules_of(lint(archive));
}

using Rules = std::set<std::string>;

std::set<std::string> manifest_rules(const std::string& from, const std::string& to) {
    SamplePackage package;
    package.manifest = tests::replaced(package.manifest_text(), from, to);
    return rules_of(package.bytes());
}

Rules disk_rules(const SampleDisk& disk) {
    SamplePackage package;
    package.disk = disk.bytes();
    return rules_of(package.bytes());
}

ArchiveBuilder start() {
    const SamplePackage package;
    return ArchiveBuilder()
        .add("shop.ovf", package.descriptor)
        .add("shop.mf", package.manifest_text());
}

Rules signature_rules(const ovfkit::SignatureReport& signature) {
    ovfkit::lint::PackageView package;
    package.report.signature = signature;
    ovfkit::lint::Findings findings(ovfkit::lint::kEveryone);
    ovfkit::lint::check_signature(package, findings);
    return rules_of(LintReport{.findings = findings.take()});
}

Rules shape_rules(const ovfkit::TarShape& shape) {
    ovfkit::lint::PackageView package;
    package.report.tar = shape;
    ovfkit::lint::Findings findings(ovfkit::lint::kEveryone);
    ovfkit::lint::check_archive(package, findings);
    return rules_of(LintReport{.findings = findings.take()});
}

}  // namespace

TEST_CASE("a good package has one finding: it is not signed", "[ovfkit][lint]") {
    const LintReport report = lint(SamplePackage().bytes());
    for (const Finding& finding : report.findings) {
        INFO(finding.text);
        CHECK(finding.rule->id == "SIG-001");
    }
    CHECK(report.findings.size() == 1);
    CHECK(report.is_package);
    CHECK(report.descriptor == "shop.ovf");
}

TEST_CASE("what cannot be read is a finding beside those about the descriptor", "[ovfkit][lint]") {
    CHECK(rules_of("no archive") == Rules{"PKG-001"});
    SamplePackage package;
    package.descriptor = tests::replaced(tests::kCleanDescriptor, "<Name>web</Name>", "");
    const std::string cut = package.bytes().substr(0, 20000);
    const LintReport report = lint(cut);
    CHECK(rules_of(report) == Rules{"OVF-401", "PKG-001"});
}

TEST_CASE("a descriptor that is no XML does not hide the rest", "[ovfkit][lint]") {
    SamplePackage package;
    package.descriptor = "<html></html>";
    const std::string right = package.manifest_text();
    package.manifest = tests::replaced(right, "(disk1.vmdk)= ", "(disk1.vmdk)=  ");
    CHECK(rules_of(package.bytes()) == Rules{"OVF-002", "MF-006", "PKG-015"});
}

TEST_CASE("digests and references that do not hold are findings", "[ovfkit][lint]") {
    SamplePackage package;
    package.manifest = package.manifest_text();
    package.disk.back() = 'x';
    CHECK(rules_of(package.bytes()).contains("PKG-002"));
    const LintReport missing = lint(start().end());
    CHECK(rules_of(missing) == Rules{"PKG-002"});
    CHECK(missing.count(Level::error) == 2);  // by the References and by the manifest
}

TEST_CASE("the order of members is looked at", "[ovfkit][lint]") {
    const SamplePackage package;
    const std::string late = ArchiveBuilder()
                                 .add("disk1.vmdk", package.disk)
                                 .add("shop.ovf", package.descriptor)
                                 .add("shop.mf", package.manifest_text())
                                 .end();
    CHECK(rules_of(late) == Rules{"PKG-003"});
    SamplePackage two;
    two.descriptor =
        tests::replaced(tests::kCleanDescriptor, "</References>",
                        R"(<File ovf:id="f2" ovf:href="b.iso" ovf:size="1"/></References>)");
    two.descriptor = tests::replaced(two.descriptor, "<rasd:Parent>4",
                                     "<rasd:HostResource>ovf:/file/f2"
                                     "</rasd:HostResource><rasd:Parent>4");
    const std::string manifest = two.manifest_text() + tests::manifest_line("b.iso", "b");
    const auto rules = rules_of(ArchiveBuilder()
                                    .add("shop.ovf", two.descriptor)
                                    .add("b.iso", "b")
                                    .add("shop.mf", manifest)
                                    .add("disk1.vmdk", two.disk)
                                    .end());
    CHECK(rules.contains("PKG-013"));
    CHECK(rules.contains("PKG-014"));
}

TEST_CASE("oddities of the archive are findings", "[ovfkit][lint]") {
    const SamplePackage package;
    const auto with = [&](const std::string& name, const std::string& data, char type = '0') {
        return rules_of(start().add("disk1.vmdk", package.disk).add(name, data, type).end());
    };
    CHECK(with("._shop.ovf", "x") == Rules{"PKG-010"});
    CHECK(with("folder", "", '5') == Rules{"PKG-011"});
    CHECK(with("readme.txt", "x") == Rules{"PKG-002", "PKG-015"});
    CHECK(with("docs/readme.txt", "x") == Rules{"PKG-002", "PKG-015", "PKG-018"});
    CHECK(rules_of(package.bytes() + "more") == Rules{"PKG-012"});
    const std::string chunks = start().add("disk1.vmdk.000000000", package.disk).end();
    CHECK(rules_of(chunks).contains("PKG-017"));
    SamplePackage size;
    size.descriptor = tests::replaced(tests::kCleanDescriptor, "73728", "73729");
    CHECK(rules_of(size.bytes()) == Rules{"PKG-016"});
}

TEST_CASE("the format of the archive is looked at", "[ovfkit][lint]") {
    CHECK(shape_rules({}).empty());
    CHECK(shape_rules({.pax_headers = 1}) == Rules{"PKG-004"});
    CHECK(shape_rules({.gnu_headers = 1}) == Rules{"PKG-005"});
    CHECK(shape_rules({.old_headers = 1}) == Rules{"PKG-006"});
    CHECK(shape_rules({.gnu_long_names = 1}) == Rules{"PKG-007"});
    CHECK(shape_rules({.binary_sizes = 1}) == Rules{"PKG-008"});
    CHECK(shape_rules({.blank_owners = 1}) == Rules{"PKG-009"});
    const SamplePackage package;
    const std::string pax = ArchiveBuilder()
                                .add("pax", ArchiveBuilder::pax_record("mtime", "1.5"), 'x')
                                .add("shop.ovf", package.descriptor)
                                .add("shop.mf", package.manifest_text())
                                .add("disk1.vmdk", package.disk)
                                .end();
    CHECK(rules_of(pax) == Rules{"PKG-004"});
}

TEST_CASE("manifests in other dialects are findings", "[ovfkit][lint]") {
    const SamplePackage package;
    CHECK(rules_of(ArchiveBuilder()
                       .add("shop.ovf", package.descriptor)
                       .add("disk1.vmdk", package.disk)
                       .end()) == Rules{"MF-001"});
    CHECK(manifest_rules("SHA256(", "SHA256 (") == Rules{"MF-002"});
    CHECK(manifest_rules("SHA256(", "SHA2-256(") == Rules{"MF-003"});
    CHECK(manifest_rules(")= ", ") = ") == Rules{"MF-006"});
    CHECK(manifest_rules(")= ", ")=") == Rules{"MF-006"});
    CHECK(manifest_rules("\n", "\r\n") == Rules{"MF-005"});
    CHECK(manifest_rules("(shop.ovf)", "(./shop.ovf)") == Rules{"MF-010"});
    CHECK(manifest_rules("SHA256(shop", "\xef\xbb\xbfSHA256(shop") == Rules{"MF-015"});
    CHECK(manifest_rules("SHA256(shop", "what?\nSHA256(shop").contains("PKG-002"));
    SamplePackage upper;
    const std::string digest = base::digest_hex(base::DigestAlgorithm::sha256, upper.disk);
    std::string shouted = digest;
    std::transform(shouted.begin(), shouted.end(), shouted.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    CHECK(manifest_rules(digest, shouted) == Rules{"MF-004"});
    SamplePackage open_end;
    open_end.manifest = open_end.manifest_text();
    open_end.manifest.pop_back();
    CHECK(rules_of(open_end.bytes()) == Rules{"MF-014"});
}

TEST_CASE("the algorithms and names of a manifest are looked at", "[ovfkit][lint]") {
    const auto with = [](base::DigestAlgorithm first, base::DigestAlgorithm second) {
        SamplePackage package;
        package.manifest = tests::manifest_line("shop.ovf", package.descriptor, first) +
                           tests::manifest_line("disk1.vmdk", package.disk, second);
        return rules_of(package.bytes());
    };
    using base::DigestAlgorithm;
    CHECK(with(DigestAlgorithm::sha1, DigestAlgorithm::sha1) == Rules{"MF-007"});
    CHECK(with(DigestAlgorithm::sha512, DigestAlgorithm::sha512) == Rules{"MF-008"});
    CHECK(with(DigestAlgorithm::sha1, DigestAlgorithm::sha256) == Rules{"MF-007", "MF-009"});
    const SamplePackage package;
    const auto named = [&](const std::string& name, const std::string& extra) {
        return rules_of(ArchiveBuilder()
                            .add("shop.ovf", package.descriptor)
                            .add(name, package.manifest_text() + extra)
                            .add("disk1.vmdk", package.disk)
                            .end());
    };
    CHECK(named("other.mf", "") == Rules{"MF-012"});
    CHECK(named("shop.mf", tests::manifest_line("shop.cert", "c")) == Rules{"MF-016", "PKG-002"});
    CHECK(named("shop.mf", tests::manifest_line("a(1).txt", "c")) == Rules{"MF-011", "PKG-002"});
}

TEST_CASE("remarks of the package's reader have rules", "[ovfkit][lint]") {
    ovfkit::lint::PackageView package;
    package.report.findings = {{"manifest_line", "line 3"},
                               {"weak_digest", "the signature is made over a SHA1 digest"},
                               {"weak_key", "the signer's key is too weak"},
                               {"ignored_signature", "a block 'CMS'"},
                               {"chunk_size_differs", "chunk 1"},
                               {"certificate_expired", "said by SIG-002"},
                               {"manifest_name", "said by MF-012"},
                               {"something_new", "new"}};
    ovfkit::lint::Findings findings(ovfkit::lint::kEveryone);
    ovfkit::lint::check_archive(package, findings);
    CHECK(rules_of(LintReport{.findings = findings.take()}) ==
          Rules{"MF-013", "PKG-019", "PKG-021", "SIG-004", "SIG-005", "SIG-008"});
}

TEST_CASE("signatures and certificates are looked at", "[ovfkit][lint]") {
    const std::time_t now = std::time(nullptr);
    const ovfkit::SignatureReport good{.state = ovfkit::CheckState::ok,
                                       .algorithm = "SHA256",
                                       .subject = "CN=Maker",
                                       .key = "RSA 3072",
                                       .not_after = now + 365 * 24 * 3600,
                                       .valid_now = true};
    CHECK(signature_rules(good).empty());
    auto changed = good;
    changed.valid_now = false;
    CHECK(signature_rules(changed) == Rules{"SIG-002"});
    changed = good;
    changed.self_signed = true;
    CHECK(signature_rules(changed) == Rules{"SIG-003"});
    changed = good;
    changed.key = "EC P-256";
    CHECK(signature_rules(changed) == Rules{"SIG-006"});
    changed = good;
    changed.not_after = now + 24 * 3600;
    CHECK(signature_rules(changed) == Rules{"SIG-007"});
    CHECK(rules_of(SamplePackage().bytes()).empty());
    const LintReport unsigned_package = lint(SamplePackage().bytes());
    CHECK(unsigned_package.findings.at(0).rule->id == "SIG-001");
}

TEST_CASE("disks that are no streamOptimized VMDK are findings", "[ovfkit][lint]") {
    const auto with = [](const std::string& bytes) {
        SamplePackage package;
        package.disk = bytes + std::string(tests::kDiskBytes - bytes.size(), '\0');
        return rules_of(package.bytes());
    };
    CHECK(with("QFI\xfb") == Rules{"VMDK-002"});
    CHECK(with("plain") == Rules{"VMDK-002"});
    CHECK(with("# Disk DescriptorFile\n") == Rules{"VMDK-001"});
    CHECK(with("COWD") == Rules{"VMDK-001"});
    SampleDisk sparse;
    sparse.header.flags = 3;
    CHECK(disk_rules(sparse) == Rules{"VMDK-001"});
}

TEST_CASE("the header of a VMDK is looked at", "[ovfkit][lint]") {
    CHECK(disk_rules({}).empty());
    SampleDisk disk;
    disk.header.version = 1;
    CHECK(disk_rules(disk) == Rules{"VMDK-003"});
    disk = {};
    disk.header.capacity_sectors = 4096;
    CHECK(disk_rules(disk) == Rules{"VMDK-007"});
    disk = {};
    disk.redundant_directory = 0;
    CHECK(disk_rules(disk) == Rules{"VMDK-009"});
    disk = {};
    disk.header.grain_sectors = 64;
    CHECK(disk_rules(disk) == Rules{"VMDK-010"});
    SamplePackage rounded;
    rounded.descriptor =
        tests::replaced(tests::kCleanDescriptor, "ovf:capacity=\"1048576\"",
                        "ovf:capacity=\"1\" ovf:capacityAllocationUnits=\"byte * 2^30\"");
    CHECK(rules_of(rounded.bytes()).empty());
}

TEST_CASE("the end of a VMDK is looked at", "[ovfkit][lint]") {
    SampleDisk disk;
    disk.footer = false;
    CHECK(disk_rules(disk) == Rules{"VMDK-004"});
    disk.header.directory_sector = 21;
    CHECK(disk_rules(disk) == Rules{"VMDK-004", "VMDK-005"});
    disk = {};
    disk.after = "x";
    CHECK(disk_rules(disk) == Rules{"PKG-016", "VMDK-015"});
    disk.after = std::string(512, '\0');
    CHECK(disk_rules(disk) == Rules{"PKG-016", "VMDK-004"});
}

TEST_CASE("the descriptor inside a VMDK is looked at", "[ovfkit][lint]") {
    const auto with = [](const std::string& from, const std::string& to) {
        SampleDisk disk;
        disk.text = tests::replaced(disk.text, from, to);
        return disk_rules(disk);
    };
    CHECK(with("ddb.toolsVersion", "ddb.otherVersion") == Rules{"VMDK-006"});
    CHECK(with("\nCID", "\n  CID") == Rules{"VMDK-008"});
    CHECK(with("version=1\n", "version=1\n#" + std::string(9700, '.') + "\n") == Rules{"VMDK-011"});
    CHECK(with("streamOptimized", "monolithicSparse") == Rules{"VMDK-012"});
    CHECK(with("streamOptimized\"", "streamOptimized \" ").empty());
    CHECK(with("disk1.vmdk", "other.vmdk") == Rules{"VMDK-013"});
    CHECK(with("version=1\n", "version=1\nddb.logicalSectorSize = \"4096\"\n") ==
          Rules{"VMDK-016"});
    CHECK(with("parentCID=ffffffff", "parentCID=00000001") == Rules{"VMDK-017"});
    SampleDisk disk;
    disk.header.descriptor_sector = 0;
    CHECK(disk_rules(disk) == Rules{"VMDK-014"});
}

TEST_CASE("a folder is a package as soon as one of its files is there", "[ovfkit][lint]") {
    const base::TempDir dir;
    const SamplePackage package;
    const std::string path = (dir.path() / "shop.ovf").string();
    base::write_file(path, package.descriptor);
    const auto lint_path = [](const std::string& location) {
        return ovfkit::lint::lint_location(location, ovfkit::lint::kEveryone);
    };
    CHECK_FALSE(lint_path(path).is_package);
    CHECK(lint_path(path).findings.empty());
    base::write_file(dir.path() / "disk1.vmdk", package.disk);
    for (const std::string& location : {path, dir.path().string()}) {
        const LintReport report = lint_path(location);
        CHECK(report.is_package);
        CHECK_FALSE(report.is_archive);
        CHECK(report.prefix == dir.path().string() + "/");
        CHECK(rules_of(report) == Rules{"MF-001"});
    }
    base::write_file(dir.path() / "shop.mf", package.manifest_text());
    CHECK(rules_of(lint_path(path)).empty());
}

TEST_CASE("a compressed package is a finding and looked into", "[ovfkit][lint]") {
    const base::TempDir dir;
    const std::string path = (dir.path() / "shop.ova").string();
    base::write_file(path, SamplePackage().bytes());
    base::Command command;
    command.argv = {"gzip", path};
    base::run_checked(command);
    const LintReport report = ovfkit::lint::lint_location(path + ".gz", ovfkit::lint::kEveryone);
    CHECK(rules_of(report) == Rules{"PKG-020"});
    CHECK(report.descriptor == "shop.ovf");
}

TEST_CASE("every rule about packages is in these tests", "[ovfkit][lint]") {
    // The numbers of the areas: a new rule must be tested above and counted here.
    const auto count = [](ovfkit::lint::Rules rules) { return rules.size(); };
    CHECK(count(ovfkit::lint::archive_rules()) == 21);
    CHECK(count(ovfkit::lint::manifest_rules()) == 16);
    CHECK(count(ovfkit::lint::signature_rules()) == 8);
    CHECK(count(ovfkit::lint::vmdk_rules()) == 17);
}
