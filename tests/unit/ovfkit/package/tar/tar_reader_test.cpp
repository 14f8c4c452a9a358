// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/tar/tar_reader.h"

#include <map>

#include "base/file.h"
#include "base/process.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/package/archive_builder.h"

using ovfkit::TarLimits;
using ovfkit::TarReader;
using tests::ArchiveBuilder;

namespace {

struct Content {
    std::map<std::string, std::string> members;
    std::vector<ovfkit::PackageFinding> oddities;
};

Content read_all(const std::string& archive, TarLimits limits = {},
                 const std::string& name = "x.ova") {
    base::MemorySource source(archive, name);
    TarReader reader(source, limits);
    Content content;
    std::vector<std::byte> buffer(700);
    while (const auto member = reader.next()) {
        std::string& data = content.members[member->name];
        while (const std::size_t got = reader.read(buffer)) {
            data += base::as_text(std::span(buffer).first(got));
        }
        CHECK(data.size() == member->size);
    }
    content.oddities = reader.oddities();
    CHECK_FALSE(reader.next());
    return content;
}

std::string refusal(const std::string& archive, TarLimits limits = {}) {
    const auto error = tests::error_of([&] { read_all(archive, limits); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    return error.message();
}

std::string with_member(const std::string& name) {
    return ArchiveBuilder().add(name, "x").end();
}

}  // namespace

TEST_CASE("regular members come in order with their bytes", "[ovfkit][tar]") {
    const std::string big(100000, 'b');
    const Content content =
        read_all(ArchiveBuilder().add("a.ovf", "text").add("empty", "").add("b.vmdk", big).end());
    CHECK(content.members ==
          std::map<std::string, std::string>{{"a.ovf", "text"}, {"empty", ""}, {"b.vmdk", big}});
    CHECK(content.oddities.empty());
}

TEST_CASE("archives of GNU tar and of pax come out the same", "[ovfkit][tar]") {
    const base::TempDir dir;
    const std::string long_name = std::string(90, 'n') + "/" + std::string(120, 'm') + ".vmdk";
    base::make_dirs((dir.path() / long_name).parent_path());
    base::write_file(dir.path() / long_name, "disk");
    base::write_file(dir.path() / "a.ovf", "descriptor");
    for (const std::string format : {"gnu", "pax", "posix", "oldgnu"}) {
        INFO(format);
        base::run_checked(
            {.argv = {"tar", "--format=" + format, "-cf", "x.tar", "./a.ovf", long_name},
             .cwd = dir.path()});
        const Content content = read_all(base::read_file(dir.path() / "x.tar"));
        CHECK(content.members ==
              std::map<std::string, std::string>{{"a.ovf", "descriptor"}, {long_name, "disk"}});
    }
}

TEST_CASE("ustar's prefix field belongs to the name", "[ovfkit][tar]") {
    const std::string archive =
        ArchiveBuilder().header("disk", 0).patch_header(345, "some/folder").end();
    CHECK(read_all(archive).members.count("some/folder/disk") == 1);
}

TEST_CASE("a pax header's size counts, not the one of the block after it", "[ovfkit][tar]") {
    const std::string record = ArchiveBuilder::pax_record("size", "5");
    const std::string archive =
        ArchiveBuilder().add("p", record, 'x').header("disk", 0).raw_data("12345").end();
    CHECK(read_all(archive).members.at("disk") == "12345");
}

TEST_CASE("import-security 1: names that leave the package are refused", "[ovfkit][tar][hostile]") {
    CHECK(refusal(with_member("../evil")) == "'x.ova': member '../evil' has '..' in its name");
    CHECK(refusal(with_member("a/../../evil")).find("has '..'") != std::string::npos);
    CHECK(refusal(with_member("a/..")).find("has '..'") != std::string::npos);
    CHECK(refusal(with_member("..\\evil")).find("has '..'") != std::string::npos);
    CHECK(refusal(with_member("/etc/passwd")) ==
          "'x.ova': member '/etc/passwd' has an absolute name");
    CHECK(refusal(with_member(".//etc/passwd")).find("absolute") != std::string::npos);
    CHECK(refusal(with_member("C:\\evil")).find("absolute") != std::string::npos);
    CHECK(refusal(with_member("a\x1b[2Jb")).find("control character") != std::string::npos);
    CHECK(refusal(with_member(".")).find("has no name") != std::string::npos);
    const std::string with_nul =
        ArchiveBuilder::pax_record("path", std::string("ok.vmdk\0/../x", 13));
    CHECK(refusal(ArchiveBuilder().add("p", with_nul, 'x').add("q", "").end())
              .find("control character") != std::string::npos);
    CHECK(
        refusal(ArchiveBuilder().add("l", "../../long", 'L').add("q", "").end()).find("has '..'") !=
        std::string::npos);
    CHECK(read_all(with_member("a..b")).members.size() == 1);  // dots alone are harmless
}

TEST_CASE("import-security 1: a name may occur once, whatever its case", "[ovfkit][tar][hostile]") {
    CHECK(refusal(ArchiveBuilder().add("a", "1").add("a", "2").end()) ==
          "'x.ova': member 'a' occurs twice");
    CHECK(refusal(ArchiveBuilder().add("Disk.vmdk", "1").add("disk.VMDK", "2").end()) ==
          "'x.ova': member 'disk.VMDK' occurs twice");
    CHECK(refusal(ArchiveBuilder().add("a", "1").add("./a", "2").end()).find("twice") !=
          std::string::npos);
}

TEST_CASE("import-security 1: only regular files are members", "[ovfkit][tar][hostile]") {
    const std::map<char, std::string> kinds{
        {'1', "a hard link"},        {'2', "a symbolic link"},   {'3', "a character device"},
        {'4', "a block device"},     {'6', "a named pipe"},      {'S', "a sparse file"},
        {'7', "of an unknown kind"}, {'Z', "of an unknown kind"}};
    for (const auto& [type, words] : kinds) {
        CHECK(refusal(ArchiveBuilder().add("m", "", type).end()) ==
              "'x.ova': member 'm' is " + words);
    }
    const std::string sparse = ArchiveBuilder::pax_record("GNU.sparse.major", "1");
    CHECK(refusal(ArchiveBuilder().add("p", sparse, 'x').add("m", "").end()) ==
          "'x.ova': a sparse file");
    // Links with long targets come with a 'K' record before them.
    CHECK(refusal(ArchiveBuilder().add("l", "target", 'K').add("m", "", '2').end()) ==
          "'x.ova': member 'm' is a symbolic link");
    CHECK(read_all(ArchiveBuilder().header("m", 0).patch_header(156, std::string(1, '\0')).end())
              .members.size() == 1);
}

TEST_CASE("import-security 1: sizes are checked for sense and overflow", "[ovfkit][tar][hostile]") {
    const auto size_field = [](std::string_view field) {
        return ArchiveBuilder().header("m", 0).patch_header(124, field).end();
    };
    const std::string no_sense = "'x.ova': member 'm' has no sensible size in its header";
    CHECK(refusal(size_field(std::string(12, '\xff'))) == no_sense);           // negative
    CHECK(refusal(size_field("\x80" + std::string(11, '\x7f'))) == no_sense);  // 95 bits
    CHECK(refusal(size_field("00000000009\0")) == no_sense);                   // no octal
    CHECK(refusal(size_field("-0000000001")) == no_sense);
    CHECK(refusal(size_field(std::string(12, '\0'))) == no_sense);
    CHECK(refusal(size_field("777777777777")).find("ends too early") != std::string::npos);
    const std::string max = std::string("\x80\0\0\0", 4) + "\x7f" + std::string(7, '\xff');
    CHECK(refusal(size_field(max)).find("beyond the limit") != std::string::npos);
    for (const std::string value : {"9223372036854775808", "-1", "1e3", "", "0x10"}) {
        const std::string record = ArchiveBuilder::pax_record("size", value);
        CHECK(refusal(ArchiveBuilder().add("p", record, 'x').add("m", "").end()) ==
              "'x.ova': the pax record 'size' has no sensible value");
    }
    TarLimits limits;
    limits.total_bytes = 10;
    CHECK(refusal(ArchiveBuilder().add("a", "123456").add("b", "12345").end(), limits)
              .find("beyond the limit") != std::string::npos);
}

TEST_CASE("import-security 1: members, names and header chains are limited",
          "[ovfkit][tar][hostile]") {
    TarLimits limits;
    limits.members = 3;
    ArchiveBuilder many;
    for (int i = 0; i < 4; ++i) {
        many.add(std::to_string(i), "");
    }
    CHECK(refusal(many.end(), limits) == "'x.ova': more than 3 members");
    ArchiveBuilder folders;
    for (int i = 0; i < 10; ++i) {
        folders.add(std::to_string(i), "", '5');
    }
    CHECK(refusal(folders.end(), limits) == "'x.ova': more than 3 members");
    CHECK(refusal(ArchiveBuilder().add("l", std::string(1025, 'n'), 'L').add("m", "").end()) ==
          "'x.ova': a member name of 1025 bytes");
    CHECK(refusal(ArchiveBuilder().header("l", 1U << 30U, 'L').end()) ==
          "'x.ova': a name header of 1073741824 bytes");
    const std::string comment = ArchiveBuilder::pax_record("comment", std::string(40000, 'c'));
    CHECK(refusal(ArchiveBuilder().add("p", comment, 'x').add("p", comment, 'x').end())
              .find("a name header of") != std::string::npos);
    CHECK(refusal(ArchiveBuilder().add("l", "a", 'L').add("l", "b", 'L').end()) ==
          "'x.ova': two long names for one member");
}

TEST_CASE("import-security 1: a wrong checksum or pax record is damage", "[ovfkit][tar][hostile]") {
    std::string archive = ArchiveBuilder().add("a", "1").add("b", "2").end();
    archive[1024 + 5] = 'x';
    CHECK(refusal(archive) == "'x.ova': the header at byte 1024 is damaged");
    for (const std::string records : {"99 path=a\n", "path=a\n", "9 path=a", "7 =abc\n", "-5 a=b\n",
                                      "10 path=a\n10 path=b\n"}) {
        CHECK(refusal(ArchiveBuilder().add("p", records, 'x').add("m", "").end()) ==
              "'x.ova': malformed pax header");
    }
    const std::string record = ArchiveBuilder::pax_record("path", "other");
    CHECK(refusal(ArchiveBuilder().add("p", record, 'g').add("m", "").end()) ==
          "'x.ova': the pax record 'path' has no sensible value");
}

TEST_CASE("a truncated archive says so, wherever it is cut", "[ovfkit][tar][hostile]") {
    const std::string whole =
        ArchiveBuilder().add("a", "text").add("b", std::string(2000, 'b')).end();
    for (std::size_t cut = 0; cut <= whole.size() - 1024; cut += 37) {
        INFO(cut);
        const auto error = tests::error_of([&] { read_all(whole.substr(0, cut)); });
        CHECK(error.message().find("'x.ova' ends too early: ") == 0);
    }
    const auto data =
        tests::error_of([&] { read_all(whole.substr(0, 2000), {}, "standard input"); });
    CHECK(data.message() == "standard input ends too early: 1536 bytes of member 'b' are missing");
    CHECK(refusal(whole.substr(0, whole.size() - 1024)) ==
          "'x.ova' ends too early: there is no end mark");
    CHECK(refusal("") == "'x.ova' ends too early: it is empty");
    CHECK(read_all(whole.substr(0, whole.size() - 512)).members.size() == 2);  // one zero block
}

TEST_CASE("folders, macOS litter and trailing data are told", "[ovfkit][tar]") {
    const std::string archive = ArchiveBuilder()
                                    .add("./", "", '5')
                                    .add("._a.ovf", "litter")
                                    .add("a.ovf", "text")
                                    .add("PaxHeader/a.ovf", "litter")
                                    .end();
    const Content content = read_all(archive + std::string(512, '\0') + "tail");
    CHECK(content.members == std::map<std::string, std::string>{{"a.ovf", "text"}});
    REQUIRE(content.oddities.size() == 4);
    CHECK(content.oddities[0].code == "folder_entry");
    CHECK(content.oddities[1].text == "'._a.ovf' of macOS's archiver ignored");
    CHECK(content.oddities[3].code == "trailing_data");
    CHECK(content.oddities[3].text.find("4 bytes of data after the end") == 0);
}

TEST_CASE("what is no tar archive is called by its name", "[ovfkit][tar]") {
    CHECK(refusal("\x1f\x8b" + std::string(600, 'x')) == "'x.ova' is compressed with gzip");
    CHECK(refusal("\x89PNG" + std::string(600, 'x')) == "'x.ova' is a PNG picture");
    CHECK(refusal("<!DOCTYPE html><html>" + std::string(600, ' ')) ==
          "'x.ova' is a web page, not a package");
    CHECK(refusal("<?xml version='1.0'?>" + std::string(600, ' ')) ==
          "'x.ova' is an XML text, not a package");
    CHECK(refusal(std::string(600, 'x')) == "'x.ova': not a tar archive");
}
