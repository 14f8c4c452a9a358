// SPDX-License-Identifier: Apache-2.0
#include "assembler/pack.h"

#include <algorithm>
#include <map>

#include "base/byte_size.h"
#include "base/file.h"
#include "base/process.h"
#include "ovfkit/convert/convert.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/package/package_reader.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/sample_assembly.h"

namespace fs = std::filesystem;

namespace {

// A folder with the shop: db.raw and app.raw of 1 MiB each.
class Shop {
  public:
    Shop() {
        base::write_file(dir_.path() / "assembly.yaml", tests::shop_yaml());
        base::write_file(dir_.path() / "db.raw", std::string(base::kMiB, 'd'));
        base::write_file(dir_.path() / "app.raw", std::string(base::kMiB, 'a'));
        base::write_file(dir_.path() / "kernel", "kernel bytes");
    }
    fs::path path(const std::string& name) const { return dir_.path() / name; }

    assembler::PackOptions options(const std::string& output) {
        assembler::PackOptions options;
        options.assembly = dir_.path();
        options.output = path(output);
        options.provide_image = [this](const assembler::AssemblyMachine&,
                                       const fs::path& location) {
            ++provided;
            return assembler::ProvidedImage{location.stem().string(), location, path("kernel"), "",
                                            "quiet"};
        };
        return options;
    }
    int provided = 0;

  private:
    base::TempDir dir_;
};

class Collector : public ovfkit::PackageHandler {
  public:
    void on_descriptor(const std::string&, const std::string&,
                       const ovfkit::Envelope& found) override {
        envelope = found;
    }
    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t size) override {
        sizes[name] = size;
        return nullptr;
    }
    ovfkit::Envelope envelope;
    std::map<std::string, std::uint64_t> sizes;
};

ovfkit::PackageReport read(const fs::path& path, Collector& collector) {
    const auto source = base::open_source(path.string());
    return ovfkit::read_package(*source, collector, {});
}

}  // namespace

TEST_CASE("a packed assembly reads back whole, every image once", "[assembler]") {
    Shop shop;
    const auto result = assembler::pack_assembly(shop.options("shop.ova"));
    CHECK(shop.provided == 2);  // app.raw serves two machines
    CHECK(result.machines == std::vector<std::string>{"db", "app", "web"});
    CHECK(result.bytes == base::file_size(shop.path("shop.ova")));
    Collector collector;
    const auto report = read(shop.path("shop.ova"), collector);
    CHECK(report.manifest.state == ovfkit::CheckState::ok);
    CHECK(report.descriptor_name == "shop.ovf");
    // db, app, app grown to 4 MiB for web, and one kernel for all.
    CHECK(collector.envelope.files.size() == 4);
    CHECK(collector.sizes.size() == 4);
    for (const auto& file : collector.envelope.files) {
        CHECK(collector.sizes.at(file.href) == file.size);
    }
    const auto& web = *ovfkit::find_system(collector.envelope, "web");
    const auto disks = ovfkit::disks_of(collector.envelope, web, "small");
    CHECK(disks.front().disk->capacity_bytes == 4 * base::kMiB);
    CHECK(disks.front().disk->populated_bytes == base::kMiB);
    CHECK(web.machine->boot->command_line == "quiet");
}

TEST_CASE("machines with the same disk share its file", "[assembler]") {
    Shop shop;
    base::write_file(shop.path("assembly.yaml"), tests::shop_with("    disk: 4 MiB\n", ""));
    assembler::pack_assembly(shop.options("shop.ova"));
    Collector collector;
    read(shop.path("shop.ova"), collector);
    CHECK(collector.envelope.files.size() == 3);
    CHECK(ovfkit::find_disk(collector.envelope, "app-disk")->file_ref ==
          ovfkit::find_disk(collector.envelope, "web-disk")->file_ref);
}

TEST_CASE("an image in two sizes is stored once and as a delta", "[assembler][delta]") {
    Shop shop;
    auto options = shop.options("shop.ova");
    options.delta_disks = true;
    const auto result = assembler::pack_assembly(options);
    Collector collector;
    CHECK(read(shop.path("shop.ova"), collector).manifest.state == ovfkit::CheckState::ok);
    const auto& web = *ovfkit::find_disk(collector.envelope, "web-disk");
    CHECK(web.parent_ref == "app-disk");
    CHECK(web.capacity_bytes == 4 * base::kMiB);
    CHECK(web.populated_bytes == 0U);
    CHECK(ovfkit::find_disk(collector.envelope, "app-disk")->parent_ref.empty());
    CHECK(std::count_if(result.files.begin(), result.files.end(),
                        [](const auto& file) { return !file.parent.empty(); }) == 1);
    ovfkit::ConvertOptions convert;
    convert.input = shop.path("shop.ova").string();
    convert.output = shop.path("web.raw").string();
    convert.from_package = true;
    convert.disk = "web-disk";
    ovfkit::convert_disk(convert);
    CHECK((base::read_file(shop.path("web.raw")) ==
           std::string(base::kMiB, 'a') + std::string(3 * base::kMiB, '\0')));
}

TEST_CASE("a parent comes before its delta, whoever is first in the assembly",
          "[assembler][delta]") {
    Shop shop;
    // The larger one is used first.
    base::write_file(shop.path("db.raw"),
                     std::string(base::kMiB, 'a') + std::string(base::kMiB, 'b'));
    auto options = shop.options("shop.ova");
    options.delta_disks = true;
    const auto result = assembler::pack_assembly(options);
    std::vector<std::string> seen;
    for (const auto& file : result.files) {
        INFO(file.name << " of " << file.parent);
        CHECK((file.parent.empty() ||
               std::find(seen.begin(), seen.end(), file.parent) != seen.end()));
        seen.push_back(file.name);
    }
    Collector collector;
    read(shop.path("shop.ova"), collector);
    CHECK(ovfkit::find_disk(collector.envelope, "db-disk")->parent_ref == "app-disk");
}

TEST_CASE("without anything in common no disk becomes a delta", "[assembler][delta]") {
    Shop shop;
    base::write_file(shop.path("assembly.yaml"), tests::shop_with("    disk: 4 MiB\n", ""));
    auto options = shop.options("delta.ova");
    options.delta_disks = true;
    assembler::pack_assembly(options);
    Collector collector;
    read(shop.path("delta.ova"), collector);
    for (const auto& disk : collector.envelope.disks) {
        CHECK(disk.parent_ref.empty());
    }
}

TEST_CASE("images with the same bytes are one file", "[assembler]") {
    Shop shop;
    base::write_file(shop.path("assembly.yaml"), tests::shop_with("    disk: 4 MiB\n", ""));
    fs::copy_file(shop.path("app.raw"), shop.path("db.raw"), fs::copy_options::overwrite_existing);
    assembler::pack_assembly(shop.options("shop.ova"));
    Collector collector;
    read(shop.path("shop.ova"), collector);
    CHECK(collector.envelope.files.size() == 2);  // one disk and the kernel
    CHECK(ovfkit::find_disk(collector.envelope, "db-disk")->file_ref ==
          ovfkit::find_disk(collector.envelope, "web-disk")->file_ref);
}

TEST_CASE("the same input gives the same package", "[assembler]") {
    Shop shop;
    assembler::pack_assembly(shop.options("one.ova"));
    assembler::pack_assembly(shop.options("two.ova"));
    CHECK(base::read_file(shop.path("one.ova")) == base::read_file(shop.path("two.ova")));
}

TEST_CASE("a failure leaves no package behind", "[assembler]") {
    Shop shop;
    auto options = shop.options("shop.ova");
    options.on_progress = [](std::string_view phase, std::uint64_t, std::uint64_t) {
        if (phase == "encoding app-disk.vmdk") {
            throw base::Error(base::ErrorKind::interrupted, "stop");
        }
    };
    const auto error = tests::error_of([&] { assembler::pack_assembly(options); });
    CHECK(error.kind() == base::ErrorKind::interrupted);
    int files = 0;
    for (const auto& entry : fs::directory_iterator(shop.path("."))) {
        files += entry.is_regular_file() ? 1 : 0;
    }
    CHECK(files == 4);  // only what the fixture made
}

TEST_CASE("a disk smaller than its image is refused", "[assembler]") {
    Shop shop;
    base::write_file(shop.path("app.raw"), std::string(8 * base::kMiB, 'a'));
    CHECK_THAT(tests::error_of([&] { assembler::pack_assembly(shop.options("a.ova")); }).message(),
               Catch::StartsWith("machine 'web': a disk of 4 MiB is smaller than its image"));
}

TEST_CASE("disks in chunks come back as one disk each", "[assembler]") {
    Shop shop;
    assembler::pack_assembly(shop.options("whole.ova"));
    auto options = shop.options("chunks.ova");
    options.chunk_bytes = 500;
    options.digest = base::DigestAlgorithm::sha512;
    assembler::pack_assembly(options);
    Collector collector;
    const auto whole = read(shop.path("whole.ova"), collector);
    const auto chunks = read(shop.path("chunks.ova"), collector);
    CHECK(chunks.manifest.algorithms == std::vector<std::string>{"SHA512"});
    CHECK(chunks.joined.size() == collector.envelope.files.size());
    CHECK(chunks.members.size() > whole.members.size());
    CHECK(chunks.findings.empty());
    for (const ovfkit::FileReference& file : collector.envelope.files) {
        CHECK(file.chunk_size == 500);
        CHECK(chunks.find_member(file.href)->sha256 == whole.find_member(file.href)->sha256);
    }
}

TEST_CASE("images are found beside the assembly or told to be missing", "[assembler]") {
    Shop shop;
    auto options = shop.options("shop.ova");
    options.provide_image = assembler::default_image_provider({});
    assembler::pack_assembly(options);
    fs::remove(shop.path("db.raw"));
    const auto error = tests::error_of([&] { assembler::pack_assembly(options); });
    CHECK(error.kind() == base::ErrorKind::not_found);
    CHECK_THAT(error.message(), Catch::StartsWith("machine 'db': there is no image"));
}
