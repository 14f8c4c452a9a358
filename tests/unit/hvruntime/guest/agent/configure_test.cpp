// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/config/configure.h"

#include "base/file.h"
#include "base/process.h"
#include "hvruntime/guest/agent/channel/local_request.h"
#include "hvruntime/guest/agent/config/iso_reader.h"
#include "hvruntime/guest/agent/hooks.h"
#include "hvruntime/guest/agent/properties.h"
#include "ovfkit/env/ovf_env.h"
#include "tests/support/catch.h"

namespace {

using namespace hvruntime::agent;
namespace fs = std::filesystem;

struct Fixture {
    base::TempDir dir;
    Places places{dir.path() / "root"};
    fs::path iso = dir.path() / "env.iso";

    Fixture() {
        base::make_dirs(places.at("/etc"));
        base::make_dirs(places.at("/root"));
        base::write_file(places.at("/etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n");
        base::write_file(places.at("/etc/shadow"), "root:*:19000:0:99999:7:::\nbin:*:1::::::\n",
                         0640);
    }
    void make_iso(const std::vector<ovfkit::EnvProperty>& properties, const std::string& machine,
                  const std::vector<std::string>& options) {
        const base::TempDir tree;
        base::write_file(
            tree.path() / "ovf-env.xml",
            ovfkit::write_ovf_env(
                {.id = "m", .platform = {}, .properties = properties, .siblings = {}}));
        base::write_file(tree.path() / "muster.json", machine);
        std::vector<std::string> argv{"xorriso", "-as", "mkisofs", "-quiet", "-V", "OVF ENV"};
        argv.insert(argv.end(), options.begin(), options.end());
        argv.insert(argv.end(), {"-o", iso.string(), tree.path().string()});
        base::run_checked({.argv = argv});
    }
    std::string read(const char* path) { return base::read_file(places.at(path)); }
};

TEST_CASE_METHOD(Fixture, "configure makes of a CD what it says", "[hvruntime][guest]") {
    const auto options =
        GENERATE(std::vector<std::string>{"-R"}, std::vector<std::string>{"-iso-level", "2"},
                 std::vector<std::string>{"-R", "-J"});
    const std::string tricky = "\"&<>\n\t\xF0\x9F\x98\x80'";
    make_iso({{"title", tricky}, {"password", "s3cret"}, {"public-keys", "ssh-ed25519 AAAA a@b"}},
             R"({"hostname":"db","domain":"guestbook","instance_id":"i-1","dns":["10.84.0.3"],
                 "interfaces":[{"mac":"52:54:00:00:00:01","address":"10.84.0.10/24"}]})",
             options);
    run_configure({.places = places, .image = iso});
    CHECK(read_properties(places).at("title") == tricky);
    CHECK(read("/etc/hostname") == "db\n");
    CHECK(read("/etc/hosts").find("10.84.0.10 db.guestbook db\n") != std::string::npos);
    CHECK(read("/etc/resolv.conf").find("nameserver 10.84.0.3\n") != std::string::npos);
    CHECK(read("/root/.ssh/authorized_keys") == "ssh-ed25519 AAAA a@b\n");
    CHECK(read("/etc/shadow").starts_with("root:$6$"));
    CHECK(read("/etc/shadow").find("bin:*:1::::::\n") != std::string::npos);
    CHECK(read("/run/systemd/network/10-muster-525400000001.network").find("10.84.0.10/24") !=
          std::string::npos);
    CHECK((fs::status(places.properties()).permissions() & fs::perms::all) ==
          (fs::perms::owner_read | fs::perms::owner_write));

    // A later boot of the same instance leaves the password alone; another instance does not.
    base::write_file(places.at("/etc/shadow"), "root:changed:19000::::::\n");
    run_configure({.places = places, .image = iso});
    CHECK(read("/etc/shadow").starts_with("root:changed:"));
    CHECK(read("/root/.ssh/authorized_keys") == "ssh-ed25519 AAAA a@b\n");
    make_iso({{"password", "other"}}, R"({"instance_id":"i-2"})", options);
    run_configure({.places = places, .image = iso});
    CHECK(read("/etc/shadow").starts_with("root:$6$"));
}

TEST_CASE_METHOD(Fixture, "one bad step does not take the others with it and is reported",
                 "[hvruntime][guest]") {
    make_iso({{"password", "x"}, {"muster.user", "nobody-here"}},
             R"({"hostname":"db","instance_id":"i-1"})", {"-R"});
    const base::Error error =
        tests::error_of([&] { run_configure({.places = places, .image = iso}); });
    CHECK(error.kind() == base::ErrorKind::partial);
    CHECK(read("/etc/hostname") == "db\n");
    CHECK_FALSE(fs::exists(places.instance_id()));  // again at the next boot
    bool reported = false;
    for (const auto& entry : fs::directory_iterator(places.spool())) {
        const LocalRequest request = parse_local_request(base::read_file(entry.path()));
        reported = request.writes.at(0).key == "muster.configure.error" &&
                   request.writes.at(0).value->find("nobody-here") != std::string::npos;
    }
    CHECK(reported);
}

TEST_CASE_METHOD(Fixture, "what is no CD is refused", "[hvruntime][guest]") {
    base::write_file(iso, std::string(100'000, 'x'));
    CHECK(tests::error_of([&] { run_configure({.places = places, .image = iso}); }).kind() ==
          base::ErrorKind::invalid_input);
}

TEST_CASE_METHOD(Fixture, "a CD cut anywhere is refused or read, never more",
                 "[hvruntime][guest]") {
    make_iso({{"title", "x"}}, "{}", {"-R"});
    const std::string whole = base::read_file(iso);
    for (std::size_t length = 0; length < whole.size(); length += 1024) {
        const std::string_view cut = std::string_view(whole).substr(0, length);
        const auto read_at = [&](std::uint64_t offset, std::span<std::byte> buffer) -> std::size_t {
            if (offset >= cut.size()) {
                return 0;
            }
            const std::string_view piece = cut.substr(offset, buffer.size());
            std::copy(piece.begin(), piece.end(),
                      reinterpret_cast<char*>(buffer.data()));  // SAFETY: bytes as characters
            return piece.size();
        };
        try {
            const auto file = IsoReader(read_at).read_root_file("ovf-env.xml", 1U << 20U);
            CHECK(file.value_or("").find("title") != std::string::npos);
        } catch (const base::Error& error) {
            CHECK(error.kind() == base::ErrorKind::invalid_input);
        }
    }
}

TEST_CASE_METHOD(Fixture, "first-boot hooks run once, configuration hooks at every boot",
                 "[hvruntime][guest]") {
    const auto hook = [&](const fs::path& folder, const std::string& name,
                          const std::string& body) {
        base::make_dirs(folder);
        base::write_file(folder / name, "#!/bin/sh\n" + body + "\n", 0755);
    };
    const std::string log = dir.path() / "log";
    hook(places.first_boot_hooks(), "10-a", "echo first >> " + log);
    hook(places.first_boot_hooks(), "20-b",
         "test -e " + log + ".fixed || { echo broken; exit 3; }");
    hook(places.configure_hooks(), "10-c", "echo every >> " + log);
    const base::Error error = tests::error_of([&] { run_hooks({.places = places}); });
    CHECK(error.kind() == base::ErrorKind::partial);
    base::write_file(log + ".fixed", "");
    run_hooks({.places = places});
    run_hooks({.places = places});
    CHECK(base::read_file(log) == "first\nevery\nevery\nevery\n");
}

}  // namespace
