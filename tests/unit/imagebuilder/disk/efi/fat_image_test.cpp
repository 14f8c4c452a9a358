// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/efi/fat_image.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "imagebuilder/disk/efi/efi_partition.h"
#include "imagebuilder/disk/efi/fat_name.h"
#include "tests/support/catch.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFatEpoch = 1700000000;  // 2023-11-14 22:13:20 UTC

FatOptions options_of(std::uint64_t bytes) {
    return {.size_bytes = bytes,
            .first_sector = 4096,
            .volume_id = 0x1234abcd,
            .label = "EFI",
            .epoch = kFatEpoch};
}

void write_image(const fs::path& path, const FatOptions& options,
                 const std::vector<FatFile>& files) {
    const base::UniqueFd fd = base::open_file(path.string(), O_RDWR | O_CREAT | O_EXCL);
    REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(options.size_bytes)) == 0);
    write_fat32(options, files, [&](std::uint64_t offset, std::span<const std::byte> bytes) {
        REQUIRE(offset + bytes.size() <= options.size_bytes);
        base::pwrite_all(fd.get(), bytes, offset, "image");
    });
}

base::RunResult tool(std::vector<std::string> argv) {
    base::Command command;
    command.argv = std::move(argv);
    command.env = {{"PATH", "/usr/sbin:/sbin:/usr/bin:/bin"}, {"TZ", "UTC"}};
    return base::run(command);
}

// What the checker says must be nothing but its greeting and its count.
void check_with_fsck(const fs::path& path) {
    const base::RunResult result = tool({"fsck.vfat", "-n", "-v", path.string()});
    INFO(result.out << result.err);
    CHECK(result.status == 0);
    for (const char* complaint :
         {"differ", "wrong", "Dirty", "invalid", "Orphan", "Bad", "Wrong"}) {
        CHECK(result.out.find(complaint) == std::string::npos);
    }
    CHECK(result.out.find("2 FATs, 32 bit entries") != std::string::npos);
}

std::string content_of(const fs::path& image, const std::string& path) {
    const base::RunResult result = tool({"mtype", "-i", image.string(), "::" + path});
    INFO(result.err);
    CHECK(result.status == 0);
    return result.out;
}

std::string refusal_of(const std::vector<FatFile>& files) {
    try {
        write_fat32(options_of(34 * base::kMiB), files, [](auto, auto) {});
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::invalid_input);
        return error.message();
    }
    FAIL("it was written");
    return {};
}

}  // namespace

TEST_CASE("a FAT32 file system passes the checker and gives its files back",
          "[imagebuilder][fat]") {
    const base::TempDir dir;
    const fs::path image = dir.path() / "fat";
    std::string large;
    for (int i = 0; large.size() < 3000000; ++i) {
        large += fmt::format("{} bottles\n", i);
    }
    std::vector<std::string> names;
    std::vector<FatFile> files{{"EFI/BOOT/BOOTX64.EFI", "loader"},
                               {"EFI/systemd/systemd-bootx64.efi", "loader"},
                               {"loader/entries/muster.conf", "title x\n"},
                               {"muster/vmlinuz-6.1.0-40-cloud-amd64", large},
                               {"muster/vmlinuz-6.1.0-41-cloud-amd64", "another"},
                               {"muster/VMLINU~1", "in the way"},
                               {"empty", ""},
                               {"a+b, c.d.e", "odd"},
                               {std::string(255, 'n'), "long"}};
    for (int i = 0; i < 100; ++i) {
        names.push_back(fmt::format("many/a rather long name {}", i));
        files.push_back({names.back(), names.back()});
    }
    const std::uint64_t bytes = fat32_size_for(large.size());
    CHECK(bytes == 34 * base::kMiB);
    write_image(image, options_of(bytes), files);
    check_with_fsck(image);
    for (const FatFile& file : files) {
        INFO(file.path);
        CHECK(content_of(image, "/" + file.path) == file.content);
    }
    const std::string listing = tool({"mdir", "-i", image.string(), "::/muster"}).out;
    INFO(listing);
    CHECK(listing.find("2023-11-14  22:13") != std::string::npos);
    CHECK(listing.find("vmlinuz-6.1.0-40-cloud-amd64") != std::string::npos);
    CHECK(listing.find("Volume in drive : is EFI") != std::string::npos);
    CHECK(listing.find("1234-ABCD") != std::string::npos);
    const std::string boot = tool({"mdir", "-i", image.string(), "::/EFI/BOOT"}).out;
    CHECK(boot.find("BOOTX64  EFI") != std::string::npos);
}

TEST_CASE("a large FAT32 file system has larger clusters and is as sound", "[imagebuilder][fat]") {
    const base::TempDir dir;
    const fs::path image = dir.path() / "fat";
    const std::string large(50 * base::kMiB, 'x');
    write_image(image, options_of(300 * base::kMiB), {{"one/two/three/four", large}});
    check_with_fsck(image);
    CHECK(content_of(image, "/one/two/three/four") == large);
}

TEST_CASE("equal files give equal bytes whatever their order", "[imagebuilder][fat]") {
    const base::TempDir dir;
    const std::vector<FatFile> files{{"b/x", "1"}, {"b/y", "2"}, {"a", "3"}};
    const std::vector<FatFile> turned{files[2], files[1], files[0]};
    write_image(dir.path() / "one", options_of(34 * base::kMiB), files);
    write_image(dir.path() / "two", options_of(34 * base::kMiB), turned);
    CHECK(base::sha256_of_file((dir.path() / "one").string()) ==
          base::sha256_of_file((dir.path() / "two").string()));
}

TEST_CASE("what FAT cannot hold is refused with its name", "[imagebuilder][fat]") {
    const std::vector<std::string> names{"a:b",  "a*",   "caf\xc3\xa9",        "..", "x/./y", "",
                                         "a//b", "dot.", std::string(256, 'n')};
    for (const std::string& name : names) {
        INFO(name);
        CHECK(refusal_of({{name, ""}}).find("cannot be a name") != std::string::npos);
    }
    CHECK(refusal_of({{"a", ""}, {"A", ""}}).find("twice") != std::string::npos);
    CHECK(refusal_of({{"a", ""}, {"a", ""}}).find("twice") != std::string::npos);
    CHECK(refusal_of({{"a", ""}, {"a/b", ""}}).find("twice") != std::string::npos);
    CHECK(refusal_of({{"a/b", ""}, {"a", ""}}).find("is a folder") != std::string::npos);
    const std::string large(40 * base::kMiB, 'x');
    CHECK(refusal_of({{"a", large}}).find("do not fit") != std::string::npos);
}

TEST_CASE("short names are unique and long ones only where needed", "[imagebuilder][fat]") {
    std::set<std::string> taken;
    CHECK(make_fat_name("BOOTX64.EFI", taken).short_name == "BOOTX64 EFI");
    CHECK(make_fat_name("EFI", taken).long_name.empty());
    CHECK(make_fat_name("systemd", taken).short_name == "SYSTEMD    ");
    CHECK(make_fat_name("muster.conf", taken).short_name == "MUSTER~1CON");
    CHECK(make_fat_name("muster.config", taken).short_name == "MUSTER~2CON");
    CHECK(make_fat_name(".profile", taken).short_name == "PROFIL~1   ");
    CHECK(count_entries({"X          ", std::string(13, 'x')}) == 2);
    CHECK(count_entries({"X          ", std::string(14, 'x')}) == 3);
}

TEST_CASE("the EFI system partition starts the kernel without asking", "[imagebuilder][fat]") {
    const base::TempDir dir;
    const fs::path image = dir.path() / "esp";
    const EfiBoot boot{"web", "6.1.0-1", "the kernel", "the initrd", "root=UUID=1 quiet"};
    const std::uint64_t bytes = efi_partition_size(boot.kernel.size(), boot.initrd.size());
    const auto write = [&](const fs::path& path) {
        const base::UniqueFd fd = base::open_file(path.string(), O_RDWR | O_CREAT | O_EXCL);
        REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(bytes)) == 0);
        write_efi_partition({bytes, 4096, "key", kFatEpoch}, boot,
                            [&](std::uint64_t offset, std::span<const std::byte> piece) {
                                base::pwrite_all(fd.get(), piece, offset, "esp");
                            });
    };
    write(image);
    write(dir.path() / "again");
    CHECK(base::read_file(image) == base::read_file(dir.path() / "again"));
    check_with_fsck(image);
    CHECK(content_of(image, "/EFI/BOOT/BOOTX64.EFI") == base::read_file(find_systemd_boot()));
    CHECK(content_of(image, "/EFI/systemd/systemd-bootx64.efi") ==
          base::read_file(find_systemd_boot()));
    CHECK(content_of(image, "/loader/loader.conf") == "timeout 0\ndefault muster.conf\n");
    CHECK(content_of(image, "/loader/entries/muster.conf") ==
          "title web\nlinux /muster/vmlinuz-6.1.0-1\ninitrd /muster/initrd-6.1.0-1\n"
          "options root=UUID=1 quiet\n");
    CHECK(content_of(image, "/muster/vmlinuz-6.1.0-1") == "the kernel");
    CHECK(content_of(image, "/muster/initrd-6.1.0-1") == "the initrd");
    // Room for an update beside what is there.
    CHECK(efi_partition_size(30 * base::kMiB, 0) >= 60 * base::kMiB);
}
