// SPDX-License-Identifier: Apache-2.0
#include "deployer/import/import.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/process.h"
#include "base/random.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/package/sample_package.h"

namespace {

const std::string kVmdk =
    "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";
const std::string kRaw = "http://www.dmtf.org/raw";

// One machine with one disk, of the given format.
std::string descriptor(const std::string& format, const std::string& capacity = "4096") {
    return R"(<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
  <References><File ovf:id="f" ovf:href="disk.img"/></References>
  <DiskSection><Info>d</Info><Disk ovf:diskId="d" ovf:fileRef="f" ovf:capacity=")" +
           capacity + R"(" ovf:format=")" + format + R"("/></DiskSection>
  <VirtualSystem ovf:id="m"><Info>m</Info>
    <VirtualHardwareSection><Info>h</Info>
      <Item><rasd:ElementName>c</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
        <rasd:ElementName>m</rasd:ElementName><rasd:InstanceID>2</rasd:InstanceID>
        <rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>64</rasd:VirtualQuantity></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>d</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/d</rasd:HostResource>
        <rasd:InstanceID>3</rasd:InstanceID><rasd:Parent>4</rasd:Parent>
        <rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:ElementName>s</rasd:ElementName><rasd:InstanceID>4</rasd:InstanceID>
        <rasd:ResourceType>6</rasd:ResourceType></Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
)";
}

struct Trial {
    base::TempDir dir;
    hvruntime::ImageStore store{dir.path()};
    int published = 0;

    deployer::ImportResult import(const std::string& text, const std::string& disk,
                                  const std::string& listed_disk) {
        const std::string manifest =
            tests::manifest_line("m.ovf", text) + tests::manifest_line("disk.img", listed_disk);
        tests::ArchiveBuilder archive;
        archive.add("m.ovf", text).add("m.mf", manifest).add("disk.img", disk);
        base::MemorySource source(archive.end(), "m.ova");
        deployer::ImportHooks hooks;
        hooks.on_envelope = [](const ovfkit::Envelope& envelope) {
            return deployer::plan_deployment(envelope, {}, base::random_password);
        };
        hooks.on_published = [this](const std::string&, const std::string&) { ++published; };
        return deployer::import_package(source, {}, store, hooks);
    }
    base::Error refusal(const std::string& text, const std::string& disk) {
        const auto error = tests::error_of([&] { import(text, disk, disk); });
        check_empty();
        return error;
    }
    // No image, and nothing on its way to be one.
    void check_empty() {
        CHECK(published == 0);
        CHECK(store.list().empty());
        for (const auto& entry : std::filesystem::recursive_directory_iterator(store.folder())) {
            if (entry.is_regular_file() && entry.file_size() > 0) {
                FAIL_CHECK("left behind: " << entry.path());
            }
        }
    }
};

}  // namespace

TEST_CASE("import-security 5: a disk is published when its digest holds, and sealed",
          "[deployer][import][hostile]") {
    Trial trial;
    const std::string disk(4096, 'x');
    const auto result = trial.import(descriptor(kRaw), disk, disk);
    REQUIRE(trial.published == 1);
    const auto record = trial.store.require(result.images.at("disk.img"));
    const auto path = trial.store.disk_path(record);
    CHECK(base::read_file(path) == disk);
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0400U);
}

TEST_CASE("a member is found by its percent-encoded href", "[deployer][import]") {
    Trial trial;
    const std::string disk(4096, 'x');
    std::string text = descriptor(kRaw);
    const std::string plain = "ovf:href=\"disk.img\"";
    text.replace(text.find(plain), plain.size(), "ovf:href=\"d%69sk.img\"");
    const auto result = trial.import(text, disk, disk);
    REQUIRE(trial.published == 1);
    CHECK(result.plan.machines.at(0).disks.at(0).member == "d%69sk.img");
    const auto record = trial.store.require(result.images.at("d%69sk.img"));
    CHECK(base::read_file(trial.store.disk_path(record)) == disk);
}

TEST_CASE("import-security 5: a disk whose digest does not hold is never seen",
          "[deployer][import][hostile]") {
    Trial trial;
    std::string disk(4096, 'x');
    const std::string listed = disk;
    disk[1000] = 'y';
    const auto error = tests::error_of([&] { trial.import(descriptor(kRaw), disk, listed); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK_THAT(error.message(), Catch::Contains("'disk.img' does not match the manifest"));
    trial.check_empty();
}

TEST_CASE("import-security 6: a disk that only points at files of the host is refused",
          "[deployer][import][hostile]") {
    for (const std::string extent :
         {"RW 8 FLAT \"/etc/passwd\" 0", "RW 8 SPARSE \"../../other.vmdk\"",
          "RW 8 VMFS \"/dev/sda\" 0", "RW 8 VMFSRAW \"/dev/sda\""}) {
        std::string text =
            "# Disk DescriptorFile\nversion=1\nCID=fffffffe\n"
            "parentCID=ffffffff\ncreateType=\"monolithicFlat\"\n" +
            extent + "\n";
        Trial trial;
        const auto error = trial.refusal(descriptor(kVmdk), text);
        CHECK_THAT(error.message(), Catch::Contains("'disk.img'"));
        text.resize(4096, '\n');
        Trial again;
        CHECK_THAT(again.refusal(descriptor(kRaw), text).message(), Catch::Contains("'disk.img'"));
    }
}

TEST_CASE("import-security 6: an image of another format does not pass for raw",
          "[deployer][import][hostile]") {
    // The field for the backing file says /etc/passwd; nobody gets so far as to read it.
    std::string qcow2("QFI\xfb\0\0\0\3\0\0\0\0\0\0\1\0\0\0\0\x0b\0\0\0\x10", 24);
    qcow2.resize(256, '\0');
    qcow2 += "/etc/passwd";
    qcow2.resize(4096, '\0');
    Trial trial;
    const auto error = trial.refusal(descriptor(kRaw), qcow2);
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK_THAT(error.message(), Catch::Contains("is declared raw but is in qcow2 format"));
}

TEST_CASE("import-security 6: a qcow2 is copied into the store, one with a backing file refused",
          "[deployer][import][hostile]") {
    const base::TempDir dir;
    const std::string raw = (dir.path() / "in.raw").string();
    const std::string qcow2 = (dir.path() / "in.qcow2").string();
    const std::string content = std::string(100000, 'q') + std::string(31072, '\0');
    base::write_file(raw, content);
    const auto qemu_img = [](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "qemu-img");
        base::run_checked({.argv = std::move(arguments)});
    };
    const std::string uri = "http://www.gnome.org/~markmc/qcow-image-format.html";
    qemu_img({"convert", "-c", "-f", "raw", "-O", "qcow2", raw, qcow2});
    const std::string disk = base::read_file(qcow2);
    Trial trial;
    const auto result = trial.import(descriptor(uri, "131072"), disk, disk);
    const auto record = trial.store.require(result.images.at("disk.img"));
    CHECK(to_json(record)["format"] == "raw");
    CHECK((base::read_file(trial.store.disk_path(record)) == content));

    qemu_img({"create", "-q", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd", qcow2, "128K"});
    Trial hostile;
    const auto error = hostile.refusal(descriptor(uri, "131072"), base::read_file(qcow2));
    CHECK(error.kind() == base::ErrorKind::unsupported);
    CHECK_THAT(error.message(), Catch::Contains("'disk.img' has a backing file"));
}

TEST_CASE("import-security 7: what is in the store is raw, whatever it came as",
          "[deployer][import][hostile]") {
    Trial trial;
    // Nothing at its begin, a qcow2 header where no importer looks: still raw bytes for ever.
    std::string disk(8192, '\0');
    disk.replace(4096, 4, "QFI\xfb");
    const auto result = trial.import(descriptor(kRaw, "8192"), disk, disk);
    const auto record = trial.store.require(result.images.at("disk.img"));
    CHECK(to_json(record)["format"] == "raw");
    CHECK(base::read_file(trial.store.disk_path(record)) == disk);
}
