// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/freeze/hold_frozen.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <array>
#include <cerrno>
#include <map>
#include <thread>

#include <fmt/format.h>

#include "base/file.h"
#include "tests/support/catch.h"

namespace {

using namespace hvruntime::agent;
using namespace std::chrono_literals;

// A kernel that notes what it is asked: by the inode of the folder.
class NotedCalls : public FreezeCalls {
  public:
    int freeze(int folder) override {
        const std::string name = name_of(folder);
        notes += "freeze " + name + "; ";
        return refusals.contains(name) ? refusals.at(name) : 0;
    }
    int thaw(int folder) override {
        notes += "thaw " + name_of(folder) + "; ";
        return 0;
    }
    std::map<std::string, std::string> names;  // by inode
    std::map<std::string, int> refusals;
    std::string notes;

  private:
    std::string name_of(int folder) {
        struct stat info {};
        ::fstat(folder, &info);
        return names[std::to_string(info.st_ino)];
    }
};

// Folders that count as the roots of file systems.
struct Mounts {
    base::TempDir dir;
    NotedCalls calls;
    base::Pipe input = base::make_pipe();
    base::Pipe output = base::make_pipe();
    FreezeHold hold{.mounts = {},
                    .limit = 20s,
                    .input = input.read_end.get(),
                    .output = output.write_end.get()};

    explicit Mounts(const std::vector<std::string>& names) {
        for (const std::string& name : names) {
            const auto path = dir.path() / name;
            base::make_dirs(path);
            struct stat info {};
            ::stat(path.c_str(), &info);
            calls.names[std::to_string(info.st_ino)] = name;
            hold.mounts.push_back({path, major(info.st_dev), minor(info.st_dev)});
        }
    }
    std::string said() {
        output.write_end.reset();
        std::array<char, 1000> buffer{};
        const ssize_t got = ::read(output.read_end.get(), buffer.data(), buffer.size());
        return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    }
};

constexpr const char* kMountinfo =
    "22 27 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
    "27 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro\n"
    "28 27 0:25 / /run rw,nosuid shared:11 - tmpfs tmpfs rw,size=25m\n"
    "30 27 254:16 / /var/lib/my\\040data rw shared:12 - ext4 /dev/vdb rw\n"
    "31 27 254:16 /sub /srv ro shared:12 - ext4 /dev/vdb rw\n"
    "32 27 11:0 / /media ro - iso9660 /dev/sr0 ro\n"
    "33 27 0:40 / /share rw - nfs4 server:/export rw\n"
    "34 27 0:41 /@ /btrfs rw - btrfs /dev/vdc rw,subvol=/@\n"
    "35 27 0:42 /@b /btrfs/b rw - btrfs /dev/vdc rw,subvol=/@b\n"
    "36 30 7:0 / /var/lib/my\\040data/loop rw master:1 propagate_from:2 - xfs /dev/loop0 rw\n"
    "broken line\n"
    "40 27 x:1 / /odd rw - ext4 /dev/vde rw";

}  // namespace

TEST_CASE("file systems on disks are frozen once each, the last mounted first",
          "[hvruntime][guest][freeze]") {
    const std::vector<FreezableMount> expected{{"/var/lib/my data/loop", 7, 0},
                                               {"/btrfs", 0, 41},
                                               {"/var/lib/my data", 254, 16},
                                               {"/", 254, 1}};
    CHECK(plan_freeze(kMountinfo) == expected);
    CHECK(plan_freeze("").empty());
    CHECK(plan_freeze("- - - - - - - - - -\n\n - \n").empty());
}

TEST_CASE("frozen file systems are thawed when that is said", "[hvruntime][guest][freeze]") {
    const bool by_line = GENERATE(false, true);
    Mounts mounts({"loop", "data", "root"});
    std::thread host([&] {
        std::array<char, 100> buffer{};
        CHECK(::read(mounts.output.read_end.get(), buffer.data(), buffer.size()) == 9);
        CHECK(std::string(buffer.data()) == "frozen 3\n");
        if (by_line) {
            base::write_all(mounts.input.write_end.get(), std::string_view("thaw\n"), "pipe");
        } else {
            mounts.input.write_end.reset();
        }
    });
    CHECK(hold_frozen(mounts.hold, mounts.calls));
    host.join();
    CHECK(mounts.calls.notes ==
          "freeze loop; freeze data; freeze root; thaw root; thaw data; thaw loop; ");
    CHECK(mounts.said() == "thawed 3\n");
}

TEST_CASE("nobody says thaw: it is done by itself, and said to be late",
          "[hvruntime][guest][freeze]") {
    Mounts mounts({"data", "root"});
    mounts.hold.limit = 50ms;
    CHECK_FALSE(hold_frozen(mounts.hold, mounts.calls));
    CHECK(mounts.calls.notes == "freeze data; freeze root; thaw root; thaw data; ");
    CHECK(mounts.said() == "frozen 2\nlate 2\n");
}

TEST_CASE("a file system that refuses leaves none frozen", "[hvruntime][guest][freeze]") {
    Mounts mounts({"loop", "data", "root"});
    mounts.calls.refusals["root"] = EIO;
    const auto error = tests::error_of([&] { hold_frozen(mounts.hold, mounts.calls); });
    CHECK(error.message().starts_with("freezing '" + (mounts.dir.path() / "root").string()));
    CHECK(mounts.calls.notes == "freeze loop; freeze data; freeze root; thaw data; thaw loop; ");
    CHECK(mounts.said().empty());
}

TEST_CASE("what cannot be frozen, or lies under another mount, is passed over",
          "[hvruntime][guest][freeze]") {
    Mounts mounts({"vfat", "busy", "hidden", "gone", "root"});
    mounts.calls.refusals["vfat"] = EOPNOTSUPP;
    mounts.calls.refusals["busy"] = EBUSY;
    mounts.hold.mounts[2].minor += 1;
    mounts.hold.mounts[3].place += "/no";
    mounts.input.write_end.reset();
    CHECK(hold_frozen(mounts.hold, mounts.calls));
    CHECK(mounts.calls.notes == "freeze vfat; freeze busy; freeze root; thaw root; ");
    CHECK(mounts.said() == "frozen 1\nthawed 1\n");

    Mounts none({"vfat"});
    none.calls.refusals["vfat"] = EOPNOTSUPP;
    CHECK(tests::error_of([&] { hold_frozen(none.hold, none.calls); }).kind() ==
          base::ErrorKind::unsupported);
}
