// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/console.h"

#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <thread>

#include "tests/support/catch.h"

using hvruntime::ConsoleEnd;

namespace {

struct Wires {
    base::UniqueFd ours;
    base::UniqueFd machine;
    base::Pipe input = base::make_pipe();
    base::Pipe output = base::make_pipe();

    Wires() {
        std::array<int, 2> pair{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
        ours.reset(pair[0]);
        machine.reset(pair[1]);
    }
    ConsoleEnd relay() {
        return hvruntime::relay_console(ours.get(), input.read_end.get(), output.write_end.get());
    }
};

std::string read_text(int fd) {
    std::array<char, 1000> buffer{};
    const std::size_t got = base::read_some(fd, std::as_writable_bytes(std::span(buffer)), "test");
    return {buffer.data(), got};
}

}  // namespace

TEST_CASE("what is typed before the escape key reaches the machine, the rest does not",
          "[hvruntime][console]") {
    Wires wires;
    base::write_all(wires.input.write_end.get(), std::string_view("ls\r\x1d ignored"), "test");
    CHECK(wires.relay() == ConsoleEnd::escape);
    wires.ours.reset();
    CHECK(read_text(wires.machine.get()) == "ls\r");
}

TEST_CASE("the end of the input still brings the machine's answer", "[hvruntime][console]") {
    Wires wires;
    std::jthread machine([&] {
        if (read_text(wires.machine.get()) == "question") {
            base::write_all(wires.machine.get(), std::string_view("answer"), "test");
        }
    });
    base::write_all(wires.input.write_end.get(), std::string_view("question"), "test");
    wires.input.write_end.reset();
    CHECK(wires.relay() == ConsoleEnd::input_closed);
    CHECK(read_text(wires.output.read_end.get()) == "answer");
}

TEST_CASE("the relay ends when the machine goes away", "[hvruntime][console]") {
    Wires wires;
    base::write_all(wires.machine.get(), std::string_view("bye"), "test");
    wires.machine.reset();
    CHECK(wires.relay() == ConsoleEnd::machine_gone);
    CHECK(read_text(wires.output.read_end.get()) == "bye");
}

TEST_CASE("connecting to a console that is not there names the socket", "[hvruntime][console]") {
    const auto error = tests::error_of([] { hvruntime::connect_console("/nonexistent/c.sock"); });
    CHECK(error.kind() == base::ErrorKind::environment);
    CHECK(error.message() == "nobody listens on the console socket '/nonexistent/c.sock'");
}
