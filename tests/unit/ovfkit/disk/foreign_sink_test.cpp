// SPDX-License-Identifier: Apache-2.0
// Disks in packages that can only be read at random, as qemu-img writes them, and hostile ones.
#include "ovfkit/disk/foreign_sink.h"

#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"

using base::ErrorKind;

namespace {

constexpr std::string_view kSparseUri = "http://www.vmware.com/specifications/vmdk.html#sparse";

struct Foreign {
    std::vector<std::string> format;  // for qemu-img convert
    std::string uri;
    std::string encoding;
};

const std::vector<Foreign> kForeign{
    {{"qcow2", "-o", "compression_type=zlib", "-c"}, "http://x/qcow-image-format.html", "qcow2"},
    {{"qcow2", "-o", "compression_type=zstd", "-c"}, std::string(kSparseUri), "qcow2"},  // oVirt
    {{"qcow2"}, "", "qcow2"},
    {{"vpc", "-o", "subformat=dynamic"}, "http://go.microsoft.com/fwlink/?LinkId=137171", "vpc"},
    {{"vpc", "-o", "subformat=fixed"}, "vhd", "vpc"},
    {{"vhdx", "-o", "subformat=dynamic"}, "http://example.org/vhdx", "vhdx"},
    {{"vhdx", "-o", "subformat=fixed"}, "", "vhdx"},
    {{"vdi"}, "http://example.org/disk#vdi", "vdi"},
    {{"vmdk", "-o", "subformat=monolithicSparse"}, std::string(kSparseUri), "vmdk"}};

struct Workshop {
    base::TempDir dir;
    std::filesystem::path raw = dir.path() / "in.raw";
    std::filesystem::path disk = dir.path() / "disk";

    explicit Workshop(std::uint64_t bytes = (34U << 20U) + 512) {
        tests::make_sample_disk(raw, bytes);
    }
    // What a package would carry.
    std::string write(const std::vector<std::string>& format) const {
        std::vector<std::string> arguments{"convert", "-f", "raw", "-O"};
        arguments.insert(arguments.end(), format.begin(), format.end());
        arguments.insert(arguments.end(), {raw.string(), disk.string()});
        tests::run_qemu_img(arguments);
        return base::read_file(disk, 1U << 30U);
    }
    std::string create(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "create");
        arguments.insert(arguments.end(), {disk.string(), "1M"});
        tests::run_qemu_img(arguments);
        return base::read_file(disk);
    }
    // Raw bytes as qemu-img reads the disk: some formats round its size.
    std::string expected(const std::string& format) const {
        const auto out = dir.path() / "expected.raw";
        tests::run_qemu_img({"convert", "-f", format, "-O", "raw", disk.string(), out.string()});
        return base::read_file(out, 1U << 30U);
    }
    tests::Decoded decode(const std::string& bytes, const std::string& uri,
                          ovfkit::DiskSinkOptions options = {}) const {
        options.spool_folder = dir.path();
        return tests::decode(bytes, 70001, uri, "", options);
    }
    base::Error refusal(const std::string& bytes, const std::string& uri = "") const {
        const auto before = files();
        const auto error = tests::error_of([&] { decode(bytes, uri); });
        CHECK(files() == before);
        return error;
    }
    std::ptrdiff_t files() const {
        return std::distance(std::filesystem::directory_iterator(dir.path()),
                             std::filesystem::directory_iterator());
    }
};

void overwrite(std::string& bytes, std::size_t at, const std::string& value) {
    bytes.replace(at, value.size(), value);
}

}  // namespace

TEST_CASE("disks of every format come out of a package byte for byte", "[ovfkit][disk]") {
    const Workshop shop;
    for (const Foreign& foreign : kForeign) {
        INFO(foreign.format.front() << " declared '" << foreign.uri << "'");
        const std::string bytes = shop.write(foreign.format);
        const std::string expected = shop.expected(foreign.format.front());
        const auto decoded = shop.decode(bytes, foreign.uri);
        CHECK(decoded.disk.encoding == foreign.encoding);
        CHECK(decoded.disk.capacity_bytes == expected.size());
        CHECK((decoded.raw == expected));
        const auto before = shop.files();
        // The same into a qcow2, and into a VMDK of ours.
        base::write_file(
            shop.dir.path() / "q",
            shop.decode(bytes, foreign.uri, {.target = ovfkit::DiskFormat::qcow2}).raw);
        CHECK(
            (tests::read_whole(*ovfkit::open_disk((shop.dir.path() / "q").string())) == expected));
        base::MemorySink vmdk;
        CHECK(shop.decode(bytes, foreign.uri, {.stream = &vmdk}).disk.capacity_bytes ==
              expected.size());
        CHECK((tests::decode(vmdk.data()).raw == expected));
        std::filesystem::remove(shop.dir.path() / "q");
        CHECK(shop.files() == before);
    }
}

TEST_CASE("import-security 6: the format that is declared is compared with the content",
          "[ovfkit][disk][hostile]") {
    const Workshop shop(1U << 20U);
    const std::string qcow2 = shop.write({"qcow2"});
    const std::string vdi = shop.write({"vdi"});
    CHECK(shop.refusal(qcow2, "raw").message() ==
          "disk 'disk1.vmdk' is declared raw but is in qcow2 format");
    CHECK(shop.refusal(qcow2, "http://example.org/vhdx").kind() == ErrorKind::invalid_input);
    CHECK(shop.refusal(vdi, std::string(kSparseUri)).kind() == ErrorKind::invalid_input);
    CHECK(shop.refusal(vdi, "raw").kind() == ErrorKind::invalid_input);
    const std::string plain = base::read_file(shop.raw);
    CHECK(shop.refusal(plain, "qcow2").message() ==
          "disk 'disk1.vmdk' is declared qcow2 but is not in that format");
    CHECK(shop.refusal(plain, "vhd").kind() == ErrorKind::invalid_input);
    CHECK(shop.refusal(plain).kind() == ErrorKind::unsupported);
}

TEST_CASE("import-security 6: a foreign disk that leans on other files is refused",
          "[ovfkit][disk][hostile]") {
    const Workshop shop(1U << 20U);
    const auto base = (shop.dir.path() / "base").string();
    tests::run_qemu_img({"create", "-f", "qcow2", base, "1M"});
    const auto kind = [&](const std::string& bytes) { return shop.refusal(bytes).kind(); };
    CHECK(kind(shop.create({"-f", "qcow2", "-F", "qcow2", "-b", base})) == ErrorKind::unsupported);
    CHECK(kind(shop.create({"-f", "qcow2", "-o", "data_file=" + base + ".data"})) ==
          ErrorKind::unsupported);
    std::string encrypted = shop.write({"qcow2"});
    encrypted[35] = 2;  // by LUKS
    CHECK(kind(encrypted) == ErrorKind::unsupported);
    CHECK(kind("LUKS\xba\xbe" + std::string(1U << 20U, 'x')) == ErrorKind::unsupported);
    tests::run_qemu_img({"create", "-f", "vmdk", base, "1M"});
    CHECK(kind(shop.create({"-f", "vmdk", "-F", "vmdk", "-b", base})) == ErrorKind::unsupported);

    std::string vhd = shop.write({"vpc", "-o", "subformat=dynamic"});
    const std::size_t footer = vhd.size() - 512;
    vhd[footer + 63] = 4;  // a differencing disk, from 3, with the checksum right
    vhd[footer + 67] = static_cast<char>(vhd[footer + 67] - 1);
    CHECK(kind(vhd) == ErrorKind::unsupported);
    std::string vdi = shop.write({"vdi"});
    overwrite(vdi, 0x1a8, std::string(16, 'p'));  // the UUID of its parent
    CHECK(kind(vdi) == ErrorKind::unsupported);
    std::string vhdx = shop.write({"vhdx"});
    const std::string file_parameters = "\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44";
    const std::size_t metadata = vhdx.find("metadata");
    const std::size_t entry = vhdx.find(file_parameters, metadata);
    REQUIRE(entry != std::string::npos);
    const std::size_t item = metadata + static_cast<unsigned char>(vhdx[entry + 16]) +
                             256U * static_cast<unsigned char>(vhdx[entry + 17]) +
                             65536U * static_cast<unsigned char>(vhdx[entry + 18]);
    vhdx[item + 4] = 2;  // has a parent
    CHECK(kind(vhdx) == ErrorKind::unsupported);
}

TEST_CASE("import-security 6: a foreign disk is bounded by its capacity and the limit",
          "[ovfkit][disk][hostile]") {
    const Workshop shop(1U << 20U);
    const auto kind = [&](const std::string& bytes, std::uint64_t limit) {
        return tests::error_of([&] { shop.decode(bytes, "", {.max_capacity_bytes = limit}); })
            .kind();
    };
    // Few bytes that say they are much, and many bytes.
    CHECK(kind(shop.create({"-f", "qcow2"}), (1U << 20U) - 512) == ErrorKind::unsupported);
    CHECK(kind(shop.write({"vdi"}), 65536) == ErrorKind::unsupported);
    // Tables that would not fit the memory.
    std::string qcow2 = shop.create({"-f", "qcow2", "-o", "cluster_size=512"});
    overwrite(qcow2, 24, std::string("\0\0\x10\0\0\0\0\0", 8));  // 16 TiB
    overwrite(qcow2, 36, std::string("\x20\0\0\0", 4));
    CHECK(kind(qcow2, ~std::uint64_t{0}) == ErrorKind::unsupported);
    // Cut off.
    const std::string vhdx = shop.write({"vhdx"});
    CHECK(kind(vhdx.substr(0, vhdx.size() / 4), 1U << 30U) == ErrorKind::invalid_input);
}
