// SPDX-License-Identifier: Apache-2.0
// Steps in a hand-made tree of busybox: no bootstrap. Needs user namespaces.
#include "imagebuilder/tree/steps.h"

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/tree/seal.h"
#include "tests/support/busybox_tree.h"
#include "tests/support/catch.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("steps change the tree and nothing else", "[imagebuilder][steps]") {
    if (!tests::can_sandbox()) {
        return;
    }
    const tests::BusyboxTree fixture;
    fixture.apply(RunCommand{"echo $$ $(id -u) >/etc/ran; ls /dev/null /proc/self/fd >/dev/null"});
    CHECK(base::read_file(fixture.tree / "etc/ran") == "1 0\n");
    fixture.apply(WriteFile{"/srv/deep/file", "two\nlines", 0640, "web:web"});
    CHECK(base::read_file(fixture.tree / "srv/deep/file") == "two\nlines");
    CHECK((fs::status(fixture.tree / "srv/deep/file").permissions() & fs::perms::mask) ==
          static_cast<fs::perms>(0640));
    fixture.apply(WriteFile{"/srv/empty", "", 0600, "root:root"});
    CHECK(fs::file_size(fixture.tree / "srv/empty") == 0);
    CHECK(run_script(fixture.context(), "ls -ln /srv/deep/file | cut -c12-24", {}, "owner")
              .find("33") != std::string::npos);
    // The mounts were the step's own.
    CHECK(fs::is_empty(fixture.tree / "proc"));
    CHECK(fs::is_empty(fixture.tree / "dev"));
}

TEST_CASE("folders and files are copied with the owner asked for", "[imagebuilder][steps]") {
    if (!tests::can_sandbox()) {
        return;
    }
    const tests::BusyboxTree fixture;
    base::make_dirs(fixture.dir.path() / "site/sub");
    base::write_file(fixture.dir.path() / "site/sub/page", "hello", 0755);
    fixture.apply(CopyFiles{"site/sub/page", "/opt/", "root:root", 0600});
    CHECK(base::read_file(fixture.tree / "opt/page") == "hello");
    fs::create_symlink("/etc", fixture.dir.path() / "site/out");
    try {
        fixture.apply(CopyFiles{"site/out", "/opt/etc", "root:root", {}});
        FAIL("accepted");
    } catch (const base::Error& error) {
        CHECK(contains(error.message(), "leads out of the recipe's folder"));
    }
}

TEST_CASE("a failing command is reported with its last lines and how to run it again",
          "[imagebuilder][steps]") {
    if (!tests::can_sandbox()) {
        return;
    }
    const tests::BusyboxTree fixture;
    try {
        fixture.apply(RunCommand{"for i in $(seq 100); do echo line-$i; done; exit 3"});
        FAIL("it did not fail");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::external);
        CHECK(contains(error.message(), "recipe.yaml:7:3"));
        CHECK(contains(error.message(), "failed with exit code 3"));
        CHECK(contains(error.message(), "line-100"));
        CHECK(contains(error.message(), "line-61"));
        CHECK_FALSE(contains(error.message(), "line-60\n"));
        CHECK(contains(error.hint(), "chroot " + fixture.tree.string()));
        CHECK(contains(error.hint(), "sh -e -c"));
    }
}

TEST_CASE("sealing empties the machine id and refuses identities it cannot renew",
          "[imagebuilder][seal]") {
    if (!tests::can_sandbox()) {
        return;
    }
    const tests::BusyboxTree fixture;
    base::make_dirs(fixture.tree / "etc/ssh");
    base::make_dirs(fixture.tree / "var/log/x");
    base::write_file(fixture.tree / "etc/machine-id", "0123456789abcdef\n");
    base::write_file(fixture.tree / "etc/ssh/ssh_host_rsa_key", "secret");
    base::write_file(fixture.tree / "var/log/x/log", "line");
    seal_tree(fixture.context());
    CHECK(fs::file_size(fixture.tree / "etc/machine-id") == 0);
    CHECK_FALSE(fs::exists(fixture.tree / "etc/ssh/ssh_host_rsa_key"));
    CHECK_FALSE(fs::exists(fixture.tree / "var/log/x/log"));
    base::make_dirs(fixture.tree / "etc/ssl/private");
    base::write_file(fixture.tree / "etc/ssl/private/ssl-cert-snakeoil.key", "secret");
    try {
        seal_tree(fixture.context());
        FAIL("accepted");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::invalid_input);
        CHECK(contains(error.message(), "ssl-cert-snakeoil.key"));
    }
}
