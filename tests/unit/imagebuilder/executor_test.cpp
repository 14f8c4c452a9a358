// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/executor/executor.h"

#include "base/error.h"
#include "imagebuilder/executor/guestfs_executor.h"
#include "tests/support/catch.h"

using namespace imagebuilder;
using base::ErrorKind;

namespace {

Recipe recipe_with(const std::string& source, const std::string& more = "") {
    return parse_recipe("name: a\nsource: " + source + "\n" + more, "r");
}

constexpr const char* kBookworm = "{ bootstrap: debian, release: bookworm }";
constexpr const char* kXfs = "disk: { filesystem: xfs }\n";

}  // namespace

TEST_CASE("the executor that fits is chosen, and it is said why", "[imagebuilder][executor]") {
    struct Row {
        const char* source;
        const char* more;
        ExecutorHost host;
        Executor executor;
        const char* why;
    };
    const Row rows[] = {
        {kBookworm, "run: 'true'\n", {false, true}, Executor::compose, "without root"},
        {kBookworm, "run: 'true'\n", {true, true}, Executor::compose, "a bookworm tree"},
        {kBookworm, "run: 'true'\n", {true, false}, Executor::compose, "root makes"},
        {"{ tarball: a }", "", {false, false}, Executor::compose, "straight into the disk"},
        {"{ image: a }", "", {true, true}, Executor::compose, "the image goes straight"},
        {"{ image: a }", "run: 'true'\n", {true, true}, Executor::compose, "the unpacked tree"},
        {kBookworm, kXfs, {false, true}, Executor::libguestfs, "only libguestfs makes xfs"},
        {kBookworm,
         "disk: { filesystem: btrfs, lvm: true }\n",
         {true, true},
         Executor::libguestfs,
         "btrfs in LVM"},
        {kBookworm, "disk: { filesystem: ext4 }\n", {true, true}, Executor::compose, "bookworm"},
    };
    for (const Row& row : rows) {
        INFO(row.source << " " << row.more);
        const ExecutorChoice choice = choose_executor(recipe_with(row.source, row.more), row.host);
        CHECK(to_string(choice.executor) == to_string(row.executor));
        CHECK_THAT(choice.why, Catch::Contains(row.why));
    }
}

TEST_CASE("an executor can be asked for, and refused with a reason", "[imagebuilder][executor]") {
    const Recipe plain = recipe_with(kBookworm);
    const Recipe xfs = recipe_with(kBookworm, kXfs);
    for (const Executor executor : {Executor::compose, Executor::mount, Executor::libguestfs}) {
        const ExecutorChoice choice = choose_executor(plain, {true, true}, executor);
        CHECK(choice.executor == executor);
        CHECK(choice.why == "that is what was asked for");
        CHECK(parse_executor(to_string(executor)) == executor);
    }
    const auto refusal = [](const Recipe& recipe, ExecutorHost host,
                            std::optional<Executor> wanted) {
        return tests::error_of([&] { choose_executor(recipe, host, wanted); });
    };
    const auto user = refusal(plain, {false, true}, Executor::mount);
    CHECK(user.kind() == ErrorKind::environment);
    CHECK_THAT(user.hint(), Catch::Contains("--executor=compose"));
    const auto missing = refusal(plain, {true, false}, Executor::libguestfs);
    CHECK(missing.kind() == ErrorKind::environment);
    CHECK_THAT(missing.hint(), Catch::Contains("apt-get install guestfish"));
    CHECK(refusal(xfs, {true, false}, std::nullopt).kind() == ErrorKind::environment);
    for (const Executor executor : {Executor::compose, Executor::mount}) {
        const auto other = refusal(xfs, {true, true}, executor);
        CHECK(other.kind() == ErrorKind::unsupported);
        CHECK_THAT(other.message(), Catch::Contains("the recipe wants xfs"));
        CHECK_THAT(other.hint(), Catch::Contains("--executor=libguestfs"));
    }
    CHECK(tests::error_of([] { parse_executor("docker"); }).kind() == ErrorKind::usage);
}

TEST_CASE("libguestfs is told to fill the root partition", "[imagebuilder][executor]") {
    const auto text_of = [](const GuestfishCommands& commands) {
        std::string text;
        for (const auto& command : commands) {
            for (const std::string& word : command) {
                text += word + " ";
            }
            text += "\n";
        }
        return text;
    };
    CHECK(text_of(guestfish_filling("/w/a b.raw", 2, {}, "u")) ==
          "add-drive /w/a b.raw format:raw cachemode:unsafe discard:besteffort \nrun \n"
          "mkfs ext4 /dev/sda2 \nset-uuid /dev/sda2 u \nset-label /dev/sda2 root \n"
          "mount-options discard /dev/sda2 / \ntar-in - / xattrs:true \nfstrim / \n"
          "umount-all \n");
    CHECK_THAT(text_of(guestfish_filling("d", 3, {.filesystem = "xfs", .lvm = true}, "u")),
               Catch::Contains("pvcreate /dev/sda3 \nvgcreate muster /dev/sda3 \n"
                               "lvcreate-free root muster 100 \nmkfs xfs /dev/muster/root \n"));
}
