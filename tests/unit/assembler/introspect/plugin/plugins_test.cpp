// SPDX-License-Identifier: Apache-2.0
// Each plug-in on machines in tests/data/assembler/plugins: NAME.tree is a machine in the form of
// Debian's packages, NAME.found what there is to find. ACCEPT=1 writes the latter anew.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "assembler/introspect/plugin/query/glob.h"
#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/plugin/plugin_fixture.h"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> machine_files() {
    std::vector<fs::path> files;
    for (const auto& entry :
         fs::directory_iterator(MUSTER_SOURCE_DIR "/tests/data/assembler/plugins")) {
        if (entry.path().extension() == ".tree") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

TEST_CASE("plug-ins find what is in machines", "[assembler][introspect][plugin]") {
    REQUIRE(machine_files().size() >= 20);
    for (const fs::path& file : machine_files()) {
        CAPTURE(file.filename().string());
        const auto machine = tests::machine_of_text(base::read_file(file.string(), 1U << 20U));
        const auto found = tests::find_in(machine);
        CHECK(tests::wrong_places(machine.tree, found.components) == "");
        fs::path expected = file;
        expected.replace_extension(".found");
        if (std::getenv("ACCEPT") != nullptr) {
            std::ofstream(expected) << tests::to_text(found);
        }
        CHECK(tests::to_text(found) == base::read_file(expected.string(), 1U << 20U));
    }
}

TEST_CASE("damaged configuration costs what is damaged, nothing else",
          "[assembler][introspect][plugin]") {
    for (const fs::path& file : machine_files()) {
        CAPTURE(file.filename().string());
        const std::string text = base::read_file(file.string(), 1U << 20U);
        const std::size_t head = text.find("\n=== /");
        const std::size_t step = std::max<std::size_t>(1, (text.size() - head) / 12);
        for (std::size_t at = head + 8; at < text.size(); at += step) {
            std::string cut = text.substr(0, at);
            std::string holed = text;
            holed.replace(at, std::min<std::size_t>(20, text.size() - at), "\xff{[(<\"'\0\\ =:;");
            for (const std::string& damaged : {cut, holed}) {
                const auto machine = tests::machine_of_text(damaged);
                const auto found = tests::find_in(machine);
                CHECK(tests::wrong_places(machine.tree, found.components) == "");
            }
        }
    }
}

TEST_CASE("a machine without applications costs no files", "[assembler][introspect][plugin]") {
    class CountingTree : public tests::MemoryTree {
      public:
        std::string read(std::string_view path, std::uint64_t max_bytes) const override {
            ++reads;
            return MemoryTree::read(path, max_bytes);
        }
        mutable int reads = 0;
    };
    CountingTree tree;
    tree.file("/etc/hostname", "empty\n");
    tree.file("/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    std::vector<assembler::Remark> remarks;
    CHECK(assembler::find_components(tree, {}, tests::shipped_plugins(), remarks).empty());
    CHECK(tree.reads == 0);
}
