// SPDX-License-Identifier: Apache-2.0
// Disks that lean on others of the package, come in chunks or compressed: into the store.
#include <set>

#include "base/file.h"
#include "base/random.h"
#include "deployer/import/import.h"
#include "ovfkit/disk/member_sink.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"
#include "ovfkit/package/source/filter/gzip_packer.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/package/sample_package.h"

namespace {

constexpr std::size_t kGrain = 65536;

std::string grains(const std::string& letters) {
    std::string bytes;
    for (const char letter : letters) {
        bytes += std::string(kGrain, letter == '0' ? '\0' : letter);
    }
    return bytes;
}

// A package of machines with one disk each.
class Package {
  public:
    // `parent`: id of another machine's disk. `file` as its attributes.
    Package& machine(const std::string& id, const std::string& parent = "",
                     const std::string& file = "") {
        files_ += fmt::format(R"(<File ovf:id="f-{0}" ovf:href="{0}.vmdk" {1}/>)", id, file);
        disk(id, "f-" + id, parent);
        systems_ += fmt::format(R"(<VirtualSystem ovf:id="{0}"><Info>m</Info>
    <VirtualHardwareSection><Info>h</Info>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
        <rasd:ElementName>m</rasd:ElementName><rasd:InstanceID>2</rasd:InstanceID>
        <rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>64</rasd:VirtualQuantity></Item>
      <Item><rasd:ElementName>d</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/{0}</rasd:HostResource>
        <rasd:InstanceID>3</rasd:InstanceID>
        <rasd:ResourceType>17</rasd:ResourceType></Item>
    </VirtualHardwareSection></VirtualSystem>)",
                                id);
        return *this;
    }
    // Of no machine.
    Package& disk(const std::string& id, const std::string& file_id,
                  const std::string& parent = "") {
        disks_ += fmt::format(
            R"(<Disk ovf:diskId="{0}" ovf:fileRef="{1}" ovf:capacity="65536" ovf:format="{2}"{3}/>)",
            id, file_id, ovfkit::kStreamOptimizedFormatUri,
            parent.empty() ? "" : fmt::format(R"( ovf:parentRef="{}")", parent));
        return *this;
    }
    Package& file(const std::string& id) {
        files_ += fmt::format(R"(<File ovf:id="f-{0}" ovf:href="{0}.vmdk"/>)", id);
        return *this;
    }
    Package& member(const std::string& name, const std::string& bytes) {
        members_.emplace_back(name, bytes);
        return *this;
    }
    std::string bytes() const {
        const std::string text =
            R"(<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
  <References>)" +
            files_ + "</References><DiskSection><Info>d</Info>" + disks_ +
            R"(</DiskSection><VirtualSystemCollection ovf:id="all"><Info>a</Info>)" + systems_ +
            "</VirtualSystemCollection></Envelope>";
        std::string manifest = tests::manifest_line("m.ovf", text);
        for (const auto& [name, data] : members_) {
            manifest += tests::manifest_line(name, data);
        }
        tests::ArchiveBuilder archive;
        archive.add("m.ovf", text).add("m.mf", manifest);
        for (const auto& [name, data] : members_) {
            archive.add(name, data);
        }
        return archive.end();
    }

  private:
    std::string files_;
    std::string disks_;
    std::string systems_;
    std::vector<std::pair<std::string, std::string>> members_;
};

struct Import {
    base::TempDir dir;
    hvruntime::ImageStore store{dir.path()};

    deployer::ImportResult run(const Package& package) {
        base::MemorySource source(package.bytes(), "m.ova");
        deployer::ImportHooks hooks;
        hooks.on_envelope = [](const ovfkit::Envelope& envelope) {
            return deployer::plan_deployment(envelope, {}, base::random_password);
        };
        hooks.on_published = [](const std::string&, const std::string&) {};
        return deployer::import_package(source, {}, store, hooks);
    }
    std::string disk(const deployer::ImportResult& result, const std::string& member) const {
        return base::read_file(store.disk_path(store.require(result.images.at(member))));
    }
    base::Error refusal(const Package& package) {
        const auto error = tests::error_of([&] { run(package); });
        CHECK(store.list().empty());
        for (const auto& entry : std::filesystem::recursive_directory_iterator(store.folder())) {
            const bool data = entry.is_regular_file() && entry.file_size() > 0;
            CHECK_FALSE(data);
        }
        return error;
    }
};

std::string vmdk(const std::string& disk, const std::string& parent = "") {
    const base::TempDir dir;
    base::write_file(dir.path() / "disk", disk);
    base::write_file(dir.path() / "parent", parent);
    const auto reader = ovfkit::open_disk((dir.path() / "disk").string(), ovfkit::DiskFormat::raw);
    const auto over = parent.empty() ? nullptr
                                     : ovfkit::open_disk((dir.path() / "parent").string(),
                                                         ovfkit::DiskFormat::raw);
    base::MemorySink sink;
    ovfkit::encode_stream_optimized(*reader, sink, {.threads = 1, .parent = over.get()});
    return sink.data();
}

const std::string kBase = grains("abc0");
const std::string kWeb = grains("aX0d");
const std::string kApp = grains("aXYde");

}  // namespace

TEST_CASE("delta disks become whole images, whichever comes first", "[deployer][import]") {
    const std::vector<std::pair<std::string, std::string>> members{
        {"db.vmdk", vmdk(kBase)}, {"web.vmdk", vmdk(kWeb, kBase)}, {"app.vmdk", vmdk(kApp, kWeb)}};
    for (const std::vector<std::size_t>& order :
         std::vector<std::vector<std::size_t>>{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}}) {
        Package package;
        package.machine("db").machine("web", "db").machine("app", "web");
        for (const std::size_t index : order) {
            package.member(members[index].first, members[index].second);
        }
        Import import;
        const auto result = import.run(package);
        CHECK((import.disk(result, "db.vmdk") == kBase));
        CHECK((import.disk(result, "web.vmdk") == kWeb));
        CHECK((import.disk(result, "app.vmdk") == kApp));
    }
}

TEST_CASE("a parent that no machine has is not kept", "[deployer][import]") {
    Package package;
    package.machine("web", "base").file("base").disk("base", "f-base");
    package.member("base.vmdk", vmdk(kBase)).member("web.vmdk", vmdk(kWeb, kBase));
    Import import;
    const auto result = import.run(package);
    CHECK((import.disk(result, "web.vmdk") == kWeb));
    CHECK(import.store.list().size() == 1);
}

TEST_CASE("import-security 7: the same delta of another parent is another image",
          "[deployer][import][hostile]") {
    const std::string delta = vmdk(kWeb, kBase);
    const std::string other = grains("Qbc0");
    Import import;
    std::set<std::string> ids;
    for (const std::string& parent : {kBase, other}) {
        Package package;
        package.machine("db").machine("web", "db");
        const auto result =
            import.run(package.member("db.vmdk", vmdk(parent)).member("web.vmdk", delta));
        ids.insert(result.images.at("web.vmdk"));
        CHECK(import.disk(result, "web.vmdk").front() == parent.front());
    }
    CHECK(ids.size() == 2);
}

TEST_CASE("import-security 6: deltas without a fitting parent are refused",
          "[deployer][import][hostile]") {
    const std::string parent = vmdk(kBase);
    const std::string delta = vmdk(kWeb, kBase);
    const auto refused = [](const Package& package) {
        Import import;
        return import.refusal(package);
    };
    // A circle, an unknown parent, a parent whose file is missing.
    Package circle;
    circle.machine("a", "b").machine("b", "a");
    CHECK_THAT(refused(circle.member("a.vmdk", delta).member("b.vmdk", delta)).message(),
               Catch::Contains("its own ancestor"));
    Package unknown;
    CHECK_THAT(refused(unknown.machine("web", "nobody").member("web.vmdk", delta)).message(),
               Catch::Contains("unknown parent disk 'nobody'"));
    Package missing;
    missing.machine("db").machine("web", "db").member("web.vmdk", delta);
    CHECK(refused(missing).kind() == base::ErrorKind::invalid_input);
    // Its own parent by the file.
    Package same;
    same.machine("web", "twin").disk("twin", "f-web").member("web.vmdk", delta);
    CHECK(refused(same).kind() == base::ErrorKind::invalid_input);
    // Smaller than its parent.
    Package small;
    small.machine("db").machine("web", "db").member("db.vmdk", vmdk(grains("abcde")));
    CHECK_THAT(refused(small.member("web.vmdk", delta)).message(),
               Catch::Contains("smaller than its parent"));
    // One file as a whole disk and as a delta.
    Package both;
    both.machine("db").machine("web", "db").machine("app", "again").disk("again", "f-web");
    both.member("db.vmdk", parent).member("web.vmdk", delta).member("app.vmdk", delta);
    CHECK_THAT(refused(both).message(), Catch::Contains("file 'web.vmdk' is a delta of"));
    Package twice;
    twice.machine("db").machine("web", "db").machine("x", "web");
    twice.member("db.vmdk", parent).member("web.vmdk", delta).member("x.vmdk", delta);
    Import fine;
    CHECK(fine.run(twice).images.size() == 3);
}

TEST_CASE("a disk in chunks, compressed or not, is joined on the way into the store",
          "[deployer][import]") {
    const std::string disk = vmdk(kBase);
    base::MemorySink packed;
    const auto packer = ovfkit::make_gzip_packer(packed);
    packer->write(base::as_bytes(disk));
    packer->finish();
    for (const auto& [bytes, attributes] :
         {std::pair{disk, std::string(R"(ovf:chunkSize="1000")")},
          std::pair{packed.data(),
                    std::string(R"(ovf:chunkSize="1000" ovf:compression="gzip")")}}) {
        Package package;
        package.machine("db", "", attributes + fmt::format(R"( ovf:size="{}")", bytes.size()));
        for (std::size_t at = 0; at < bytes.size(); at += 1000) {
            package.member(fmt::format("db.vmdk.{:09}", at / 1000), bytes.substr(at, 1000));
        }
        Import import;
        const auto result = import.run(package);
        CHECK((import.disk(result, "db.vmdk") == kBase));
    }
}
