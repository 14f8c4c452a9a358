// SPDX-License-Identifier: Apache-2.0
// From one streamOptimized VMDK to another without deflating anew.
#include "ovfkit/disk/vmdk/passing_consumer.h"

#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"
#include "tests/unit/ovfkit/disk/vmdk_samples.h"

using tests::VmdkBuilder;

namespace {

std::string pass(const std::string& vmdk, ovfkit::DiskSinkOptions options = {}) {
    base::MemorySink out;
    options.stream = &out;
    tests::decode(vmdk, 33333, ovfkit::kStreamOptimizedFormatUri, "", options);
    return out.data();
}

// The second half first.
std::string out_of_order(const std::string& first, const std::string& second) {
    VmdkBuilder::Header fields;
    VmdkBuilder vmdk;
    vmdk.add(VmdkBuilder::header(fields)).grain(128, second).grain(0, first);
    fields.directory = vmdk.tables();
    vmdk.footer(fields).end();
    return vmdk.bytes();
}

}  // namespace

TEST_CASE("a VMDK of qemu-img gets the footer and the end that VMware wants", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto raw = dir.path() / "in.raw";
    const auto old = dir.path() / "old.vmdk";
    tests::make_sample_disk(raw, (34U << 20U) + 512);
    tests::run_qemu_img({"convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized",
                         raw.string(), old.string()});
    const std::string before = base::read_file(old);
    for (const unsigned threads : {1U, 3U}) {
        const std::string vmdk = pass(before, {.threads = threads});
        CHECK((tests::decode(vmdk).raw == base::read_file(raw)));
        REQUIRE(vmdk.size() > 2048);
        CHECK(vmdk.substr(vmdk.size() - 1024, 4) == "KDMV");  // the footer
        CHECK(vmdk.substr(vmdk.size() - 512) == std::string(512, '\0'));
        CHECK(vmdk[4] == 3);  // the version
        CHECK((vmdk == pass(before, {.threads = 2})));
        base::write_file(dir.path() / "new.vmdk", vmdk);
        tests::run_qemu_img({"compare", "-f", "vmdk", "-F", "raw",
                             (dir.path() / "new.vmdk").string(), raw.string()});
    }
}

TEST_CASE("grains that are whole are passed on as they are", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto raw = dir.path() / "in.raw";
    std::string words;  // that a higher level makes shorter
    for (unsigned i = 0; words.size() < (2U << 20U); ++i) {
        words += std::to_string(i * 2654435761U % 1000003U) + " words ";
    }
    words.resize(2U << 20U);
    base::write_file(raw, words);
    const std::string large = tests::encode(raw, 2, 1);
    const std::string passed = pass(large);
    CHECK(passed.size() == large.size());
    CHECK((tests::decode(passed).raw == base::read_file(raw)));
    const std::string small = pass(large, {.encoding = {.level = 9}, .keep_grains = false});
    CHECK(small.size() < large.size());
    CHECK((tests::decode(small).raw == base::read_file(raw)));
}

TEST_CASE("grains of another size or order go by way of the spool", "[ovfkit][disk]") {
    const base::TempDir dir;
    const std::string a(65536, 'a');
    const std::string b(65536, 'b');
    CHECK_THROWS_AS(pass(out_of_order(a, b)), ovfkit::GrainsOutOfOrder);
    const ovfkit::DiskSinkOptions spool{.spool_folder = dir.path(), .spool_vmdk = true};
    CHECK((tests::decode(pass(out_of_order(a, b), spool)).raw == a + b));

    VmdkBuilder::Header fields{.capacity = 16, .grain = 8};
    VmdkBuilder vmdk;
    vmdk.add(VmdkBuilder::header(fields)).grain(8, std::string(4096, 'x'));
    fields.directory = vmdk.tables(8);
    vmdk.footer(fields).end();
    CHECK((tests::decode(pass(vmdk.bytes(), {.spool_folder = dir.path()})).raw ==
           std::string(4096, '\0') + std::string(4096, 'x')));
}

TEST_CASE("a damaged grain is not passed on", "[ovfkit][disk]") {
    VmdkBuilder::Header fields;
    VmdkBuilder vmdk;
    std::string deflated = VmdkBuilder::deflated(std::string(65536, 'q'));
    deflated.back() = static_cast<char>(deflated.back() ^ 1);  // its Adler-32
    vmdk.add(VmdkBuilder::header(fields)).packed_grain(0, deflated);
    fields.directory = vmdk.tables();
    vmdk.footer(fields).end();
    CHECK(tests::error_of([&] { pass(vmdk.bytes()); }).kind() == base::ErrorKind::invalid_input);
    // A disk of nothing but zeros is one too.
    VmdkBuilder empty;
    VmdkBuilder::Header other;
    empty.add(VmdkBuilder::header(other)).grain(0, std::string(65536, '\0'));
    other.directory = empty.tables();
    empty.footer(other).end();
    CHECK((tests::decode(pass(empty.bytes())).raw == std::string(131072, '\0')));
}
