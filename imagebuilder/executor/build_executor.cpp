// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/executor/build_executor.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "imagebuilder/disk/disk_image.h"
#include "imagebuilder/executor/guestfs_executor.h"
#include "imagebuilder/executor/mount_executor.h"
#include "imagebuilder/tree/sandbox.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

class ComposeExecutor : public BuildExecutor {
  public:
    void begin(const DiskOptions&, const fs::path&) override {}
    void finish(const DiskOptions& disk, const fs::path& tree,
                const std::optional<EfiBoot>& efi) override {
        make_disk(disk, tree, efi);
    }
    std::string describe_kept(const fs::path& tree) const override {
        return fmt::format("the tree is kept in '{}'", tree.string());
    }
};

}  // namespace

std::unique_ptr<BuildExecutor> make_executor(Executor executor,
                                             const GuestfishSettings& guestfish) {
    switch (executor) {
        case Executor::compose: return std::make_unique<ComposeExecutor>();
        case Executor::mount: return std::make_unique<MountExecutor>();
        case Executor::libguestfs: return std::make_unique<GuestfsExecutor>(guestfish);
    }
    base::unreachable("an executor of no kind");
}

void limit_times(const fs::path& tree, std::int64_t epoch) {
    const std::string time = fmt::format("@{}", epoch);
    base::Command command =
        command_as_owner({"find", tree.string(), "-xdev", "-newermt", time, "-exec", "touch",
                          "--no-dereference", "--date=" + time, "{}", "+"});
    command.env = {{"LC_ALL", "C"}};
    base::run_checked(command);
}

}  // namespace imagebuilder
