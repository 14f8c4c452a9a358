// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/source/zip_source.h"

#include <filesystem>

#include "base/file.h"
#include "base/process.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/source/spooled_source.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/package/sample_package.h"

using tests::KeepingHandler;

namespace {

// Archives made by Python's zipfile from files of a folder.
class Zips {
  public:
    Zips() {
        put("shop.ovf", tests::sample_descriptor());
        put("db-disk1.vmdk", tests::kSampleDisk);
        put("web.iso", tests::kSampleIso);
        put("shop.mf", tests::sample_manifest());
    }
    void put(const std::string& name, std::string_view data) const {
        base::make_dirs((dir_.path() / name).parent_path());
        base::write_file(dir_.path() / name, data);
    }
    std::string path(const std::string& name) const { return (dir_.path() / name).string(); }
    // `code` sees z, the open archive.
    std::string make(const std::string& code,
                     const std::string& how = "zipfile.ZIP_DEFLATED") const {
        base::run_checked({.argv = {"python3", "-c",
                                    "import zipfile\n"
                                    "with zipfile.ZipFile('x.zip', 'w', " +
                                        how + ") as z:\n" + code},
                           .cwd = dir_.path()});
        return path("x.zip");
    }
    static std::string all(const std::string& folder = "") {
        return " for n in ('db-disk1.vmdk', 'web.iso', 'shop.mf', 'shop.ovf'): z.write(n, '" +
               folder + "' + n)\n";
    }

  private:
    base::TempDir dir_;
};

ovfkit::PackageReport read_at(const std::string& location, KeepingHandler& handler) {
    const auto source = ovfkit::open_package(location);
    return ovfkit::read_package(*source, handler, {});
}

base::Error refusal(const std::string& location) {
    KeepingHandler handler;
    return tests::error_of([&] { read_at(location, handler); });
}

void expect_whole(const std::string& location) {
    KeepingHandler handler;
    const auto report = read_at(location, handler);
    CHECK(report.manifest.state == ovfkit::CheckState::ok);
    CHECK(handler.members.at("db-disk1.vmdk") == tests::kSampleDisk);
    CHECK(handler.members.at("web.iso") == tests::kSampleIso);
}

}  // namespace

TEST_CASE("a zip archive is read as a package, deflated or stored", "[ovfkit][package][zip]") {
    const Zips zips;
    expect_whole(zips.make(Zips::all()));
    expect_whole(zips.make(Zips::all(), "zipfile.ZIP_STORED"));
    expect_whole(
        zips.make(Zips::all("shop 1.0/") + " z.writestr('__MACOSX/._shop.ovf', 'litter')\n"));
    // zip64 records, as for members over 4 GiB.
    expect_whole(
        zips.make(" for n in ('shop.ovf', 'db-disk1.vmdk', 'web.iso', 'shop.mf'):\n"
                  "  with z.open(n, 'w', force_zip64=True) as f: f.write(open(n,'rb').read())\n"));
}

TEST_CASE("a zip archive with one OVA in it is that OVA", "[ovfkit][package][zip]") {
    const Zips zips;
    zips.put("shop.ova", tests::sample_package());
    expect_whole(zips.make(" z.write('shop.ova')\n z.writestr('__MACOSX/._shop.ova', 'litter')\n"));
}

TEST_CASE("import-security 1: odd members of a zip archive are refused",
          "[ovfkit][package][zip][hostile]") {
    const Zips zips;
    const std::string link =
        " i = zipfile.ZipInfo('web.iso'); i.create_system = 3\n"
        " i.external_attr = 0o120777 << 16; z.writestr(i, '/etc/passwd')\n";
    CHECK(refusal(zips.make(" z.write('shop.ovf')\n" + link))
              .message()
              .find("member 'web.iso' is not a regular file") != std::string::npos);
    CHECK(refusal(zips.make(" z.write('shop.ovf')\n z.writestr('../x', 'x')\n"))
              .message()
              .find("has '..' in its name") != std::string::npos);
    CHECK(refusal(
              zips.make(" z.write('shop.ovf')\n z.writestr('Web.iso', 'x')\n z.write('web.iso')\n"))
              .message()
              .find("occurs twice") != std::string::npos);
    CHECK(refusal(zips.make(" z.write('shop.ovf')\n", "zipfile.ZIP_BZIP2")).kind() ==
          base::ErrorKind::unsupported);
}

TEST_CASE("a damaged zip archive never passes", "[ovfkit][package][zip][hostile]") {
    const Zips zips;
    const std::string whole = base::read_file(zips.make(Zips::all()));
    const std::string path = zips.path("spoiled.zip");
    int refused = 0;
    for (std::size_t at = 0; at < whole.size();
         at += at < 300 || at + 400 > whole.size() ? 1U : 97U) {
        std::string spoiled = whole;
        spoiled[at] = static_cast<char>(spoiled[at] ^ 0x15);
        base::write_file(path, spoiled);
        KeepingHandler handler;
        try {
            read_at(path, handler);
            // Times and the like: what was delivered is what was packed.
            CHECK(handler.members.at("db-disk1.vmdk") == tests::kSampleDisk);
        } catch (const base::Error& error) {
            CHECK((error.kind() == base::ErrorKind::invalid_input ||
                   error.kind() == base::ErrorKind::unsupported));
            ++refused;
        }
    }
    CHECK(refused > 100);
    for (const std::size_t size : {whole.size() - 1, whole.size() / 2, std::size_t{30}}) {
        base::write_file(path, whole.substr(0, size));
        CHECK(refusal(path).kind() == base::ErrorKind::invalid_input);
    }
}

TEST_CASE("members of a zip archive that overlap are refused", "[ovfkit][package][zip][hostile]") {
    const Zips zips;
    std::string bytes = base::read_file(zips.make(" z.write('web.iso')\n z.write('web.iso')\n"));
    // Both directory entries point at the first local header.
    const std::size_t entry = bytes.rfind("PK\x01\x02");
    bytes.replace(entry + 42, 4, 4, '\0');
    base::write_file(zips.path("x.zip"), bytes);
    CHECK(refusal(zips.path("x.zip")).message().find("members of the zip archive overlap") !=
          std::string::npos);
}

TEST_CASE("a zip archive in a stream is kept in a file up to a limit", "[ovfkit][package][zip]") {
    const Zips zips;
    const std::string bytes = base::read_file(zips.make(Zips::all()));
    const auto source =
        ovfkit::unpacked_source(std::make_unique<base::MemorySource>(bytes, "standard input"));
    CHECK(source->name() == "standard input");
    KeepingHandler handler;
    CHECK(ovfkit::read_package(*source, handler, {}).manifest.state == ovfkit::CheckState::ok);
    CHECK(handler.members.at("db-disk1.vmdk") == tests::kSampleDisk);

    base::MemorySource again(bytes, "standard input");
    const auto error = tests::error_of([&] { ovfkit::spooled(again, bytes.size() - 1); });
    CHECK(error.kind() == base::ErrorKind::unsupported);
    CHECK(error.hint().find("save it to a file") != std::string::npos);
}
