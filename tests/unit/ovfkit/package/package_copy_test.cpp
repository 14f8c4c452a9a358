// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/package_copy.h"

#include <filesystem>

#include "base/file.h"
#include "ovfkit/package/folder_writer.h"
#include "ovfkit/package/source/open_package.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/package/sample_package.h"

using ovfkit::copy_package;
using ovfkit::CopyPlan;
using ovfkit::PackageWriter;

namespace {

std::string copied(const std::string& archive, const CopyPlan& plan = {}) {
    base::MemorySource source(archive, "shop.ova");
    base::MemorySink sink;
    PackageWriter writer(sink);
    copy_package(source, {}, writer, plan);
    writer.finish();
    return sink.data();
}

}  // namespace

TEST_CASE("a package copied without changes is the same package", "[ovfkit][package][copy]") {
    CHECK(copied(tests::sample_package()) == tests::sample_package());
}

TEST_CASE("a copy can change the descriptor, drop and rename files", "[ovfkit][package][copy]") {
    CopyPlan plan;
    plan.on_descriptor = [](const std::string&, const std::string& text, const ovfkit::Envelope&) {
        std::string changed = text;
        const std::string iso = R"(<File ovf:id="f2" ovf:href="web.iso"/>)";
        changed.erase(changed.find(iso), iso.size());
        return std::optional(changed.replace(changed.find("db-disk1.vmdk"), 13, "disk.vmdk"));
    };
    plan.descriptor_name = "new.ovf";
    plan.on_member = [](const std::string& name, std::uint64_t) {
        return name == "web.iso" ? std::nullopt : std::optional<std::string>("disk.vmdk");
    };
    base::MemorySource source(copied(tests::sample_package(), plan), "new.ova");
    tests::KeepingHandler handler;
    const auto report = ovfkit::read_package(source, handler, {});
    CHECK(report.descriptor_name == "new.ovf");
    CHECK(report.manifest.name == "new.mf");
    CHECK(handler.members.size() == 1);
    CHECK(handler.members.at("disk.vmdk") == tests::kSampleDisk);
}

TEST_CASE("nothing that does not match its manifest is copied", "[ovfkit][package][copy]") {
    std::string damaged = tests::sample_package();
    damaged[damaged.find(tests::kSampleIso) + 7] = 'X';
    CHECK(tests::error_of([&] { copied(damaged); }).message().find("'web.iso' does not match") !=
          std::string::npos);
}

TEST_CASE("an OVA becomes a folder and an OVA again", "[ovfkit][package][copy]") {
    const base::TempDir dir;
    const std::string folder = (dir.path() / "out").string();
    base::make_dirs(folder);
    {
        base::MemorySource source(tests::sample_package(), "shop.ova");
        PackageWriter writer(std::make_unique<ovfkit::FolderWriter>(folder));
        copy_package(source, {}, writer);
        writer.finish();
    }
    CHECK(base::read_file(folder + "/shop.mf") == tests::sample_manifest());
    CHECK(base::read_file(folder + "/web.iso") == tests::kSampleIso);
    const auto source = ovfkit::open_package(folder);
    base::MemorySink sink;
    PackageWriter writer(sink);
    copy_package(*source, {}, writer);
    writer.finish();
    CHECK(sink.data() == tests::sample_package());
}

TEST_CASE("the manifest of the source can be kept byte for byte", "[ovfkit][package][copy]") {
    std::string manifest = tests::sample_manifest(base::DigestAlgorithm::sha512);
    const std::string archive = tests::ArchiveBuilder()
                                    .add("shop.ovf", tests::sample_descriptor())
                                    .add("shop.mf", manifest)
                                    .add("db-disk1.vmdk", tests::kSampleDisk)
                                    .add("web.iso", tests::kSampleIso)
                                    .end();
    base::MemorySource source(archive, "shop.ova");
    base::MemorySink sink;
    PackageWriter writer(sink);
    const auto result = copy_package(source, {}, writer);
    REQUIRE(result.manifest);
    CHECK(result.manifest->text == manifest);
    writer.finish_with(*result.manifest, nullptr);
    CHECK(sink.data().find(manifest) != std::string::npos);
}

TEST_CASE("a folder that is written takes no name outside of it", "[ovfkit][package][copy]") {
    const base::TempDir dir;
    ovfkit::FolderWriter writer(dir.path().string());
    for (const std::string name : {"../x", "/tmp/x", "a/../../x", ""}) {
        CHECK(tests::error_of([&] { writer.begin_member(name, 1); }).kind() ==
              base::ErrorKind::invalid_input);
    }
    std::filesystem::create_directory_symlink("/tmp", dir.path() / "link");
    CHECK_THROWS_AS(writer.begin_member("link/x", 1), base::SystemError);
    writer.begin_member("a/b/c", std::nullopt);
    writer.write(base::as_bytes(std::string_view("data")));
    writer.end_member();
    writer.patch(1, "AT");
    writer.finish();
    CHECK(base::read_file(dir.path() / "a/b/c") == "dATa");
    CHECK(tests::error_of([&] { writer.begin_member("a/b/c", 1); }).kind() ==
          base::ErrorKind::conflict);
}
