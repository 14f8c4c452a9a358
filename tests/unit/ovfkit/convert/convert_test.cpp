// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/convert/convert.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <csignal>

#include "base/file.h"
#include "ovfkit/convert/one_disk_envelope.h"
#include "ovfkit/descriptor/write_envelope.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"
#include "ovfkit/package/package_writer.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"
#include "tests/unit/ovfkit/disk/vmdk_samples.h"

using base::ErrorKind;
using ovfkit::ConvertOptions;
using ovfkit::ConvertResult;
using ovfkit::DiskForm;

namespace {

namespace fs = std::filesystem;

ConvertResult convert(const fs::path& input, const fs::path& output, ConvertOptions options = {}) {
    options.input = input.string();
    options.output = output.string();
    options.from_package = input.extension() == ".ova";
    options.to = ovfkit::form_of_path(output.string()).value();
    return ovfkit::convert_disk(options);
}

void require_same_disk(const fs::path& image, const std::string& format, const fs::path& raw) {
    if (format == "qcow2") {
        tests::run_qemu_img({"check", "-f", "qcow2", image.string()});
    }
    tests::run_qemu_img({"compare", "-f", format, "-F", "raw", image.string(), raw.string()});
}

std::size_t files_in(const fs::path& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// A package of two disks, with or without a manifest's protection.
// The second may be a delta of the first, or the first of the second.
void make_two_disks(const fs::path& path, const std::string& first, const std::string& second,
                    const std::string& child = "") {
    ovfkit::Envelope envelope = ovfkit::make_one_disk_envelope({.name = "two",
                                                                .disk_file = "a.vmdk",
                                                                .capacity_bytes = 1U << 20U,
                                                                .file_bytes = first.size()});
    ovfkit::FileReference file = envelope.files.front();
    file.id = "file2";
    file.href = "b.vmdk";
    file.size = second.size();
    envelope.files.push_back(file);
    ovfkit::Disk disk = envelope.disks.front();
    disk.id = "data";
    disk.file_ref = "file2";
    envelope.disks.push_back(disk);
    for (ovfkit::Disk& one : envelope.disks) {
        if (one.id == child) {
            one.parent_ref =
                envelope.disks.front().id == child ? "data" : envelope.disks.front().id;
        }
    }
    base::AtomicFile out(path);
    ovfkit::PackageWriter writer(out.fd(), path.string());
    writer.add_text("two.ovf", ovfkit::write_envelope(envelope));
    for (const auto& [name, content] : {std::pair{"a.vmdk", first}, std::pair{"b.vmdk", second}}) {
        writer.add_member(name, content.size(), [&, data = content](base::ByteSink& sink) {
            sink.write(base::as_bytes(data));
        });
    }
    writer.finish();
    out.commit();
}

// Limits how long files may get, for as long as it lives.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(std::uint64_t bytes) {
        ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const struct rlimit limit { bytes, before_.rlim_max };
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    struct rlimit before_ {};
};

}  // namespace

TEST_CASE("a disk goes through every form and comes back the same", "[ovfkit][convert]") {
    const base::TempDir dir;
    const fs::path raw = dir.path() / "in.raw";
    tests::make_sample_disk(raw, (34U << 20U) + 512);
    convert(raw, dir.path() / "a.qcow2");
    require_same_disk(dir.path() / "a.qcow2", "qcow2", raw);
    convert(dir.path() / "a.qcow2", dir.path() / "a.vmdk");
    require_same_disk(dir.path() / "a.vmdk", "vmdk", raw);
    convert(dir.path() / "a.qcow2", dir.path() / "a.ova");
    const ConvertResult verified = convert(dir.path() / "a.ova", dir.path() / "b.qcow2");
    require_same_disk(dir.path() / "b.qcow2", "qcow2", raw);
    CHECK(verified.encoding == "streamOptimized");
    CHECK(verified.disk == "a-disk1.vmdk");
    REQUIRE(verified.package);
    CHECK(verified.package->manifest.state == ovfkit::CheckState::ok);
    CHECK(verified.capacity_bytes == (34U << 20U) + 512);
    convert(dir.path() / "a.ova", dir.path() / "b.raw");
    tests::require_same_file(dir.path() / "b.raw", raw);
    convert(dir.path() / "b.qcow2", dir.path() / "c.raw");
    tests::require_same_file(dir.path() / "c.raw", raw);
}

TEST_CASE("fast compression gives the same disk in somewhat more bytes", "[ovfkit][convert]") {
    const base::TempDir dir;
    const fs::path raw = dir.path() / "in.raw";
    tests::make_sample_disk(raw, 34U << 20U);
    const auto normal = convert(raw, dir.path() / "normal.ova");
    const auto fast = convert(raw, dir.path() / "fast.ova", {.fast = true, .threads = 1});
    CHECK(fast.output_bytes < normal.output_bytes * 5 / 4);
    for (const std::string image : {"fast.qcow2", "fast.raw"}) {
        convert(dir.path() / "fast.ova", dir.path() / image);
        require_same_disk(dir.path() / image, image.substr(5), raw);
    }
    convert(raw, dir.path() / "fast.again.ova", {.fast = true, .name = "fast", .threads = 3});
    convert(raw, dir.path() / "fast.vmdk", {.fast = true, .threads = 1});
    const std::string first = base::read_file(dir.path() / "fast.vmdk");
    convert(raw, dir.path() / "fast.vmdk", {.fast = true, .threads = 3});
    CHECK((first == base::read_file(dir.path() / "fast.vmdk")));
    require_same_disk(dir.path() / "fast.vmdk", "vmdk", raw);
}

TEST_CASE("a delta disk of a package comes out whole, wherever its parent stands",
          "[ovfkit][convert]") {
    const base::TempDir dir;
    const auto path = [&](const std::string& name) { return (dir.path() / name).string(); };
    tests::make_sample_disk(path("parent.raw"), 34U << 20U, 1);
    tests::make_sample_disk(path("child.raw"), 40U << 20U, 2);
    const auto parent = ovfkit::open_disk(path("parent.raw"), ovfkit::DiskFormat::raw);
    const auto child = ovfkit::open_disk(path("child.raw"), ovfkit::DiskFormat::raw);
    base::MemorySink delta;
    ovfkit::encode_stream_optimized(*child, delta, {.parent = parent.get()});
    const std::string whole = tests::encode(path("parent.raw"));
    make_two_disks(path("after.ova"), whole, delta.data(), "data");
    make_two_disks(path("before.ova"), delta.data(), whole, "disk1");
    for (const auto& [package, disk] :
         {std::pair{"after.ova", "data"}, std::pair{"before.ova", "disk1"}}) {
        for (const std::string image : {"out.raw", "out.qcow2"}) {
            const auto result = convert(path(package), path(image), {.disk = disk});
            CHECK(result.other_disks == 1);
            CHECK(result.capacity_bytes == 40U << 20U);
            require_same_disk(path(image), image.substr(4), path("child.raw"));
        }
        CHECK(files_in(dir.path()) == 6);  // nothing else was left
    }
}

TEST_CASE("the disk of a package is chosen by id or file name", "[ovfkit][convert]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "a.raw", 1U << 20U, 1);
    tests::make_sample_disk(dir.path() / "b.raw", 1U << 20U, 2);
    make_two_disks(dir.path() / "two.ova", tests::encode(dir.path() / "a.raw"),
                   tests::encode(dir.path() / "b.raw"));
    const auto chosen = [&](const std::string& disk) {
        const auto result = convert(dir.path() / "two.ova", dir.path() / "out.raw", {.disk = disk});
        CHECK(result.other_disks == 1);
        return base::read_file(dir.path() / "out.raw");
    };
    CHECK((chosen("") == base::read_file(dir.path() / "a.raw")));
    CHECK((chosen("disk1") == base::read_file(dir.path() / "a.raw")));
    CHECK((chosen("data") == base::read_file(dir.path() / "b.raw")));
    CHECK((chosen("b.vmdk") == base::read_file(dir.path() / "b.raw")));
    const auto error = tests::error_of([&] { chosen("c"); });
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.message() == "'two.ovf': no disk 'c'");
    CHECK(error.hint() == "there are: disk1, data");
}

TEST_CASE("a package that fails a check leaves the output as it was", "[ovfkit][convert]") {
    const base::TempDir dir;
    const fs::path raw = dir.path() / "in.raw";
    tests::make_sample_disk(raw, 4U << 20U);
    convert(raw, dir.path() / "a.ova");
    std::string bytes = base::read_file(dir.path() / "a.ova");
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    base::write_file(dir.path() / "bad.ova", bytes);
    for (const std::string name : {"out.qcow2", "out.raw"}) {
        base::write_file(dir.path() / name, "before");
        const auto before = files_in(dir.path());
        const auto error =
            tests::error_of([&] { convert(dir.path() / "bad.ova", dir.path() / name); });
        CHECK(error.kind() == ErrorKind::invalid_input);
        CHECK(error.message().find("does not match the manifest") != std::string::npos);
        CHECK(base::read_file(dir.path() / name) == "before");
        CHECK(files_in(dir.path()) == before);
    }
}

TEST_CASE("all disks of a package are renewed, and its descriptor follows", "[ovfkit][convert]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "a.raw", 1U << 20U, 1);
    tests::make_sample_disk(dir.path() / "b.raw", (1U << 20U) + 512, 2);
    const auto vmdk = dir.path() / "old.vmdk";
    tests::run_qemu_img({"convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized",
                         (dir.path() / "a.raw").string(), vmdk.string()});
    tests::run_qemu_img({"convert", "-f", "raw", "-O", "qcow2", (dir.path() / "b.raw").string(),
                         (dir.path() / "b.qcow2").string()});
    make_two_disks(dir.path() / "two.ova", base::read_file(vmdk),
                   base::read_file(dir.path() / "b.qcow2"));
    const auto result = convert(dir.path() / "two.ova", dir.path() / "new.ova");
    REQUIRE(result.disks.size() == 2);
    CHECK(result.disks[0].encoding == "streamOptimized");
    CHECK(result.disks[1].encoding == "qcow2");
    CHECK(result.manifest == "renewed (SHA256)");
    CHECK(result.signature == "none");
    for (const auto& [disk, raw] : {std::pair{"disk1", "a.raw"}, std::pair{"data", "b.raw"}}) {
        const auto out = convert(dir.path() / "new.ova", dir.path() / "out.raw", {.disk = disk});
        CHECK(out.encoding == "streamOptimized");
        REQUIRE(out.package);
        CHECK(out.package->manifest.state == ovfkit::CheckState::ok);
        tests::require_same_file(dir.path() / "out.raw", dir.path() / raw);
        convert(dir.path() / "two.ova", dir.path() / "out.vmdk", {.disk = disk});
        require_same_disk(dir.path() / "out.vmdk", "vmdk", dir.path() / raw);
    }
    // Again and in its own place: nothing is different any more.
    ::setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    const base::ScopeExit restore([] { ::unsetenv("SOURCE_DATE_EPOCH"); });
    convert(dir.path() / "new.ova", dir.path() / "new.ova");
    const std::string once = base::read_file(dir.path() / "new.ova");
    convert(dir.path() / "new.ova", dir.path() / "new.ova");
    CHECK((once == base::read_file(dir.path() / "new.ova")));
}

TEST_CASE("a VMDK whose grains are in no order is renewed in a second reading",
          "[ovfkit][convert]") {
    const base::TempDir dir;
    const std::string a(65536, 'a');
    const std::string b(65536, 'b');
    tests::VmdkBuilder::Header fields;
    tests::VmdkBuilder vmdk;
    vmdk.add(tests::VmdkBuilder::header(fields)).grain(128, b).grain(0, a);
    fields.directory = vmdk.tables();
    vmdk.footer(fields).end();
    make_two_disks(dir.path() / "two.ova", vmdk.bytes(), vmdk.bytes());
    for (const std::string name : {"new.ova", "new.vmdk"}) {
        const auto before = files_in(dir.path());
        convert(dir.path() / "two.ova", dir.path() / name);
        CHECK(files_in(dir.path()) == before + 1);
    }
    convert(dir.path() / "new.ova", dir.path() / "new.raw", {.disk = "data"});
    CHECK((base::read_file(dir.path() / "new.raw") == a + b));
}

TEST_CASE("what is a package is told by its content", "[ovfkit][convert]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 65536);
    convert(dir.path() / "in.raw", dir.path() / "in.ova");
    const std::string path = (dir.path() / "x.raw").string();
    base::write_file(path, base::read_file(dir.path() / "in.ova"));
    CHECK(ovfkit::is_package(path));
    CHECK(ovfkit::is_package(dir.path().string()));
    CHECK(ovfkit::is_package("-"));
    for (const std::string start : {"PK\x03\x04", "\x1f\x8b", "\x28\xb5\x2f\xfd", "<Envelope/>"}) {
        base::write_file(path, start + std::string(600, 'x'));
        CHECK(ovfkit::is_package(path));
    }
    CHECK_FALSE(ovfkit::is_package((dir.path() / "in.raw").string()));
    base::write_file(dir.path() / "unmarked", std::string(4096, 'x'));
    ConvertOptions options{.input = (dir.path() / "unmarked").string(),
                           .output = (dir.path() / "out.qcow2").string(),
                           .to = DiskForm::qcow2};
    CHECK(tests::error_of([&] { ovfkit::convert_disk(options); }).kind() == ErrorKind::usage);
    options.from = ovfkit::DiskFormat::raw;
    CHECK(ovfkit::convert_disk(options).capacity_bytes == 4096);
}

TEST_CASE("a write that fails anywhere leaves nothing behind", "[ovfkit][convert]") {
    const base::TempDir dir;
    const fs::path raw = dir.path() / "in.raw";
    tests::make_sample_disk(raw, 700000);
    convert(raw, dir.path() / "in.ova");
    const auto before = files_in(dir.path());
    for (const auto& [input, output] :
         {std::pair{"in.raw", "out.ova"}, std::pair{"in.raw", "out.vmdk"},
          std::pair{"in.raw", "out.qcow2"}, std::pair{"in.ova", "out.qcow2"},
          std::pair{"in.ova", "out.ova"}, std::pair{"in.ova", "out.vmdk"},
          std::pair{"in.ova", "out.raw"}}) {
        unsigned failures = 0;
        for (std::uint64_t limit = 0;; limit += 32768) {
            INFO(input << " to " << output << ", files of at most " << limit);
            try {
                const FileSizeLimit files(limit);
                convert(dir.path() / input, dir.path() / output);
                break;
            } catch (const base::Error& error) {
                CHECK(error.kind() == ErrorKind::environment);
                REQUIRE(files_in(dir.path()) == before);
                ++failures;
            }
        }
        CHECK(failures > 5);
        fs::remove(dir.path() / output);
    }
}

TEST_CASE("what cannot be converted is said", "[ovfkit][convert]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 65536);
    convert(dir.path() / "in.raw", dir.path() / "in.ova");
    CHECK(tests::error_of([&] {
              convert(dir.path() / "in.ova", dir.path() / "b.ova", {.name = "other"});
          }).kind() == ErrorKind::usage);
    CHECK(tests::error_of([&] {
              convert(dir.path() / "in.ova", dir.path() / "b.ova", {.disk = "disk1"});
          }).kind() == ErrorKind::usage);
    CHECK(tests::error_of([&] { convert(dir.path() / "no.raw", dir.path() / "b.ova"); }).kind() ==
          ErrorKind::not_found);
    ConvertOptions options{.input = (dir.path() / "in.raw").string(), .output = "-"};
    CHECK(tests::error_of([&] { ovfkit::convert_disk(options); }).kind() == ErrorKind::usage);
    base::write_file(dir.path() / "empty.raw", "");
    CHECK(tests::error_of([&] {
              convert(dir.path() / "empty.raw", dir.path() / "b.ova");
          }).kind() == ErrorKind::invalid_input);
}
