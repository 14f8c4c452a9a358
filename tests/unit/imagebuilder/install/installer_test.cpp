// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/install/installer.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/install/iso_files.h"
#include "imagebuilder/source/base_tree.h"
#include "tests/support/cache_folder.h"
#include "tests/support/catch.h"
#include "tests/support/shell.h"

using namespace imagebuilder;
using base::ErrorKind;

namespace {

namespace fs = std::filesystem;

Recipe install_recipe(const std::string& install) {
    return parse_recipe("name: a\nsource: { iso: a.iso }\ninstall: " + install + "\n", "r.yaml");
}

std::string install_refusal(const std::string& install) {
    return tests::error_of([&] { install_recipe(install); }).message();
}

// A CD with a kernel and an initrd where Debian has them.
fs::path make_small_iso(const fs::path& folder) {
    tests::shell(
        "mkdir -p cd/install.amd; printf kernel >cd/install.amd/vmlinuz; "
        "printf initrd >cd/install.amd/initrd.gz; "
        "xorriso -as mkisofs -quiet -R -o a.iso cd",
        folder);
    return folder / "a.iso";
}

}  // namespace

TEST_CASE("an installation is read from a recipe", "[imagebuilder][install]") {
    const InstallSpec spec =
        *install_recipe(
             "{ kickstart: a.ks, kernel: /k, initrd: /i, kernel_arguments: [quiet], disk: 4 GiB, "
             "memory: 1 GiB, timeout: 90 min }")
             .install;
    CHECK(spec.kind == InstallSpec::Kind::kickstart);
    CHECK(spec.answers == "a.ks");
    CHECK(spec.kernel == "/k");
    CHECK(spec.disk_bytes == std::uint64_t{4} << 30U);
    CHECK(spec.memory_bytes == std::uint64_t{1} << 30U);
    CHECK(spec.timeout == std::chrono::minutes(90));
    CHECK_THAT(install_refusal("{ }"), Catch::Contains("needs its answers"));
    CHECK_THAT(install_refusal("{ preseed: a, kickstart: b }"), Catch::Contains("one file"));
    CHECK_THAT(install_refusal("{ preseed: '' }"), Catch::Contains("names no file"));
    CHECK_THAT(install_refusal("{ preseed: a, timeout: 2 days }"), Catch::Contains("time limit"));
    CHECK_THAT(install_refusal("{ preseed: a, disk: 1 MiB }"), Catch::Contains("must be between"));
    CHECK_THAT(install_refusal("{ preseed: a, colour: red }"), Catch::Contains("colour"));
    const auto refusal = [](const std::string& text) {
        return tests::error_of([&] { parse_recipe(text, "r.yaml"); }).message();
    };
    CHECK_THAT(refusal("source: { iso: a.iso }\n"),
               Catch::Contains("nothing says how it installs"));
    CHECK_THAT(refusal("source: { disk: a }\ninstall: { preseed: b }\n"),
               Catch::Contains("starts from a CD"));
    CHECK_THAT(refusal("source: { iso: 'https://x/a.iso' }\n"),
               Catch::Contains("needs its digest"));
}

TEST_CASE("each installer is told its answers in its own way", "[imagebuilder][install]") {
    InstallSpec spec{.answers = "a", .kernel_arguments = {"quiet"}};
    CHECK_THAT(plan_installation(spec, "text").command_line,
               Catch::Contains("preseed/file=/preseed.cfg") && Catch::EndsWith(" quiet"));
    CHECK(plan_installation(spec, "text").answers.empty());
    const std::string initrd = initrd_with_answers(spec, "12345", "the answers");
    CHECK(initrd.starts_with(std::string("12345\0\0\0", 8) + "070701"));
    CHECK(initrd.find("preseed.cfg") != std::string::npos);
    CHECK(initrd.find("the answers") != std::string::npos);
    spec.kind = InstallSpec::Kind::kickstart;
    CHECK_THAT(plan_installation(spec, "").command_line, Catch::Contains("inst.ks=file:/ks.cfg"));
    spec.kind = InstallSpec::Kind::autoinstall;
    const InstallMachine machine = plan_installation(spec, "the answers");
    CHECK(machine.answers_label == "CIDATA");
    REQUIRE(machine.answers.size() == 2);
    CHECK(machine.answers[0] == std::pair<std::string, std::string>("user-data", "the answers"));
    CHECK(initrd_with_answers(spec, "12345", "the answers") == "12345");
}

TEST_CASE("files are read out of a CD", "[imagebuilder][install]") {
    const base::TempDir dir;
    const fs::path iso = make_small_iso(dir.path());
    CHECK(read_iso_file(iso, "/install.amd/vmlinuz") == "kernel");
    CHECK(read_iso_file(iso, "INSTALL.AMD/initrd.gz") == "initrd");
    const auto missing = tests::error_of([&] { read_iso_file(iso, "/install.amd/linux"); });
    CHECK(missing.kind() == ErrorKind::not_found);
    CHECK_THAT(missing.hint(), Catch::Contains("/install.amd/vmlinuz"));
    base::write_file(dir.path() / "none.iso", std::string(100000, 'x'));
    CHECK(tests::error_of([&] { read_iso_file(dir.path() / "none.iso", "/a"); }).kind() ==
          ErrorKind::invalid_input);
    // Cut at any place: an error or the right bytes, never a crash.
    const std::string bytes = base::read_file(iso);
    for (std::size_t size = 0; size < bytes.size(); size += 30011) {
        base::write_file(dir.path() / "short.iso", bytes.substr(0, size));
        try {
            const std::string read =
                read_iso_file(dir.path() / "short.iso", "/install.amd/vmlinuz");
            CHECK(read == "kernel");
        } catch (const base::Error& error) {
            CHECK(
                (error.kind() == ErrorKind::invalid_input || error.kind() == ErrorKind::not_found));
        }
    }
}

TEST_CASE("a CD is installed from once, by its digest and answers", "[imagebuilder][install]") {
    const tests::CacheFolder cache;
    const base::TempDir dir;
    make_small_iso(dir.path());
    base::write_file(dir.path() / "answers", "one");
    Recipe recipe = install_recipe("{ preseed: answers }");
    recipe.folder = dir.path();
    int runs = 0;
    const auto install = [&](const InstallMachine& machine) {
        ++runs;
        CHECK(base::read_file(machine.kernel) == "kernel");
        CHECK(base::read_file(machine.initrd).starts_with("initrd"));
        CHECK(machine.disk_bytes == std::uint64_t{8} << 30U);
        tests::shell(
            fmt::format("mkdir -p t/etc; cp answers t/etc/answers; "
                        "printf 'ID=debian\\nVERSION_CODENAME=bookworm\\n' >t/etc/os-release; "
                        "mke2fs -q -F -t ext4 -d t '{}' 16M",
                        machine.disk.string()),
            dir.path());
    };
    const BaseTree first = get_base_tree(recipe, {std::nullopt, install});
    CHECK(first.name() == "iso a.iso");
    CHECK(first.release == "bookworm");
    CHECK(get_base_tree(recipe, {std::nullopt, install}).key == first.key);
    CHECK(get_base_tree(recipe).key == first.key);  // nothing has to run
    CHECK(runs == 1);
    base::write_file(dir.path() / "answers", "two");
    CHECK(tests::error_of([&] { get_base_tree(recipe); }).kind() == ErrorKind::unsupported);
    CHECK(get_base_tree(recipe, {std::nullopt, install}).key != first.key);
    CHECK(runs == 2);
    fs::remove(dir.path() / "answers");
    const auto missing = tests::error_of([&] { get_base_tree(recipe); });
    CHECK(missing.kind() == ErrorKind::not_found);
    CHECK_THAT(missing.message(), Catch::Contains("no preseed file"));
}
