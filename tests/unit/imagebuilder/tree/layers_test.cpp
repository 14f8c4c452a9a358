// SPDX-License-Identifier: Apache-2.0
// A tree that comes from layers is the tree that the steps made. Needs user namespaces, or root.
#include "imagebuilder/tree/layers.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/crypto/digest.h"
#include "base/stream.h"
#include "tests/support/busybox_tree.h"
#include "tests/support/catch.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;

// Everything that can be told of a tree: one line a file, then the digest of its tar stream, which
// has contents, extended attributes and links.
std::string portrait(const fs::path& tree) {
    std::string lines =
        base::run_checked(command_as_owner({"find", tree.string(), "-xdev", "-printf",
                                            "%y %n %T@ %s %m %U %G %P -> %l\\n"}))
            .out;
    std::vector<std::string> sorted;
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = lines.find('\n', at);
        sorted.push_back(lines.substr(at, end - at));
        at = end + 1;
    }
    std::sort(sorted.begin(), sorted.end(), [](const std::string& a, const std::string& b) {
        return a.substr(a.rfind(' ')) + a < b.substr(b.rfind(' ')) + b;
    });
    std::string all;
    for (const std::string& line : sorted) {
        // A folder's size and link count are the file system's business.
        all += (line.front() == 'd' ? "d" + line.substr(line.find(' ', 2)) : line) + "\n";
    }
    base::Digest digest(base::DigestAlgorithm::sha256);
    TreeStream stream(tree);
    std::vector<std::byte> piece(1U << 20U);
    while (const std::size_t got = base::read_some(stream.fd(), piece, "the tree")) {
        digest.update(std::span(piece).first(got));
    }
    stream.finish();
    return all + digest.finish_hex() + "\n";
}

// user::rwx user:ID:r-x group::r-x mask::rwx other::r-x, as the kernel wants it (little endian).
std::string default_acl(std::uint32_t id) {
    std::string text("\2\0\0\0", 4);
    const auto add = [&](unsigned tag, unsigned rights, std::uint32_t whose) {
        for (const unsigned value : {tag, rights}) {
            text += static_cast<char>(value & 0xffU);
            text += static_cast<char>(value >> 8U);
        }
        for (unsigned shift = 0; shift < 32; shift += 8) {
            text += static_cast<char>((whose >> shift) & 0xffU);
        }
    };
    constexpr std::uint32_t kNobody = 0xffffffff;
    add(0x01, 7, kNobody);
    add(0x02, 5, id);
    add(0x04, 5, kNobody);
    add(0x10, 7, kNobody);
    add(0x20, 5, kNobody);
    return text;
}

void set_attribute(const fs::path& path, const std::string& name, const std::string& value) {
    REQUIRE(::lsetxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0) == 0);
}

// Makes a second tree of base and difference and compares the two.
class Twin {
  public:
    explicit Twin(const tests::BusyboxTree& fixture) : fixture_(fixture) {
        pack_tree(fixture.tree, base_);
        before_ = list_tree(fixture.tree);
    }
    TreeDifference check() {
        const TreeDifference difference = compare(before_, list_tree(fixture_.tree));
        const DifferenceFiles files{fixture_.dir.path() / "difference.tar.zst",
                                    fixture_.dir.path() / "difference.removed"};
        pack_difference(fixture_.tree, difference, files);
        const fs::path twin = fixture_.dir.path() / "twin";
        base::make_dirs(twin);
        base::ScopeExit clean([&] { remove_tree(twin); });
        unpack_tree(base_, twin);
        apply_difference(files, twin);
        CHECK(portrait(twin) == portrait(fixture_.tree));
        return difference;
    }

  private:
    const tests::BusyboxTree& fixture_;
    fs::path base_ = fixture_.dir.path() / "base.tar.zst";
    TreeListing before_;
};

bool has(const std::vector<std::string>& paths, const std::string& path) {
    return std::find(paths.begin(), paths.end(), path) != paths.end();
}

}  // namespace

TEST_CASE("a tree's tar may be read no further than it is wanted", "[imagebuilder][layers]") {
    const base::TempDir dir;
    base::write_file(dir.path() / "large", std::string(1U << 20U, 'x'));
    TreeStream stream(dir.path());
    std::vector<std::byte> piece(512);
    REQUIRE(base::read_some(stream.fd(), piece, "the tree") > 0);
    CHECK_NOTHROW(stream.finish());
}

TEST_CASE("base and difference give the tree that a step made", "[imagebuilder][layers]") {
    if (!tests::can_sandbox()) {
        return;
    }
    const tests::BusyboxTree fixture;
    fixture.apply(RunCommand{R"sh(
        mkdir -p /srv/folder/sub /srv/emptied /srv/moved/deep /srv/times /srv/stays
        echo old >/srv/folder/sub/file
        ln -s folder /srv/link
        echo same-size-1 >/srv/times/file
        touch -d '2001-01-01 00:00:00' /srv/times/file /srv/times
        echo linked >/srv/moved/deep/one; ln /srv/moved/deep/one /srv/two; ln /srv/two /srv/three
        echo pair >/srv/pair-a; ln /srv/pair-a /srv/pair-b
        echo x >/srv/emptied/x; echo gone >/srv/gone
        echo owner >/srv/owner; echo mode >/srv/mode; echo plain >/srv/plain
        echo untouched >/srv/stays/untouched; mkfifo /srv/becomes-file
    )sh"});
    Twin twin(fixture);
    fixture.apply(RunCommand{R"sh(
        rm -r /srv/folder; ln -s emptied /srv/folder
        rm /srv/link; mkdir -m 0750 /srv/link; echo in >/srv/link/inside
        echo same-size-2 >/srv/times/file
        touch -d '2001-01-01 00:00:00' /srv/times/file /srv/times
        mv /srv/moved /srv/renamed
        rm /srv/pair-b; echo apart >/srv/pair-b
        rm /srv/emptied/x /srv/gone
        chown web:web /srv/owner; chmod 4711 /srv/mode
        rm /srv/becomes-file; echo file >/srv/becomes-file
        rm /srv/plain; mkfifo -m 0620 /srv/plain; chown web /srv/plain
        mkdir -m 1777 /srv/sticky; echo 'a b' >"$(printf '/srv/new\nline \377 *')"
        chmod 0700 /root; ln /bin/busybox /srv/busybox
    )sh"});
    const TreeDifference difference = twin.check();
    CHECK(has(difference.removed, "./srv/folder"));
    CHECK(has(difference.removed, "./srv/link"));
    CHECK(has(difference.stored, "./srv/times/file"));
    CHECK(has(difference.stored, "./srv/three"));
    CHECK(has(difference.stored, "./bin/busybox"));
    CHECK_FALSE(has(difference.stored, "./srv/stays/untouched"));
    CHECK_FALSE(has(difference.stored, "./etc/passwd"));
}

TEST_CASE("extended attributes come and go with a difference", "[imagebuilder][layers]") {
    if (!tests::can_sandbox()) {
        return;
    }
    const tests::BusyboxTree fixture;
    for (const char* folder : {"srv/added", "srv/taken", "srv/changed", "srv/inherits"}) {
        base::make_dirs(fixture.tree / folder);
    }
    base::write_file(fixture.tree / "srv/file", "content");
    base::write_file(fixture.tree / "srv/inherits/old", "before the rule");
    const std::string acl = default_acl(::getuid() == 0 ? 33 : ::getuid());
    const std::string rule = "system.posix_acl_default";
    set_attribute(fixture.tree / "srv/taken", "user.note", "x");
    set_attribute(fixture.tree / "srv/taken", rule, acl);
    set_attribute(fixture.tree / "srv/changed", "user.note", "x");
    set_attribute(fixture.tree / "srv/file", "user.gone", "x");
    set_attribute(fixture.tree / "srv/inherits", rule, acl);
    Twin twin(fixture);
    set_attribute(fixture.tree / "srv/added", "user.note", std::string("with\0zero", 9));
    set_attribute(fixture.tree / "srv/added", rule, acl);
    REQUIRE(::removexattr((fixture.tree / "srv/taken").c_str(), "user.note") == 0);
    REQUIRE(::removexattr((fixture.tree / "srv/taken").c_str(), rule.c_str()) == 0);
    set_attribute(fixture.tree / "srv/changed", "user.note", "y");
    REQUIRE(::removexattr((fixture.tree / "srv/file").c_str(), "user.gone") == 0);
    // It was there before the folder had a rule: made anew it would inherit it.
    REQUIRE(::chmod((fixture.tree / "srv/inherits/old").c_str(), 0600) == 0);
    const TreeDifference difference = twin.check();
    CHECK(has(difference.folders, "./srv/taken"));
    CHECK(has(difference.stored, "./srv/inherits/old"));
}

TEST_CASE("a step that changes nothing makes no files", "[imagebuilder][layers]") {
    if (!tests::can_sandbox()) {
        return;
    }
    const tests::BusyboxTree fixture;
    fixture.apply(RunCommand{":"});
    Twin twin(fixture);
    fixture.apply(RunCommand{"cat /etc/passwd >/dev/null; echo x >/tmp/y; echo z >/run/z"});
    CHECK(twin.check().empty());
    CHECK_FALSE(fs::exists(fixture.dir.path() / "difference.tar.zst"));
    CHECK_FALSE(fs::exists(fixture.dir.path() / "difference.removed"));
}
