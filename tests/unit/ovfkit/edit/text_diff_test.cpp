// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/text_diff.h"

#include "base/file.h"
#include "base/process.h"
#include "tests/support/catch.h"

using ovfkit::edit::unified_diff;

namespace {

std::string numbered(int count, int changed, const std::string& to) {
    std::string text;
    for (int i = 1; i <= count; ++i) {
        text += i == changed ? to : "line " + std::to_string(i) + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("equal texts have no difference", "[ovfkit][edit]") {
    CHECK(unified_diff("a\n", "a\n", "x").empty());
}

TEST_CASE("a difference shows its lines and three around them", "[ovfkit][edit]") {
    CHECK(unified_diff(numbered(20, 0, ""), numbered(20, 10, "ten\n"), "x.ovf") ==
          "--- a/x.ovf\n+++ b/x.ovf\n@@ -7,7 +7,7 @@\n line 7\n line 8\n line 9\n-line 10\n+ten\n"
          " line 11\n line 12\n line 13\n");
}

TEST_CASE("patch makes the new text out of the old one", "[ovfkit][edit]") {
    const std::string before = numbered(60, 0, "");
    std::string after = numbered(60, 3, "three\nand more\n");
    after.replace(after.find("line 50\n"), 8, "");
    after += "no line end";
    const base::TempDir folder;
    base::write_file(folder.path() / "x", before);
    base::write_file(folder.path() / "x.diff", unified_diff(before, after, "x"));
    base::run_checked({.argv = {"git", "apply", "--unsafe-paths", "x.diff"}, .cwd = folder.path()});
    CHECK(base::read_file(folder.path() / "x") == after);
}

TEST_CASE("texts without anything in common are shown as replaced", "[ovfkit][edit]") {
    std::string before;
    std::string after;
    for (int i = 0; i < 6000; ++i) {
        before += "a" + std::to_string(i) + "\n";
        after += "b" + std::to_string(i) + "\n";
    }
    const std::string diff = unified_diff(before, after, "x");
    CHECK(diff.find("@@ -1,6000 +1,6000 @@\n-a0\n") != std::string::npos);
}
