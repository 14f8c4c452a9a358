// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/ssh_source.h"

#include <cstdlib>
#include <filesystem>

#include <sys/stat.h>

#include "assembler/introspect/source/tar_tree.h"
#include "base/file.h"
#include "base/process.h"
#include "tests/support/catch.h"
#include "tests/support/shell.h"

using namespace assembler;
using base::ErrorKind;

namespace {

// A PATH that begins with a program called ssh: it runs what it is given in the folder "root".
class FakeSsh {
  public:
    FakeSsh() : path_(std::getenv("PATH")) {
        tests::shell(
            "mkdir -p bin root/etc/systemd/system root/usr/lib/systemd root/usr/sbin "
            "root/srv/app/node_modules/x "
            "root/var/lib/dpkg/info root/home/shop/.ssh\n"
            "cat >bin/ssh <<'END'\n#!/bin/sh\nprintf '%s ' \"$@\" >\"$(dirname \"$0\")/../args\"\n"
            "while [ \"$1\" != -- ]; do shift; done\n"
            "[ \"$2\" != gone ] || { echo 'no route' >&2; exit 255; }\n"
            "MUSTER_ROOT=\"$(dirname \"$0\")/../root\" exec sh -c \"$3\"\nEND\nchmod +x bin/ssh\n"
            "cd root; echo ID=debian >usr/lib/os-release; ln -s ../usr/lib/os-release etc\n"
            "echo live >etc/hostname; echo shop:x:1000:1000::/home/shop:/bin/sh >etc/passwd\n"
            "echo key >home/shop/.ssh/authorized_keys; echo x >srv/app/node_modules/x/i.js\n"
            "printf '[Service]\\nExecStart=/srv/app/run\\n' >etc/systemd/system/app.service\n"
            "echo run >srv/app/run; ln srv/app/run srv/app/again; truncate -s 9M etc/huge\n"
            "printf 'Package: a\\nStatus: install ok installed\\n' >var/lib/dpkg/status\n"
            "echo /etc/hostname >var/lib/dpkg/info/a.list; touch 'etc/with\nline end'\n"
            "ln -s ../../../../etc/passwd etc/out; mkfifo etc/pipe\n"
            "ln -s usr/sbin sbin; ln -s ../lib/systemd/systemd usr/sbin/init; echo x "
            ">usr/lib/systemd/systemd\n",
            dir_.path());
        ::setenv("PATH", ((dir_.path() / "bin").string() + ":" + path_).c_str(), 1);
    }
    ~FakeSsh() { ::setenv("PATH", path_.c_str(), 1); }
    FakeSsh(const FakeSsh&) = delete;

    std::string path(const std::string& name) const { return dir_.path() / name; }
    // From now on the machine has this program, which is no more than a shell's text.
    void set_program(const std::string& name, const std::string& text) const {
        base::write_file(dir_.path() / "bin" / name, "#!/bin/sh\n" + text + "\n");
        ::chmod(path("bin/" + name).c_str(), 0755);
    }

    std::string arguments() const { return base::read_file(dir_.path() / "args"); }

  private:
    base::TempDir dir_;
    std::string path_;
};

}  // namespace

TEST_CASE("ssh URLs name a host, a user and a port", "[assembler][introspect]") {
    CHECK_FALSE(find_ssh_target("/srv/web"));
    CHECK_FALSE(find_ssh_target("https://host/a.ova"));
    CHECK(find_ssh_target("ssh://root@web")->host == "root@web");
    CHECK(find_ssh_target("ssh://root@web:2222/")->port == "2222");
    CHECK(ssh_command({.host = "root@web", .port = "2222"}) ==
          std::vector<std::string>{"ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20",
                                   "-p", "2222", "--", "root@web", "sh -s"});
    for (const char* text :
         {"ssh://", "ssh://-oProxyCommand=x", "ssh://a/b", "ssh://a:0", "ssh://a:x"}) {
        INFO(text);
        CHECK(tests::error_of([&] { find_ssh_target(text); }).kind() == ErrorKind::usage);
    }
}

TEST_CASE("a machine that runs sends what is read of it", "[assembler][introspect]") {
    const FakeSsh ssh;
    const auto machines = introspect_source(parse_machine_source("ssh://root@web:2222"));
    REQUIRE(machines.size() == 1);
    const MachineFacts& facts = machines[0].facts;
    CHECK(ssh.arguments().find("-p 2222 -- root@web sh -s") != std::string::npos);
    CHECK(facts.source == "ssh://root@web:2222");
    CHECK(facts.name == "live");
    CHECK(facts.os.id == "debian");
    CHECK(facts.os.init == "systemd");
    CHECK_FALSE(facts.os.kernel.empty());
    REQUIRE(facts.users.size() == 1);
    CHECK(facts.users[0].authorized_keys == 1);
    REQUIRE(facts.services.size() == 1);
    CHECK(facts.services[0].program == "/srv/app/run");
    REQUIRE(facts.packages.size() == 1);
    std::vector<std::string> added;
    for (const ChangedFile& file : facts.changed_files) {
        added.push_back(file.path);
    }
    CHECK(added == std::vector<std::string>{"/etc/out", "/etc/systemd/system/app.service",
                                            "/srv/app/again", "/srv/app/run"});
}

TEST_CASE("a machine that runs sends its whole tree to be captured", "[assembler][introspect]") {
    const FakeSsh ssh;
    base::make_dirs(ssh.path("kept"));
    SourceOptions options;
    options.keep_disks = ssh.path("kept");
    const auto machines = introspect_source(parse_machine_source("ssh://root@web"), options);
    REQUIRE(machines.size() == 1);
    const MachineFilesSource& from = machines[0].from;
    CHECK(from.tar == ssh.path("kept/live.tar.zst"));
    CHECK(from.size_bytes > 0);
    REQUIRE(machines[0].facts.remarks.size() == 1);
    CHECK(machines[0].facts.remarks[0].text.find("while it ran") != std::string::npos);
    tests::shell(
        "mkdir again; tar --zstd -C again -xpf kept/live.tar.zst\n"
        "rm root/etc/pipe again/etc/pipe  # diff would wait for somebody to write\n"
        "diff -r --no-dereference root again; test again/srv/app/run -ef again/srv/app/again\n",
        ssh.path(""));
}

TEST_CASE("a tree that cannot be sent is refused with what to do", "[assembler][introspect]") {
    const FakeSsh ssh;
    base::make_dirs(ssh.path("kept"));
    SourceOptions options;
    options.keep_disks = ssh.path("kept");
    const auto failure = [&] {
        return tests::error_of(
            [&] { introspect_source(parse_machine_source("ssh://web"), options); });
    };
    ssh.set_program("id", "echo 1000");
    ssh.set_program("sudo", "exit 1");
    CHECK(failure().kind() == ErrorKind::unsupported);
    CHECK(failure().message() == "only root may read all files of 'web'");
    ssh.set_program("sudo", "[ \"$1\" != -n ] || shift; exec \"$@\"");
    CHECK_NOTHROW(introspect_source(parse_machine_source("ssh://web"), options));
    ssh.set_program("tar",
                    "if [ \"$1\" = --version ]; then echo bsdtar; else exec /bin/tar \"$@\"; fi");
    CHECK(failure().message() == "'web' has no GNU tar, which sends its files");
    ssh.set_program("tar",
                    "case \"$*\" in *one-file-system*) exit 2 ;; esac; exec /bin/tar \"$@\"");
    CHECK(failure().kind() == ErrorKind::external);
    ssh.set_program("tar", "exec /bin/tar \"$@\"");
    ssh.set_program("df", "echo header; echo x 99999999999999999999 1");
    CHECK(failure().message().find("as the size of its file systems") != std::string::npos);
    base::remove_all(ssh.path("kept/live.tar.zst"));
    CHECK(tests::error_of([&] {
              introspect_source(parse_machine_source("ssh://gone"), options);
          }).kind() == ErrorKind::external);
    CHECK(std::filesystem::is_empty(ssh.path("kept")));
}

TEST_CASE("what ssh fails with is said", "[assembler][introspect]") {
    const FakeSsh ssh;
    const base::Error error =
        tests::error_of([] { introspect_source(parse_machine_source("ssh://gone")); });
    CHECK(error.kind() == ErrorKind::external);
    CHECK(error.message().find("'gone'") != std::string::npos);
}

TEST_CASE("a tar stream in memory is a tree", "[assembler][introspect]") {
    const base::TempDir dir;
    tests::shell(
        "mkdir -p a/b; echo one >a/b/file; ln -s b/file a/link; ln a/b/file a/hard\n"
        "truncate -s 5M a/long; tar -c -f t.tar a/b/file a/link a/hard a/long\n",
        dir.path());
    const std::string tar = base::read_file(dir.path() / "t.tar");
    const auto tree = read_tar_tree(tar, "web");
    CHECK(tree->name() == "web");
    CHECK(tree->read("/a/link", 100) == "one\n");
    CHECK(tree->read("/a/hard", 100) == "one\n");
    CHECK(tree->resolve("/a/link") == "/a/b/file");
    CHECK(tree->list("/a").size() == 4);
    CHECK(tree->list("/").size() == 1);
    CHECK(tree->find("/a/long")->size == std::uint64_t{5} << 20U);
    CHECK(tests::error_of([&] { tree->read("/a/long", 10U << 20U); }).kind() ==
          ErrorKind::invalid_input);
    CHECK(tests::error_of([&] { tree->read("/a/no", 10); }).kind() == ErrorKind::not_found);
    CHECK(tests::error_of([&] {
              read_tar_tree(std::string_view(tar).substr(0, 700), "web");
          }).kind() == ErrorKind::invalid_input);
    CHECK(read_tar_tree(std::string(1024, '\0'), "web")->list("/").empty());
}
