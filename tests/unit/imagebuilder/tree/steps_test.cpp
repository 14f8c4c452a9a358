// SPDX-License-Identifier: Apache-2.0
// Steps in a hand-made tree of busybox: no bootstrap. Needs user namespaces.
#include "imagebuilder/tree/steps.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/disk/initrd.h"
#include "imagebuilder/tree/layers.h"
#include "imagebuilder/tree/seal.h"
#include "imagebuilder/tree/tree_builder.h"
#include "tests/support/catch.h"
#include "tests/support/skip.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;

bool can_sandbox() {
    try {
        require_namespaces();
        return true;
    } catch (const base::Error& error) {
        tests::skip(error.message());
        return false;
    }
}

// A cache folder of its own for each case, and a tree that remove_tree() takes away.
struct Fixture {
    base::TempDir dir;
    fs::path tree = dir.path() / "tree";
    std::string old_cache =
        std::getenv("XDG_CACHE_HOME") != nullptr ? std::getenv("XDG_CACHE_HOME") : "";

    Fixture() {
        ::setenv("XDG_CACHE_HOME", (dir.path() / "cache").c_str(), 1);
        make_busybox_tree(tree);
    }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    ~Fixture() {
        remove_tree(tree);
        if (old_cache.empty()) {
            ::unsetenv("XDG_CACHE_HOME");
        } else {
            ::setenv("XDG_CACHE_HOME", old_cache.c_str(), 1);
        }
    }

    static void make_busybox_tree(const fs::path& at) {
        for (const char* folder :
             {"bin", "usr/bin", "usr/sbin", "etc", "proc", "dev", "run", "tmp", "var/log",
              "var/lib/apt/lists", "var/cache/apt/archives", "root"}) {
            base::make_dirs(at / folder);
        }
        fs::copy_file(find_static_busybox(), at / "bin/busybox");
        for (const char* applet :
             {"sh", "cat", "mkdir", "rm", "chown", "chmod", "ls", "echo", "find", "tar", "cp", "id",
              "cut", "seq", "test", "ln", "touch"}) {
            fs::create_symlink("busybox", at / "bin" / applet);
        }
        fs::create_symlink("../../bin/busybox", at / "usr/bin/env");
        base::write_file(at / "etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:33:33::/:/bin/sh\n");
        base::write_file(at / "etc/group", "root:x:0:\nweb:x:33:\n");
    }
    StepContext context() const { return {tree, nullptr, {}}; }
    void apply(const Action& action) const {
        apply_step(context(), dir.path(), {action, "recipe.yaml:7:3"});
    }
};

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("steps change the tree and nothing else", "[imagebuilder][steps]") {
    if (!can_sandbox()) {
        return;
    }
    const Fixture fixture;
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
    if (!can_sandbox()) {
        return;
    }
    const Fixture fixture;
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
    if (!can_sandbox()) {
        return;
    }
    const Fixture fixture;
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
    if (!can_sandbox()) {
        return;
    }
    const Fixture fixture;
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

TEST_CASE("a failed segment is not kept as a layer, a finished one is used again",
          "[imagebuilder][layers]") {
    if (!can_sandbox()) {
        return;
    }
    const Fixture fixture;
    base::make_dirs(fixture.dir.path() / "apt/lists");
    base::make_dirs(fixture.dir.path() / "apt/archives");
    base::write_file(fixture.dir.path() / "apt/apt.conf", "");
    AptIndex apt;
    apt.folder = fixture.dir.path() / "apt";
    apt.digest = "index";
    const auto load = [&](const std::string& last) {
        base::make_dirs(fixture.dir.path() / "base");
        base::make_dirs(fixture.dir.path() / "top");
        base::write_file(fixture.dir.path() / "base/recipe.yaml",
                         "name: base\nsource: { bootstrap: debian, release: bookworm }\n"
                         "run: echo base >>/etc/steps\n");
        base::write_file(fixture.dir.path() / "top/recipe.yaml",
                         "name: top\nfrom: ../base\nrun: " + last + "\n");
        return load_recipe(fixture.dir.path() / "top");
    };
    const auto build = [&](const Recipe& recipe, const fs::path& tree) {
        const auto segments = plan_segments(recipe, apt, "test");
        if (!has_layer(segments.front().key)) {
            store_layer(fixture.tree, segments.front().key);  // stands for the bootstrap
        }
        base::make_dirs(tree);
        std::string trace;
        build_tree({tree,
                    true,
                    [&](const std::string& text, bool cached) {
                        trace += (cached ? "c " : "r ") + text + "|";
                    },
                    {}},
                   segments, apt);
        return trace;
    };
    const Recipe failing = load("exit 9");
    CHECK_THROWS_AS(build(failing, fixture.dir.path() / "t1"), base::Error);
    remove_tree(fixture.dir.path() / "t1");
    CHECK_FALSE(has_layer(plan_segments(failing, apt, "test").back().key));

    const std::string trace = build(load("echo top >>/etc/steps"), fixture.dir.path() / "t2");
    CHECK(trace ==
          "c bootstrap bookworm|c run: echo base >>/etc/steps|r run: echo top >>/etc/steps|");
    CHECK(base::read_file(fixture.dir.path() / "t2/etc/steps") == "base\ntop\n");
    remove_tree(fixture.dir.path() / "t2");
    CHECK_FALSE(fs::exists(fixture.dir.path() / "t2"));
}
