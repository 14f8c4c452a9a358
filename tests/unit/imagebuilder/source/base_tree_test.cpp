// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/source/base_tree.h"

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "ovfkit/convert/convert.h"
#include "tests/support/cache_folder.h"
#include "tests/support/catch.h"
#include "tests/support/http_server.h"
#include "tests/support/shell.h"

using namespace imagebuilder;
using base::ErrorKind;
using tests::shell;
using Kind = BaseSource::Kind;

namespace {

namespace fs = std::filesystem;

// A disk of a small Debian in a folder of its own, and a cache of its own.
class DiskSourceFolder {
  public:
    explicit DiskSourceFolder(const std::string& os = "ID=debian\nVERSION_CODENAME=bookworm") {
        shell(fmt::format(R"sh(
mkdir -p tree/etc tree/usr/bin
printf '%s\n' '{}' >tree/etc/os-release
echo program >tree/usr/bin/program
echo 'UUID=00000000-0000-0000-0000-000000000000 /srv xfs' >tree/etc/fstab
mke2fs -q -F -t ext4 -d tree disk.raw 16M
debugfs -w -R 'mknod null c 1 3' disk.raw 2>/dev/null
)sh",
                          os),
              path());
    }
    const fs::path& path() const { return dir_.path(); }
    std::string digest() const { return base::sha256_of_file((path() / "disk.raw").string()); }
    std::string names_in(const BaseTree& tree) const {
        return shell(fmt::format("tar --zstd -tf '{}'", tree.tarball.file.string()), path()).out;
    }

  private:
    tests::CacheFolder cache_;
    base::TempDir dir_;
};

BaseSource disk_source(Kind kind, const std::string& location, const std::string& sha256 = "") {
    return {.kind = kind, .location = location, .sha256 = sha256, .system = ""};
}

BaseTree tree_of(const BaseSource& source, const fs::path& folder) {
    Recipe recipe;
    recipe.folder = folder;
    recipe.base = source;
    return get_base_tree(recipe);
}

}  // namespace

TEST_CASE("a disk becomes the first tree of a recipe", "[imagebuilder][source]") {
    const DiskSourceFolder folder;
    const BaseSource source = disk_source(Kind::disk, "disk.raw");
    const BaseTree tree = tree_of(source, folder.path());
    CHECK(tree.name() == "disk disk.raw");
    CHECK(tree.release == "bookworm");
    REQUIRE(tree.notes.size() == 1);
    CHECK(tree.notes[0].find("'/srv' (xfs) is not read") != std::string::npos);
    const std::string names = folder.names_in(tree);
    CHECK(names.find("./usr/bin/program\n") != std::string::npos);
    CHECK(names.find("./null\n") == std::string::npos);
    // The second time it is there; another content is another tree.
    const auto made = fs::last_write_time(tree.tarball.file);
    CHECK(tree_of(source, folder.path()).key == tree.key);
    CHECK(fs::last_write_time(tree.tarball.file) == made);
    shell("debugfs -w -R 'mkdir /more' disk.raw 2>/dev/null", folder.path());
    CHECK(tree_of(source, folder.path()).key != tree.key);
    // What a killed build left is made again.
    base::remove_all(tree.tarball.file);
    CHECK(fs::exists(tree_of(source, folder.path()).tarball.file));
}

TEST_CASE("a disk of a package becomes the first tree of a recipe", "[imagebuilder][source]") {
    const DiskSourceFolder folder;
    ovfkit::ConvertOptions options;
    options.input = (folder.path() / "disk.raw").string();
    options.output = (folder.path() / "box.ova").string();
    options.to = ovfkit::DiskForm::package;
    options.name = "box";
    ovfkit::convert_disk(options);
    BaseSource source = disk_source(Kind::ova, "box.ova");
    source.system = "box";
    const BaseTree tree = tree_of(source, folder.path());
    CHECK(tree.release == "bookworm");
    CHECK(folder.names_in(tree).find("./usr/bin/program\n") != std::string::npos);
    source.system = "other";
    const auto error = tests::error_of([&] { tree_of(source, folder.path()); });
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.hint() == "name one with 'system': box");
    // A flipped byte of the disk is found, whatever the disk would be.
    std::string bytes = base::read_file(folder.path() / "box.ova");
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    base::write_file(folder.path() / "box.ova", bytes);
    source.system = "";
    CHECK(tests::error_of([&] { tree_of(source, folder.path()); }).kind() ==
          ErrorKind::invalid_input);
}

TEST_CASE("the digest of a disk is checked", "[imagebuilder][source]") {
    const DiskSourceFolder folder;
    BaseSource source = disk_source(Kind::image, "disk.raw", folder.digest());
    CHECK(tree_of(source, folder.path()).release == "bookworm");
    source.sha256 = std::string(64, '0');
    const auto error = tests::error_of([&] { tree_of(source, folder.path()); });
    CHECK(error.kind() == ErrorKind::invalid_input);
    CHECK(error.message().find(folder.digest()) != std::string::npos);
    source.location = "none.raw";
    CHECK(tests::error_of([&] { tree_of(source, folder.path()); }).kind() == ErrorKind::not_found);
}

TEST_CASE("an image from the web is fetched once, by its digest", "[imagebuilder][source]") {
    const DiskSourceFolder folder;
    const std::string digest = folder.digest();
    const std::string bytes = base::read_file(folder.path() / "disk.raw");
    BaseTree first;
    BaseSource source = disk_source(Kind::image, "", digest);
    {
        const tests::HttpServer server([&](const std::string&, int) {
            return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", bytes.size(),
                               bytes);
        });
        source.location = server.url("/disk.raw");
        first = tree_of(source, folder.path());
        CHECK(first.release == "bookworm");
        source.sha256 = std::string(64, 'a');
        CHECK(tests::error_of([&] { tree_of(source, folder.path()); }).kind() ==
              ErrorKind::invalid_input);
        CHECK_FALSE(fs::exists(base::cache_dir() / "sources" / source.sha256));
        source.sha256 = digest;
    }
    CHECK(tree_of(source, folder.path()).key == first.key);  // without the server
}

TEST_CASE("a disk of another system is refused", "[imagebuilder][source]") {
    const DiskSourceFolder folder("ID=fedora\nVERSION_CODENAME=");
    const auto error =
        tests::error_of([&] { tree_of(disk_source(Kind::disk, "disk.raw"), folder.path()); });
    CHECK(error.kind() == ErrorKind::unsupported);
    CHECK(error.message() == "disk disk.raw holds 'fedora', not Debian or Ubuntu");
}

TEST_CASE("an os-release is not believed", "[imagebuilder][source]") {
    const OsRelease os = parse_os_release("NAME=x\nID=\"debian\"\nVERSION_CODENAME='trixie'\n");
    CHECK(os.id == "debian");
    CHECK(os.code_name == "trixie");
    CHECK(parse_os_release("ID=debian/../x").id.empty());
    CHECK(parse_os_release("VERSION_CODENAME=$(reboot)").code_name.empty());
    CHECK(parse_os_release("ID=" + std::string(65, 'a')).id.empty());
    CHECK(parse_os_release("").id.empty());
}
