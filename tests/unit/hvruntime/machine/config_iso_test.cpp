// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/config_iso.h"

#include <sys/stat.h>

#include "base/file.h"
#include "tests/support/catch.h"

namespace {

// ECMA-119 8.4.8: the volume identifier in the descriptor at sector 16.
std::string label_of(const std::string& iso) {
    return iso.substr(16 * 2048 + 40, 32);
}

}  // namespace

TEST_CASE("the configuration CD-ROM has its label, names and contents", "[hvruntime][machine]") {
    const base::TempDir dir;
    const auto path = dir.path() / "config.iso";
    hvruntime::write_config_iso(path,
                                {.label = "OVF ENV",
                                 .files = {{"ovf-env.xml", "<Environment>one</Environment>", 0400},
                                           {"muster.json", "{\"hostname\": \"db\"}", 0400},
                                           {"empty", "", 0400}}});
    const std::string iso = base::read_file(path);
    CHECK(iso.size() % 2048 == 0);
    CHECK(iso.substr(16 * 2048, 7) == std::string("\1CD001\1"));
    CHECK(label_of(iso) == "OVF ENV" + std::string(25, ' '));
    CHECK(iso.find("ovf-env.xml") != std::string::npos);  // Rock Ridge keeps case and dash
    CHECK(iso.find(std::string("\0o\0v\0f\0-\0e\0n\0v", 14)) != std::string::npos);  // Joliet
    CHECK(iso.find("<Environment>one</Environment>") != std::string::npos);
    CHECK(iso.find("{\"hostname\": \"db\"}") != std::string::npos);
}

TEST_CASE("the configuration CD-ROM is for its owner only and replaces the one before",
          "[hvruntime][machine]") {
    const base::TempDir dir;
    const auto path = dir.path() / "config.iso";
    hvruntime::write_config_iso(path, {.files = {{"a", "first", 0400}}});
    hvruntime::write_config_iso(path, {.files = {{"a", "second", 0400}}});
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600);
    const std::string iso = base::read_file(path);
    CHECK(iso.find("first") == std::string::npos);
    CHECK(iso.find("second") != std::string::npos);
}

TEST_CASE("a CD-ROM that cannot be written leaves nothing", "[hvruntime][machine]") {
    const base::TempDir dir;
    CHECK_THROWS_AS(hvruntime::write_config_iso(dir.path() / "no" / "config.iso",
                                                {.files = {{"a", "x", 0400}}}),
                    base::Error);
    CHECK(std::filesystem::is_empty(dir.path()));
}
