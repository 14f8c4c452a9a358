// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/source/open_package.h"

#include <sys/stat.h>
#include <filesystem>

#include "base/file.h"
#include "base/process.h"
#include "ovfkit/package/source/filter/unpacker.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/package/sample_package.h"

using ovfkit::open_package;
using ovfkit::PackageForm;
using tests::KeepingHandler;

namespace {

// A folder package on the disk, and its files to spoil.
class SampleFolder {
  public:
    SampleFolder() {
        put("shop.ovf", tests::sample_descriptor());
        put("db-disk1.vmdk", tests::kSampleDisk);
        put("web.iso", tests::kSampleIso);
        put("shop.mf", tests::sample_manifest());
    }
    void put(const std::string& name, std::string_view data) const {
        base::make_dirs((dir_.path() / name).parent_path());
        base::write_file(dir_.path() / name, data);
    }
    std::string path(const std::string& name = "") const {
        return name.empty() ? dir_.path().string() : (dir_.path() / name).string();
    }

  private:
    base::TempDir dir_;
};

ovfkit::PackageReport read_at(const std::string& location, KeepingHandler& handler) {
    const auto source = open_package(location);
    return ovfkit::read_package(*source, handler, {});
}

std::string refusal(const std::string& location) {
    KeepingHandler handler;
    return tests::error_of([&] { read_at(location, handler); }).message();
}

void expect_whole(const std::string& location) {
    KeepingHandler handler;
    const auto report = read_at(location, handler);
    CHECK(report.manifest.state == ovfkit::CheckState::ok);
    CHECK(handler.descriptor == tests::sample_descriptor());
    CHECK(handler.members.at("db-disk1.vmdk") == tests::kSampleDisk);
    CHECK(handler.members.at("web.iso") == tests::kSampleIso);
}

// The sample package in a file of `dir`, packed by `command` (a filter).
std::string packed_by(const base::TempDir& dir, const std::string& command) {
    base::write_file(dir.path() / "shop.ova", tests::sample_package());
    base::run_checked({.argv = {"sh", "-c", command + " <shop.ova >packed"}, .cwd = dir.path()});
    return (dir.path() / "packed").string();
}

}  // namespace

TEST_CASE("a folder is read as a package, by its path or by its descriptor's",
          "[ovfkit][package][folder]") {
    const SampleFolder folder;
    expect_whole(folder.path());
    expect_whole(folder.path("shop.ovf"));
    KeepingHandler handler;
    const auto report = read_at(folder.path(), handler);
    std::vector<std::string> names;
    for (const auto& member : report.members) {
        names.push_back(member.name);
    }
    CHECK(names == std::vector<std::string>{"shop.ovf", "shop.mf", "db-disk1.vmdk", "web.iso"});
    CHECK(report.source == folder.path());
}

TEST_CASE("a folder needs exactly one descriptor", "[ovfkit][package][folder]") {
    const SampleFolder folder;
    folder.put("._shop.ovf", "litter");
    expect_whole(folder.path());
    folder.put("other.ovf", tests::sample_descriptor());
    CHECK(refusal(folder.path()).find("holds 2 descriptors, 'other.ovf' and 'shop.ovf'") !=
          std::string::npos);
    expect_whole(folder.path("shop.ovf"));
    const base::TempDir empty;
    CHECK(refusal(empty.path().string()).find("holds no descriptor") != std::string::npos);
    CHECK(tests::error_of([] { open_package("/nowhere/shop.ovf"); }).kind() ==
          base::ErrorKind::not_found);
}

TEST_CASE("a changed or missing file of a folder is found", "[ovfkit][package][folder]") {
    const SampleFolder folder;
    folder.put("web.iso", "other");
    CHECK(refusal(folder.path()).find("member 'web.iso' does not match the manifest") !=
          std::string::npos);
    std::filesystem::remove(folder.path("web.iso"));
    CHECK(refusal(folder.path()).find("the manifest lists 'web.iso'") != std::string::npos);
    folder.put("shop.mf", tests::manifest_line("shop.ovf", tests::sample_descriptor()) +
                              tests::manifest_line("db-disk1.vmdk", tests::kSampleDisk));
    CHECK(refusal(folder.path()).find("refers to 'web.iso', which is not in the package") !=
          std::string::npos);
}

TEST_CASE("import-security 1: links and odd files of a folder are not followed",
          "[ovfkit][package][folder][hostile]") {
    const SampleFolder folder;
    std::filesystem::rename(folder.path("web.iso"), folder.path("real.iso"));
    std::filesystem::create_symlink("real.iso", folder.path("web.iso"));
    CHECK(refusal(folder.path()) == "'web.iso' is a symbolic link, or lies behind one");
    std::filesystem::remove(folder.path("web.iso"));
    REQUIRE(::mkfifo(folder.path("web.iso").c_str(), 0600) == 0);
    CHECK(refusal(folder.path()) == "'web.iso' is not a regular file");
}

TEST_CASE("import-security 1: a folder behind a link is not entered",
          "[ovfkit][package][folder][hostile]") {
    const SampleFolder folder;
    folder.put("shop.ovf",
               tests::sample_descriptor(R"(<File ovf:id="f1" ovf:href="sub/db-disk1.vmdk"/>)"));
    std::filesystem::remove(folder.path("shop.mf"));
    folder.put("sub/db-disk1.vmdk", "disk");
    KeepingHandler handler;
    read_at(folder.path(), handler);
    CHECK(handler.members.at("sub/db-disk1.vmdk") == "disk");
    std::filesystem::rename(folder.path("sub"), folder.path("real"));
    std::filesystem::create_directory_symlink("real", folder.path("sub"));
    CHECK(refusal(folder.path()) == "'sub/db-disk1.vmdk' is a symbolic link, or lies behind one");
}

TEST_CASE("import-security 3: an href that leaves the folder opens nothing",
          "[ovfkit][package][folder][hostile]") {
    for (const std::string href :
         {"../secret", "/etc/passwd", "..%2fsecret", "file:///etc/passwd"}) {
        const SampleFolder folder;
        folder.put("package/shop.ovf",
                   tests::sample_descriptor("<File ovf:id=\"f1\" ovf:href=\"" + href + "\"/>"));
        folder.put("secret", "secret");
        KeepingHandler handler;
        tests::error_of([&] { read_at(folder.path("package"), handler); });
        CHECK(handler.members.empty());
    }
}

TEST_CASE("names of any length are read from a folder", "[ovfkit][package][folder]") {
    const SampleFolder folder;
    const std::string name = std::string(120, 'n') + "/" + std::string(150, 'm') + ".vmdk";
    folder.put("shop.ovf",
               tests::sample_descriptor("<File ovf:id=\"f1\" ovf:href=\"" + name + "\"/>"));
    std::filesystem::remove(folder.path("shop.mf"));
    folder.put(name, tests::kSampleDisk);
    KeepingHandler handler;
    read_at(folder.path(), handler);
    CHECK(handler.members.at(name) == tests::kSampleDisk);
}

TEST_CASE("gzip, xz and zstd are unpacked on the way", "[ovfkit][package][compressed]") {
    const base::TempDir dir;
    for (const std::string filter : {"gzip", "xz", "zstd -q", "gzip -1", "xz -0"}) {
        CAPTURE(filter);
        expect_whole(packed_by(dir, filter));
    }
    // Several gzip members in a row, and zeros at the end.
    expect_whole(packed_by(
        dir, "sh -c 'head -c 5000 | gzip -c; cat >rest; gzip -c <rest; head -c 999 /dev/zero' "));
}

TEST_CASE("compressed data that are cut off or damaged are refused",
          "[ovfkit][package][compressed]") {
    const base::TempDir dir;
    for (const std::string filter : {"gzip", "xz", "zstd -q"}) {
        CAPTURE(filter);
        const std::string whole = base::read_file(packed_by(dir, filter));
        const std::string path = (dir.path() / "spoiled").string();
        for (const std::size_t size : {whole.size() - 1, whole.size() / 2, std::size_t{30}}) {
            base::write_file(path, whole.substr(0, size));
            const std::string message = refusal(path);
            CHECK(message.find("end too early") != std::string::npos);
        }
        std::string damaged = whole;
        damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
        base::write_file(path, damaged);
        CHECK(tests::error_of([&] {
                  KeepingHandler handler;
                  read_at(path, handler);
              }).kind() == base::ErrorKind::invalid_input);
    }
    base::write_file(dir.path() / "tail",
                     base::read_file(packed_by(dir, "gzip")) + std::string(8, '\0') + "x");
    CHECK(refusal((dir.path() / "tail").string()).find("no gzip data follows") !=
          std::string::npos);
}

TEST_CASE("a compression bomb is given up", "[ovfkit][package][compressed][hostile]") {
    // A filter that makes as much of each byte as is asked for.
    struct Bomb : public ovfkit::Unpacker {
        Step step(std::span<const std::byte> in, std::span<std::byte> out, bool) override {
            return {in.empty() ? std::size_t{0} : std::size_t{1}, out.size()};
        }
    };
    ovfkit::UnpackingSource source(
        std::make_unique<base::MemorySource>(std::string(10000, 'x'), "bomb.ova"),
        std::make_unique<Bomb>());
    std::vector<std::byte> buffer(1U << 20U);
    std::uint64_t read = 0;
    const auto error = tests::error_of([&] {
        while (const std::size_t got = source.read(buffer)) {
            read += got;
        }
    });
    CHECK(error.message() == "'bomb.ova': it unpacks to more than 1100 times its size");
    CHECK(read == base::kGiB);
}

TEST_CASE("a package that lies in a folder of the archive is found", "[ovfkit][package]") {
    const base::TempDir dir;
    base::make_dirs(dir.path() / "shop 1.0");
    const auto put = [&](const std::string& name, std::string_view data) {
        base::write_file(dir.path() / "shop 1.0" / name, data);
    };
    put("shop.ovf", tests::sample_descriptor());
    put("db-disk1.vmdk", tests::kSampleDisk);
    put("web.iso", tests::kSampleIso);
    put("shop.mf", tests::sample_manifest());
    // The manifest before the descriptor too, and the descriptor last.
    for (const std::string order :
         {"'shop 1.0'",
          "'shop 1.0/shop.mf' 'shop 1.0/web.iso' 'shop 1.0/shop.ovf' 'shop 1.0/db-disk1.vmdk'",
          "'shop 1.0/db-disk1.vmdk' 'shop 1.0/shop.mf' 'shop 1.0/web.iso' 'shop 1.0/shop.ovf'"}) {
        CAPTURE(order);
        base::run_checked(
            {.argv = {"sh", "-c", "tar -cf x.tar " + order + " && gzip -c x.tar >x.tgz"},
             .cwd = dir.path()});
        expect_whole((dir.path() / "x.tar").string());
        expect_whole((dir.path() / "x.tgz").string());
        KeepingHandler handler;
        const auto report = read_at((dir.path() / "x.tgz").string(), handler);
        CHECK(report.descriptor_name == "shop.ovf");
        CHECK(std::any_of(report.findings.begin(), report.findings.end(),
                          [](const auto& finding) { return finding.code == "in_folder"; }));
    }
}

TEST_CASE("the form of a package is found by its first bytes", "[ovfkit][package]") {
    const auto form = [](std::string_view text) {
        return ovfkit::find_package_form(base::as_bytes(text));
    };
    CHECK(form(tests::sample_package()) == PackageForm::tar);
    CHECK(form(tests::sample_descriptor()) == PackageForm::xml);
    CHECK(form("\xef\xbb\xbf <Envelope/>") == PackageForm::xml);
    CHECK(form("PK\x03\x04") == PackageForm::zip);
    CHECK(form("\x1f\x8b\x08") == PackageForm::gzip);
    CHECK(form("") == PackageForm::unknown);
    CHECK(form("KDMV") == PackageForm::unknown);
}

TEST_CASE("a descriptor alone is opened as it is when that is asked for", "[ovfkit][package]") {
    const SampleFolder folder;
    const auto source = open_package(folder.path("shop.ovf"), {.bare_descriptor = true});
    std::string text(tests::sample_descriptor().size() + 10, '\0');
    text.resize(source->read(std::as_writable_bytes(std::span(text))));
    CHECK(text == tests::sample_descriptor());
    CHECK(ovfkit::find_folder_descriptor(folder.path()) == folder.path("shop.ovf"));
    CHECK(ovfkit::find_folder_descriptor(folder.path("web.iso")) == std::nullopt);
    CHECK(ovfkit::find_folder_descriptor("-") == std::nullopt);
}
