// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/console_log.h"

#include <mutex>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/interrupt.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/machine_examples.h"

using hvruntime::clean_console_line;
using hvruntime::ConsoleLogOptions;

namespace {

std::vector<std::string> lines_of(const std::filesystem::path& path,
                                  const ConsoleLogOptions& options) {
    std::vector<std::string> lines;
    hvruntime::read_console_log(path, options,
                                [&](std::string_view line) { lines.emplace_back(line); });
    return lines;
}

}  // namespace

TEST_CASE("what a guest writes to its console cannot steer the terminal", "[hvruntime][console]") {
    CHECK(clean_console_line("[\x1b[0;32m  OK  \x1b[0m] Started\r\r") == "[  OK  ] Started");
    CHECK(clean_console_line("\x1b]0;title\x07plain") == "plain");
    CHECK(clean_console_line("\x1b]0;title\x1b\\plain") == "plain");
    CHECK(clean_console_line("\x1b(Bplain\x1b"
                             "c") == "plain");
    CHECK(clean_console_line("a\x01\x7f\tb\x07") == "a\tb");
    CHECK(clean_console_line("10%\r20%\r100%") == "100%");
    CHECK(clean_console_line("abc\b\bX") == "aX");
    CHECK(clean_console_line("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
    for (const std::string broken : {"\x1b", "\x1b[", "\x1b[12", "\x1b]0;t", "\x1b]0;t\x1b"}) {
        CHECK(clean_console_line("x" + broken) == "x");
    }
}

TEST_CASE("a console log is read whole, by its last lines, or raw", "[hvruntime][console]") {
    const base::TempDir dir;
    const auto path = dir.path() / "console.log";
    CHECK(lines_of(path, {}).empty());
    base::write_file(path, "one\r\n\r\n\x1b[1mtwo\r\nprompt$ ");
    CHECK(lines_of(path, {}) == std::vector<std::string>{"one", "", "two", "prompt$ "});
    CHECK(lines_of(path, {.last_lines = 2}) == std::vector<std::string>{"two", "prompt$ "});
    CHECK(lines_of(path, {.last_lines = 0}).empty());
    CHECK(lines_of(path, {.raw = true}).at(2) == "\x1b[1mtwo\r");
}

TEST_CASE("following a console log sees new lines, also after it was replaced",
          "[hvruntime][console]") {
    const base::TempDir dir;
    const auto path = dir.path() / "console.log";
    std::mutex mutex;
    std::string seen;
    std::jthread reader([&] {
        try {
            hvruntime::read_console_log(path, {.follow = true}, [&](std::string_view line) {
                const std::lock_guard lock(mutex);
                seen += std::string(line) + ";";
            });
        } catch (const base::Error& error) {
            const std::lock_guard lock(mutex);
            seen += error.kind() == base::ErrorKind::interrupted ? "end" : error.message();
        }
    });
    const auto wait_for = [&](const std::string& text) {
        return tests::eventually([&] {
            const std::lock_guard lock(mutex);
            return seen == text;
        });
    };
    base::write_file(path, "one\n");
    CHECK(wait_for("one;"));
    base::write_file(path, "two\n");
    CHECK(wait_for("one;two;"));
    base::interrupt().raise();
    CHECK(wait_for("one;two;end"));
    reader.join();
    base::interrupt().clear();
}
