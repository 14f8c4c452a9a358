// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/compose/tree_filter.h"

#include "imagebuilder/compose/tar_survey.h"
#include "tests/support/catch.h"

using namespace imagebuilder;

namespace {

FileEntry entry_of(const std::string& path, FileEntry::Type type = FileEntry::Type::file) {
    FileEntry entry;
    entry.path = path;
    entry.type = type;
    entry.size = 5;
    return entry;
}

}  // namespace

TEST_CASE("patterns match paths as the shell does", "[imagebuilder][compose]") {
    CHECK(matches_path("etc/ssh/ssh_host_*", "etc/ssh/ssh_host_rsa_key"));
    CHECK_FALSE(matches_path("etc/ssh/ssh_host_*", "etc/ssh/ssh_host_x/y"));
    CHECK(matches_path("home/*/.bash_history", "home/ops/.bash_history"));
    CHECK_FALSE(matches_path("var/tmp/*", "var/tmp/.hidden"));
    CHECK_FALSE(matches_path("var/tmp/*", "var/tmp"));
}

TEST_CASE("rules take entries, folders with all in them, and content", "[imagebuilder][compose]") {
    TreeFilter filter(true, {"etc/fstab"});
    const auto admits = [&](const std::string& path, FileEntry::Type type = FileEntry::Type::file) {
        FileEntry entry = entry_of(path, type);
        return filter.admit(entry);
    };
    CHECK(admits("etc/passwd"));
    CHECK_FALSE(admits("etc/passwd-"));
    CHECK_FALSE(admits("etc/fstab"));
    CHECK_FALSE(admits("root/.cache/a/b"));
    CHECK_FALSE(admits("var/lib/dhcp/x", FileEntry::Type::directory));
    CHECK_FALSE(admits("dev/null", FileEntry::Type::char_device));
    CHECK(admits("dev", FileEntry::Type::directory));
    CHECK_FALSE(admits("var/log/a/b"));
    CHECK(admits("var/log/a", FileEntry::Type::directory));
    CHECK(admits("var/log/link", FileEntry::Type::symlink));
    CHECK(admits("var/logs/a"));

    FileEntry id = entry_of("etc/machine-id");
    CHECK(filter.admit(id));
    CHECK(id.size == 0);
    FileEntry link = entry_of("etc/resolv.conf", FileEntry::Type::symlink);
    CHECK(filter.admit(link));
    CHECK(filter.files_to_make().empty());
    CHECK(filter.identities().empty());
    CHECK(admits("etc/krb5.keytab"));
    CHECK(admits("etc/hostid", FileEntry::Type::symlink));
    CHECK(filter.identities() == std::vector<std::string>{"/etc/krb5.keytab"});
}

TEST_CASE("what a rule makes empty is made when nothing came", "[imagebuilder][compose]") {
    TreeFilter filter(true, {});
    CHECK(filter.files_to_make() == std::vector<std::string>{"etc/machine-id", "etc/resolv.conf"});
    CHECK(TreeFilter(false, {}).files_to_make() == std::vector<std::string>{"etc/resolv.conf"});
}
