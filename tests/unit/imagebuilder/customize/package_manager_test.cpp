// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/package_manager.h"

#include "base/process.h"
#include "imagebuilder/customize/operations.h"
#include "tests/support/catch.h"

namespace {

using namespace imagebuilder;
using Verb = PackageChange::Verb;

}  // namespace

TEST_CASE("the package manager is that of the distribution, as far as it is there",
          "[imagebuilder][customize]") {
    CHECK(choose_package_manager("ID=debian\n", {"apt-get", "dnf"}) == PackageManager::apt);
    CHECK(choose_package_manager("ID=fedora\n", {"apt-get", "dnf"}) == PackageManager::dnf);
    CHECK(choose_package_manager("ID=\"centos\"\nID_LIKE=\"rhel fedora\"\n", {"yum"}) ==
          PackageManager::yum);
    CHECK(choose_package_manager("ID=\"opensuse-leap\"\n", {"zypper"}) == PackageManager::zypper);
    CHECK(choose_package_manager("ID=mine\nID_LIKE=\"suse opensuse\"\n", {"dnf", "zypper"}) ==
          PackageManager::zypper);
    CHECK(choose_package_manager("ID=alpine\n", {"apk"}) == PackageManager::apk);
    CHECK(choose_package_manager("ID=arch\n", {"pacman"}) == PackageManager::pacman);
    CHECK(choose_package_manager("ID=unheard-of\n", {"zypper"}) == PackageManager::zypper);
    CHECK(choose_package_manager("", {}) == std::nullopt);
}

TEST_CASE("packages are changed without questions", "[imagebuilder][customize]") {
    const PackageChange install{Verb::install, {"nginx", "a b"}};
    CHECK(package_script(PackageManager::dnf, install) == "dnf -y install nginx 'a b'");
    CHECK(package_script(PackageManager::apk, install) == "apk add nginx 'a b'");
    CHECK(package_script(PackageManager::pacman, {Verb::remove, {"x"}}) ==
          "pacman -R --noconfirm x");
    CHECK(package_script(PackageManager::yum, {Verb::update, {}}) == "yum -y update");
    CHECK(package_script(PackageManager::apt, install).starts_with("apt-get -q -y"));
    CHECK(refresh_script(PackageManager::apt) == "apt-get -q update");
    CHECK(refresh_script(PackageManager::dnf).empty());
    CHECK(describe(install) == "install: nginx 'a b'");
}

TEST_CASE("steps of packages are the image's own commands", "[imagebuilder][customize]") {
    const CustomizePlan plan = plan_operations({{"install", "less"}, {"uninstall", "nano"}});
    CHECK(plan.needs_packages);
    CHECK(plan.fetches_packages);
    const auto script = [&](std::size_t i, PackageManager manager, bool has_index) {
        const Step step = resolve_packages(plan.steps.at(i), manager, has_index);
        const auto* run = std::get_if<RunCommand>(&step.action);
        return run == nullptr ? std::string("by this host's index") : run->script;
    };
    CHECK(script(0, PackageManager::apt, true) == "by this host's index");
    CHECK(script(0, PackageManager::dnf, true) == "dnf -y install less");
    CHECK(script(1, PackageManager::apt, true) == "apt-get -q -y purge nano");
    CHECK_FALSE(plan_operations({{"uninstall", "nano"}}).fetches_packages);
    CHECK(describe(plan.steps.front()) == "--install install: less");
}

TEST_CASE("at first boot packages come by the manager that is there", "[imagebuilder][customize]") {
    base::Command command;
    command.argv = {"sh", "-e", "-c",
                    "command() { [ \"$2\" = zypper ]; }\nzypper() { echo \"zypper $*\"; }\n" +
                        any_manager_script({"less"})};
    CHECK(base::run_checked(command).out == "zypper -n install -l less\n");
    command.argv.back() = "command() { false; }\n" + any_manager_script({"less"});
    CHECK(base::run(command).status == 1);
}
