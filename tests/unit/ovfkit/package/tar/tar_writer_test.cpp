// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/tar/tar_writer.h"

#include <fcntl.h>
#include <cstdlib>

#include "base/file.h"
#include "base/process.h"
#include "ovfkit/package/tar/tar_header.h"
#include "tests/support/catch.h"

using ovfkit::TarWriter;

namespace {

void put_member(TarWriter& writer, const std::string& name, std::string_view data, bool sized) {
    writer.begin_member(name, sized ? std::optional<std::uint64_t>(data.size()) : std::nullopt);
    writer.write(base::as_bytes(data));
    writer.end_member();
}

std::string listing(const std::filesystem::path& archive) {
    return base::run_checked(
               {.argv = {"tar", "--utc", "--numeric-owner", "-tvf", archive.string()}})
        .out;
}

}  // namespace

TEST_CASE("GNU tar reads what the writer writes", "[ovfkit][tar]") {
    const base::TempDir dir;
    base::MemorySink sink;
    TarWriter writer(sink, 1000000000);
    put_member(writer, "a.ovf", "text", true);
    put_member(writer, "b.vmdk", std::string(70000, 'b'), true);
    put_member(writer, std::string(120, 'd') + "/" + std::string(99, 'n'), "", true);
    writer.finish();
    CHECK(sink.data().size() % 10240 == 0);
    base::write_file(dir.path() / "x.tar", sink.data());
    CHECK(listing(dir.path() / "x.tar") ==
          "-rw-r--r-- 0/0               4 2001-09-09 01:46 a.ovf\n"
          "-rw-r--r-- 0/0           70000 2001-09-09 01:46 b.vmdk\n"
          "-rw-r--r-- 0/0               0 2001-09-09 01:46 " +
              std::string(120, 'd') + "/" + std::string(99, 'n') + "\n");
}

TEST_CASE("sizes filled in afterwards give the same archive", "[ovfkit][tar]") {
    const base::TempDir dir;
    const auto path = dir.path() / "x.tar";
    base::MemorySink sink;
    TarWriter piped(sink, 0);
    const base::UniqueFd fd = base::open_file(path.string(), O_RDWR | O_CREAT);
    TarWriter seekable(fd.get(), "x.tar", 0);
    for (const std::string data : {"", "text", "0123456789"}) {
        put_member(piped, "m" + data, data, true);
        put_member(seekable, "m" + data, data, false);
    }
    piped.finish();
    seekable.finish();
    CHECK(base::read_file(path) == sink.data());
}

TEST_CASE("sizes from 8 GiB on are written in base-256", "[ovfkit][tar]") {
    for (const std::uint64_t size : {(1ULL << 33U) - 1, 1ULL << 33U, 1ULL << 45U}) {
        const ovfkit::TarBlock block = ovfkit::make_tar_header("m", size, 0);
        CHECK(ovfkit::checksum_fits(block));
        CHECK(ovfkit::parse_tar_header(block, "x").size == size);
    }
    const base::TempDir dir;  // GNU tar agrees
    const ovfkit::TarBlock block = ovfkit::make_tar_header("m", 1ULL << 33U, 0);
    base::write_file(dir.path() / "x.tar", base::as_text(block));
    const auto shown = base::run({.argv = {"tar", "-tvf", (dir.path() / "x.tar").string()}});
    CHECK(shown.out.find(" 8589934592 ") != std::string::npos);
}

TEST_CASE("a member of another size than announced is a bug", "[ovfkit][tar]") {
    base::MemorySink sink;
    TarWriter writer(sink, 0);
    writer.begin_member("m", 4);
    CHECK(tests::error_of([&] { writer.write(base::as_bytes("12345")); }).kind() ==
          base::ErrorKind::internal);
    writer.write(base::as_bytes("123"));
    CHECK(tests::error_of([&] { writer.end_member(); }).message() ==
          "member 'm' has 3 bytes, but 4 were announced");
}

TEST_CASE("a name too long for ustar is refused", "[ovfkit][tar]") {
    base::MemorySink sink;
    TarWriter writer(sink, 0);
    const auto error = tests::error_of([&] { writer.begin_member(std::string(101, 'n'), 0); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
}

TEST_CASE("SOURCE_DATE_EPOCH sets the time of members", "[ovfkit][tar]") {
    ::unsetenv("SOURCE_DATE_EPOCH");
    CHECK(ovfkit::package_time() == 315532800);
    ::setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    CHECK(ovfkit::package_time() == 1700000000);
    ::setenv("SOURCE_DATE_EPOCH", "yesterday", 1);
    CHECK(tests::error_of([] { ovfkit::package_time(); }).kind() == base::ErrorKind::usage);
    ::unsetenv("SOURCE_DATE_EPOCH");
}
