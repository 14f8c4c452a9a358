// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>

#include "base/file.h"
#include "base/sandbox/sandbox.h"
#include "tests/support/catch.h"

using base::ByteSink;
using base::ErrorKind;
using base::SandboxedStream;
using namespace std::chrono_literals;  // NOLINT: a test file

namespace {

std::string read_stream(int fd) {
    std::string all;
    std::array<std::byte, 4096> buffer{};
    while (const std::size_t got = base::read_some(fd, buffer, "stream")) {
        all += base::as_text(std::span(buffer).first(got));
    }
    return all;
}

void write_text(ByteSink& sink, std::string_view text) {
    sink.write(base::as_bytes(text));
}

bool has_child_left() {
    return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD;
}

class SampleFile {
  public:
    explicit SampleFile(std::string_view text) {
        base::write_file(dir_.path() / "file", text);
        fd_ = base::open_file(dir_.path() / "file", O_RDONLY);
    }
    int fd() const { return fd_.get(); }

  private:
    base::TempDir dir_;
    base::UniqueFd fd_;
};

}  // namespace

TEST_CASE("a sandboxed process reads at places of the files it is given", "[base][sandbox]") {
    const SampleFile first("first file");
    const SampleFile other("other file");
    const SampleFile kept_from_it("secret");
    const auto read_at = [](int fd, off_t offset) {
        std::string text(4, '\0');
        text.resize(static_cast<std::size_t>(::pread(fd, text.data(), text.size(), offset)));
        return text;
    };
    // Given in any order.
    const base::SandboxAccess access{{other.fd(), first.fd()}};
    CHECK(base::run_sandboxed(
              "w", [&] { return read_at(first.fd(), 6) + read_at(other.fd(), 0); }, {}, access) ==
          "fileothe");
    const auto attempt = [&](const std::function<void()>& act) {
        return tests::error_of([&] {
            base::run_sandboxed(
                "w",
                [&] {
                    act();
                    return std::string("it came through");
                },
                {}, access);
        });
    };
    CHECK(attempt([&] { read_at(kept_from_it.fd(), 0); }).kind() == ErrorKind::invalid_input);
    CHECK(attempt([&] { ::lseek(first.fd(), 0, SEEK_SET); }).kind() == ErrorKind::invalid_input);
    CHECK(attempt([&] { ::ftruncate(first.fd(), 0) == 0 ? ::_exit(0) : ::_exit(1); }).kind() ==
          ErrorKind::invalid_input);
    CHECK(attempt([&] { ::write(first.fd(), "x", 1) == 1 ? ::_exit(0) : ::_exit(1); }).kind() ==
          ErrorKind::invalid_input);
    CHECK_FALSE(has_child_left());
}

TEST_CASE("a sandboxed stream comes while it is made", "[base][sandbox]") {
    const SampleFile file("from a file");
    SandboxedStream stream("w",
                           [&](ByteSink& sink) {
                               std::string text(11, '\0');
                               if (::pread(file.fd(), text.data(), text.size(), 0) == 11) {
                                   write_text(sink, text);
                               }
                               write_text(sink, std::string(5'000'000, 'x'));
                           },
                           {}, {{file.fd()}});
    const std::string all = read_stream(stream.fd());
    stream.finish();
    CHECK(all.size() == 5'000'011);
    CHECK(all.starts_with("from a filex"));
    CHECK_FALSE(has_child_left());
}

TEST_CASE("what goes wrong in a sandboxed stream is thrown at its end", "[base][sandbox]") {
    SandboxedStream failing("w", [](ByteSink& sink) {
        write_text(sink, "begun");
        throw base::Error(ErrorKind::unsupported, "not this", "but that");
    });
    CHECK(read_stream(failing.fd()) == "begun");
    const auto error = tests::error_of([&] { failing.finish(); });
    CHECK(error.kind() == ErrorKind::unsupported);
    CHECK(error.message() == "not this");
    CHECK(error.hint() == "but that");

    SandboxedStream dying("reading 'x'", [](ByteSink&) { ::kill(::getppid(), 0); });
    CHECK(read_stream(dying.fd()).empty());
    CHECK(tests::error_of([&] { dying.finish(); }).message() ==
          "reading 'x': the process tried what it must not and was ended");
    CHECK_FALSE(has_child_left());
}

TEST_CASE("who stops reading a sandboxed stream ends it", "[base][sandbox]") {
    const auto forever = [](ByteSink& sink) {
        while (true) {
            write_text(sink, std::string(1000, 'x'));
        }
    };
    {
        const SandboxedStream stream("w", forever);
        std::array<std::byte, 10> some{};
        base::read_exactly(stream.fd(), some, "stream");
    }
    CHECK_FALSE(has_child_left());
    // Bytes behind what the reader wanted are no failure.
    SandboxedStream padded("w",
                           [](ByteSink& sink) { write_text(sink, std::string(300'000, 'x')); });
    std::array<std::byte, 10> some{};
    base::read_exactly(padded.fd(), some, "stream");
    padded.finish();
    CHECK_FALSE(has_child_left());
}
