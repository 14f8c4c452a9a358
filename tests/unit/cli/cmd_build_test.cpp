// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_build.h"

#include <unistd.h>
#include <sstream>

#include "base/error.h"
#include "cli/build_progress.h"
#include "tests/support/cache_folder.h"
#include "tests/support/catch.h"

using cli::BuildProgressStyle;
using cli::BuildVerbOptions;

namespace {

struct Said {
    std::ostringstream out;
    std::ostringstream err;
    base::cli::Io io{.out = out, .err = err};
};

base::Error error_of_build(const BuildVerbOptions& options) {
    Said said;
    return tests::error_of([&] { cli::run_build(options, said.io); });
}

std::vector<base::Json> objects_of(const std::string& text) {
    std::vector<base::Json> objects;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        objects.push_back(base::parse_json(line, "a line"));
    }
    return objects;
}

}  // namespace

TEST_CASE("what a build cannot do is said before anything is looked at", "[cli][build]") {
    const tests::CacheFolder cache;
    BuildVerbOptions options{.recipe = "/nowhere"};
    CHECK(error_of_build(options).kind() == base::ErrorKind::usage);  // no output
    CHECK_THAT(error_of_build(options).message(), Catch::Contains("-o"));
    options.output = "x.qcow2";
    CHECK(error_of_build(options).kind() == base::ErrorKind::not_found);
    options.on_error = "shell";
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) {
        CHECK(error_of_build(options).kind() == base::ErrorKind::usage);
        CHECK_THAT(error_of_build(options).message(), Catch::Contains("terminal"));
    }
    options.keep = true;
    CHECK_THAT(error_of_build(options).message(), Catch::Contains("--keep"));
    options.on_error = "keep";
    CHECK(error_of_build(options).kind() == base::ErrorKind::not_found);
}

TEST_CASE("a plan needs a recipe and no output", "[cli][build]") {
    const tests::CacheFolder cache;
    const auto error = error_of_build({.recipe = "/nowhere", .plan = true});
    CHECK(error.kind() == base::ErrorKind::not_found);
    CHECK_THAT(error.message(), Catch::Contains("/nowhere"));
}

TEST_CASE("progress is for people, for programs, or for nobody", "[cli][build]") {
    Said said;
    CHECK(cli::find_progress_style("auto", said.io) == BuildProgressStyle::plain);
    CHECK(cli::find_progress_style("json", said.io) == BuildProgressStyle::json);
    said.io.json = true;
    CHECK(cli::find_progress_style("auto", said.io) == BuildProgressStyle::none);
    CHECK(cli::find_progress_style("plain", said.io) == BuildProgressStyle::plain);
}

TEST_CASE("progress for programs is one object a line, output too", "[cli][build]") {
    Said said;
    cli::BuildReporter reporter(BuildProgressStyle::json, said.io);
    imagebuilder::BuildOptions build;
    reporter.attach(build, true);
    build.on_progress({1, 9, "run: echo \"a\"\nb", false, 0.5});
    build.on_output("two li");
    build.on_output("nes\nand\xff half");
    build.on_step_end({1, 9, "run: echo \"a\"\nb", false, 2.5});
    const auto objects = objects_of(said.err.str());
    REQUIRE(objects.size() == 4);
    CHECK(objects[0].at("type") == "step_begin");
    CHECK(objects[0].at("step") == 1);
    CHECK(objects[0].at("steps") == 9);
    CHECK(objects[0].at("name") == "run: echo \"a\"\nb");
    CHECK(objects[0].at("cached") == false);
    CHECK(objects[1].at("type") == "output");
    CHECK(objects[1].at("text") == "two lines");
    CHECK(objects[2].at("type") == "output");
    CHECK(objects[3].at("type") == "step_end");
    CHECK(objects[3].at("seconds") == 2.5);
    CHECK(said.out.str().empty());
}
