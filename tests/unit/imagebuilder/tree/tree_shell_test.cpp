// SPDX-License-Identifier: Apache-2.0
// The shell of --on-error=shell, typed into through a pseudo-terminal. Needs user namespaces, or
// root.
#include "imagebuilder/tree/tree_shell.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <array>
#include <thread>

#include "tests/support/busybox_tree.h"
#include "tests/support/catch.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;

// Somebody at a terminal: types when what he waits for is on the screen.
class Typist {
  public:
    Typist() : keyboard_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        REQUIRE(::grantpt(keyboard_.get()) == 0);
        REQUIRE(::unlockpt(keyboard_.get()) == 0);
        const winsize size{33, 99, 0, 0};
        REQUIRE(::ioctl(keyboard_.get(), TIOCSWINSZ, &size) == 0);
        terminal_ = base::open_file(::ptsname(keyboard_.get()), O_RDWR | O_NOCTTY);
    }
    int terminal() const { return terminal_.get(); }
    void type(const std::string& text) const { base::write_all(keyboard_.get(), text, "keyboard"); }
    bool wait_for(const std::string& text) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (screen_.find(text) == std::string::npos) {
            pollfd entry{keyboard_.get(), POLLIN, 0};
            if (std::chrono::steady_clock::now() > deadline) {
                return false;
            }
            if (::poll(&entry, 1, 200) > 0) {
                std::array<char, 4096> buffer{};
                const ssize_t got = ::read(keyboard_.get(), buffer.data(), buffer.size());
                screen_.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
            }
        }
        return true;
    }
    const std::string& screen() const { return screen_; }

  private:
    base::UniqueFd keyboard_;
    base::UniqueFd terminal_;
    std::string screen_;
};

}  // namespace

TEST_CASE("a shell in the tree has a terminal of its own and sees what steps see",
          "[imagebuilder][shell]") {
    if (!tests::can_sandbox()) {
        return;
    }
    const tests::BusyboxTree fixture;
    Typist typist;
    std::thread shell(
        [&] { open_tree_shell(fixture.context(), typist.terminal(), typist.terminal()); });
    bool all = typist.wait_for("# ");
    typist.type("echo uid-$(id -u) pid-$$ >/etc/made; stty size; echo ready-$((40 + 2))\n");
    all = all && typist.wait_for("ready-42");
    // Ctrl-C ends what runs in it, not the shell and not us.
    typist.type("sleep 1000\n");
    all = all && typist.wait_for("sleep 1000");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    typist.type("\003");
    typist.type("echo still-$((1 + 1))\n");
    all = all && typist.wait_for("still-2");
    typist.type("exit 7\n");
    shell.join();
    INFO(typist.screen());
    CHECK(all);
    CHECK_THAT(typist.screen(), Catch::Contains("33 99"));
    CHECK(base::read_file(fixture.tree / "etc/made") == "uid-0 pid-1\n");
}
