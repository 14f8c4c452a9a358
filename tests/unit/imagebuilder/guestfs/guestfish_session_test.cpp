// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/guestfs/guestfish_session.h"

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/guestfs/guest_keys.h"
#include "imagebuilder/guestfs/open_guest.h"
#include "imagebuilder/guestfs/read_guest.h"
#include "tests/support/catch.h"

namespace {

using namespace imagebuilder;

// A guestfish of a few lines, first on PATH: "fail" fails, "die" ends it, "key" takes a line.
class FakeGuestfish {
  public:
    FakeGuestfish() {
        const std::filesystem::path program = dir_.path() / "guestfish";
        base::write_file(program, R"(#!/bin/bash
while read -r line; do
    case $line in
        "-echo "*) echo "${line#-echo }" ;;
        -fail*) echo "*stdin*:3: libguestfs: error: fail: no such thing" >&2 ;;
        -die*) echo "libguestfs: error: appliance closed" >&2; exit 1 ;;
        -key*) read -r secret; echo "got ${#secret} bytes" ;;
        *) printf '%s' "said $line" ;;
    esac
done
)",
                         0755);
        const char* old = std::getenv("PATH");
        old_ = old == nullptr ? "" : old;
        ::setenv("PATH", (dir_.path().string() + ":" + old_).c_str(), 1);
    }
    FakeGuestfish(const FakeGuestfish&) = delete;
    FakeGuestfish& operator=(const FakeGuestfish&) = delete;
    ~FakeGuestfish() { ::setenv("PATH", old_.c_str(), 1); }

  private:
    base::TempDir dir_;
    std::string old_;
};

base::ErrorKind key_error(const std::string& selector) {
    try {
        parse_guest_key(selector);
    } catch (const base::Error& error) {
        CAPTURE(error.message());
        CHECK(error.message().find("geheim") == std::string::npos);
        return error.kind();
    }
    FAIL("'" << selector << "' was taken");
    return base::ErrorKind::internal;
}

}  // namespace

TEST_CASE("words reach guestfish as they are", "[imagebuilder][guestfs]") {
    CHECK(guestfish_line({"mount", "/dev/sda1", "/"}) == R"(mount "/dev/sda1" "/")");
    CHECK(guestfish_line({"sh", "a \"b\" \\c | d"}) == R"(sh "a \"b\" \\c | d")");
    CHECK(guestfish_line({"echo", "a\nb\tc"}) == R"(echo "a\x0ab\x09c")");
    CHECK(guestfish_item("echo 'a b' \\c") == R"('echo \'a b\' \c')");
    CHECK_THROWS_AS(guestfish_line({"echo", std::string("a\0b", 3)}), base::Error);
    CHECK_THROWS_AS(guestfish_line({"echo", std::string(9000, 'x')}), base::Error);
}

TEST_CASE("one guestfish answers one command after the other", "[imagebuilder][guestfs]") {
    const FakeGuestfish fake;
    GuestfishSession session({});
    CHECK(session.run({"list"}) == "said -list");
    CHECK(session.find({"fail"}) == std::nullopt);
    CHECK_THROWS_WITH(session.run({"fail"}), "libguestfs: fail: no such thing");
    CHECK(session.run({"key", "/dev/sda2"}, "a secret") == "got 8 bytes\n");
    CHECK(session.run({"again"}) == "said -again");
    CHECK_THROWS_WITH(session.run({"die"}), "libguestfs: appliance closed");
}

TEST_CASE("selectors of keys are virt-customize's", "[imagebuilder][guestfs]") {
    const base::TempDir dir;
    const std::string file = (dir.path() / "key").string();
    base::write_file(file, "from a file\nsecond line\n");
    const GuestKey typed = parse_guest_key("/dev/sda2:key:with:colon");
    CHECK(typed.id == "/dev/sda2");
    CHECK(typed.secret == "with:colon");
    CHECK(parse_guest_key("all:file:" + file).secret == "from a file");

    CHECK(key_error("geheim") == base::ErrorKind::usage);
    CHECK(key_error(":key:geheim") == base::ErrorKind::usage);
    CHECK(key_error("all:keys:geheim") == base::ErrorKind::usage);
    CHECK(key_error("all:key:") == base::ErrorKind::usage);
    CHECK(key_error("all:key:geheim\nzwei") == base::ErrorKind::usage);
    CHECK(key_error("all:clevis") == base::ErrorKind::unsupported);
    CHECK(key_error("all:file:" + file + ".not") == base::ErrorKind::not_found);
    base::write_file(file, "\n");
    CHECK(key_error("all:file:" + file) == base::ErrorKind::invalid_input);
}

TEST_CASE("keys are for a device by its name, its UUID or all", "[imagebuilder][guestfs]") {
    const std::vector<GuestKey> keys{{"/dev/sda2", "one"}, {"0A1B-2c", "two"}, {"all", "three"}};
    const auto secrets = [&](const char* device, const char* uuid) {
        std::string text;
        for (const GuestKey& key : keys_for(keys, device, uuid)) {
            text += key.secret + " ";
        }
        return text;
    };
    CHECK(secrets("/dev/sda2", "") == "one three ");
    CHECK(secrets("/dev/vg/lv", "0a1b-2C") == "two three ");
    CHECK(secrets("/dev/sda3", "") == "three ");
}

TEST_CASE("what libguestfs lists of a disk is read with care", "[imagebuilder][guestfs]") {
    const auto systems =
        parse_filesystems("/dev/sda1: ext4\nnonsense\n/dev/vg/a: b: crypto_LUKS\n");
    REQUIRE(systems.size() == 2);
    CHECK(systems[0] == std::pair<std::string, std::string>("/dev/sda1", "ext4"));
    CHECK(systems[1].second == "crypto_LUKS");
    const auto mounts = parse_mountpoints("/boot/efi: /dev/sda1\n/: /dev/sda3\n/boot: /dev/sda2\n");
    REQUIRE(mounts.size() == 3);
    CHECK(mounts[0].first == "/");
    CHECK(mounts[2].first == "/boot/efi");
    CHECK(plain_answer("Debian\x1b[31m 12\nsecond") == "Debian\\x1b[31m 12");
    CHECK(plain_answer(std::string(1000, 'x')).size() == 200);
}

TEST_CASE("applications are read out of libguestfs's list and rpm's", "[imagebuilder][guestfs]") {
    const auto listed = parse_applications(
        "[0] = {\n  app2_name: bash\n  app2_display_name: \n  app2_epoch: 0\n  app2_version: 5.2\n"
        "  app2_release: 1.fc39\n  app2_arch: x86_64\n}\n[1] = {\n  app2_name: evil\x1b[2J\n"
        "app2_version: 9\n  app2_unknown: x\n}\n[2] = {\n  app2_version: 1\n}\n");
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].name == "bash");
    CHECK(listed[0].release == "1.fc39");
    CHECK(listed[0].architecture == "x86_64");
    CHECK(listed[1].name == "evil\\x1b[2J");
    CHECK(listed[1].version.empty());
    const auto rpm = parse_rpm_list(
        "bash\t0\t5.2\t1.fc39\tx86_64\ngpg-pubkey\t0\t1\t2\t(none)\nshort\t1\nvim\t2\t9.0\t3\tx86_"
        "64");
    REQUIRE(rpm.size() == 2);
    CHECK(rpm[1].name == "vim");
    CHECK(rpm[1].epoch == "2");
}

TEST_CASE("numbers of the registry are read with care", "[imagebuilder][guestfs]") {
    CHECK(parse_handles("[0] = {\n  hivex_node_h: 4744\n}\n[1] = {\n  hivex_node_h: 1x\n}\n") ==
          std::vector<std::string>{"4744"});
    CHECK(parse_dword(std::string("\x02\0\0\0\n", 5)) == 2U);
    CHECK(parse_dword("\x02") == std::nullopt);
}
