// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/images/image_store.h"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <csignal>
#include <cstring>

#include "base/byte_size.h"
#include "base/crypto/digest.h"
#include "tests/support/catch.h"

using base::ErrorKind;
using hvruntime::ImageRecord;
using hvruntime::ImageStore;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kCapacity = base::kMiB;

void write_disk(const hvruntime::Quarantine& quarantine, const std::string& text) {
    const base::UniqueFd fd = quarantine.open_disk_file("disk.raw");
    base::pwrite_all(fd.get(), base::as_bytes(text), 0, "disk.raw");
    if (::ftruncate(fd.get(), static_cast<off_t>(kCapacity)) != 0) {
        throw base::SystemError(errno, "cannot extend disk.raw");
    }
}

ImageRecord record_of(const std::string& name, const std::string& content) {
    return {.name = name,
            .origin = "test.ova",
            .capacity_bytes = kCapacity,
            .source_sha256 = base::digest_hex(base::DigestAlgorithm::sha256, content)};
}

ImageRecord add_image(ImageStore& store, const std::string& name, const std::string& content) {
    hvruntime::Quarantine quarantine = store.begin_quarantine();
    write_disk(quarantine, content);
    return store.publish(std::move(quarantine), record_of(name, content));
}

// Everything but the store's own folders and lock.
std::size_t count_entries(const ImageStore& store) {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(store.folder())) {
        const std::string name = entry.path().filename().string();
        if (name != ".lock" && name != ".quarantine" && name != ".removed") {
            ++count;
        }
    }
    return count;
}

// Files of this process cannot grow beyond the limit while it lives.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) : old_handler_(::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &old_);
        const rlimit limit{bytes, old_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &old_);
        ::signal(SIGXFSZ, old_handler_);
    }

  private:
    rlimit old_{};
    sighandler_t old_handler_;
};

}  // namespace

TEST_CASE("a published image is found with its files, sealed", "[hvruntime][images]") {
    const base::TempDir dir;
    ImageStore store(dir.path());
    hvruntime::Quarantine quarantine = store.begin_quarantine();
    write_disk(quarantine, "disk content");
    base::write_all(quarantine.open_disk_file("vmlinuz").get(), std::string_view("kernel"), "k");
    ImageRecord record = record_of("db", "disk content");
    record.kernel = "vmlinuz";
    record.cmdline = "root=/dev/vda1";
    CHECK(store.list().empty());
    const ImageRecord published = store.publish(std::move(quarantine), record);

    const ImageRecord found = ImageStore(dir.path()).require(published.id);
    CHECK(found.id.size() == 64);
    CHECK(found.name == "db");
    CHECK(found.cmdline == "root=/dev/vda1");
    CHECK(found.created_at_ms > 0);
    CHECK(base::read_file(store.disk_path(found)).starts_with("disk content"));
    CHECK(base::read_file(store.kernel_path(found)) == "kernel");
    CHECK(store.initrd_path(found).empty());
    CHECK(store.disk_path(found).is_absolute());
    struct stat info {};
    REQUIRE(::stat(store.disk_path(found).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0400);
    CHECK(fs::is_empty(store.folder() / ".quarantine"));
}

TEST_CASE("the same image is kept once, one with another kernel beside it", "[hvruntime][images]") {
    const base::TempDir dir;
    ImageStore store(dir.path());
    const ImageRecord first = add_image(store, "first", "same");
    const ImageRecord second = add_image(store, "second", "same");
    CHECK(second.id == first.id);
    CHECK(second.name == "first");
    CHECK(store.list().size() == 1);
    hvruntime::Quarantine quarantine = store.begin_quarantine();
    write_disk(quarantine, "same");
    ImageRecord record = record_of("third", "same");
    record.cmdline = "quiet";
    CHECK(store.publish(std::move(quarantine), record).id != first.id);
    CHECK(store.list().size() == 2);
    CHECK(fs::is_empty(store.folder() / ".quarantine"));
}

TEST_CASE("a quarantine that is not published leaves nothing", "[hvruntime][images]") {
    const base::TempDir dir;
    ImageStore store(dir.path());
    {
        hvruntime::Quarantine quarantine = store.begin_quarantine();
        write_disk(quarantine, "half");
        const hvruntime::Quarantine moved = std::move(quarantine);
        CHECK(fs::exists(moved.path() / "disk.raw"));
    }
    CHECK(count_entries(store) == 0);
}

TEST_CASE("names from outside do not leave the quarantine", "[hvruntime][images]") {
    const base::TempDir dir;
    ImageStore store(dir.path());
    const hvruntime::Quarantine quarantine = store.begin_quarantine();
    for (const std::string name : {"", "..", "../x", "a/b", ".hidden", "a b"}) {
        CHECK(tests::error_of([&] { quarantine.open_disk_file(name); }).kind() ==
              ErrorKind::invalid_input);
    }
    write_disk(quarantine, "x");
    CHECK(tests::error_of([&] { quarantine.open_disk_file("disk.raw"); }).kind() ==
          ErrorKind::conflict);
}

TEST_CASE("records that do not fit their files are not published", "[hvruntime][images]") {
    const base::TempDir dir;
    ImageStore store(dir.path());
    const auto publish = [&](const std::function<void(ImageRecord&)>& damage) {
        hvruntime::Quarantine quarantine = store.begin_quarantine();
        write_disk(quarantine, "x");
        ImageRecord record = record_of("x", "x");
        damage(record);
        store.publish(std::move(quarantine), record);
    };
    CHECK(tests::error_of([&] { publish([](auto& r) { r.capacity_bytes = 5; }); }).message() ==
          "image 'x': its disk has 1048576 bytes instead of 5");
    CHECK(tests::error_of([&] { publish([](auto& r) { r.source_sha256 = "1"; }); }).kind() ==
          ErrorKind::invalid_input);
    CHECK(tests::error_of([&] { publish([](auto& r) { r.disk = "../x"; }); }).kind() ==
          ErrorKind::invalid_input);
    CHECK(tests::error_of([&] { publish([](auto& r) { r.kernel = "none"; }); }).kind() ==
          ErrorKind::not_found);
    CHECK(count_entries(store) == 0);
}

TEST_CASE("a record of any format but raw is refused", "[hvruntime][images]") {
    base::Json json = to_json(record_of("x", "x"));
    CHECK(json["format"] == "raw");
    json["format"] = "qcow2";
    CHECK(tests::error_of([&] { hvruntime::parse_image_record(json); }).message() ==
          "image record: the format is 'qcow2', but images are raw");
}

TEST_CASE("what a killed import left is swept, a running one is not", "[hvruntime][images]") {
    const base::TempDir dir;
    ImageStore store(dir.path());
    const hvruntime::Quarantine alive = store.begin_quarantine();
    write_disk(alive, "alive");
    const fs::path quarantine = store.folder() / ".quarantine";
    base::make_dirs(quarantine / "0123");
    base::write_file(quarantine / "0123" / "disk.raw", "abandoned");
    base::write_file(quarantine / "0123.lock", "");
    base::write_file(quarantine / "4567.lock", "");
    base::make_dirs(store.folder() / ".removed" / "x");
    const ImageStore again(dir.path());
    CHECK_FALSE(fs::exists(quarantine / "0123"));
    CHECK_FALSE(fs::exists(quarantine / "0123.lock"));
    CHECK_FALSE(fs::exists(quarantine / "4567.lock"));
    CHECK(fs::is_empty(store.folder() / ".removed"));
    CHECK(fs::exists(alive.path() / "disk.raw"));
}

TEST_CASE("an image in use is not removed", "[hvruntime][images]") {
    const base::TempDir dir;
    ImageStore store(dir.path());
    const ImageRecord image = add_image(store, "db", "x");
    store.add_reference(image.id, "deployment:../shop");
    store.add_reference(image.id, "deployment:../shop");
    CHECK(store.users(image.id) == std::vector<std::string>{"deployment:../shop"});
    const auto error = tests::error_of([&] { store.remove(image.id); });
    CHECK(error.kind() == ErrorKind::conflict);
    CHECK(error.message() == "image 'db' is in use by deployment:../shop");
    store.drop_reference(image.id, "deployment:../shop");
    store.drop_reference(image.id, "deployment:../shop");

    const fs::path spec = dir.path() / "machines" / "0123456789ab" / "spec.json";
    base::make_dirs(spec.parent_path());
    base::write_file(spec, R"({"disks": [{"image": ")" + image.id + R"("}]})");
    CHECK(tests::error_of([&] { store.remove(image.id); }).message() ==
          "image 'db' is in use by machine:0123456789ab");
    base::remove_all(spec.parent_path());

    store.remove(image.id);
    store.remove(image.id);
    CHECK_FALSE(store.find(image.id));
    CHECK(tests::error_of([&] { store.require(image.id); }).kind() == ErrorKind::not_found);
    CHECK(tests::error_of([&] { store.add_reference(image.id, "x"); }).kind() ==
          ErrorKind::not_found);
    CHECK(count_entries(store) == 0);
}

TEST_CASE("whichever write fails first for lack of space, nothing is left", "[hvruntime][images]") {
    const base::TempDir dir;
    ImageStore store(dir.path());
    int failures = 0;
    for (rlim_t limit = 0;; limit = limit * 2 + 64) {
        try {
            const FileSizeLimit small_files(limit);
            store.in_store([&] { add_image(store, "db", "some content"); });
            break;
        } catch (const base::Error& error) {
            ++failures;
            CHECK(error.kind() == ErrorKind::environment);
            CHECK(error.message().starts_with("no space in the image store '" +
                                              store.folder().string() + "'"));
            CHECK(error.hint().find("XDG_DATA_HOME") != std::string::npos);
            CHECK(count_entries(store) == 0);
        }
    }
    CHECK(failures > 3);
    CHECK(store.list().size() == 1);
}

TEST_CASE("a file system without space left keeps no part of an import", "[hvruntime][images]") {
    const base::TempDir dir;
    if (::mount("tmpfs", dir.path().c_str(), "tmpfs", 0, "size=256k") != 0) {
        WARN("not run: only root may mount a small file system: " << std::strerror(errno));
        return;
    }
    const base::ScopeExit unmount([&] { ::umount2(dir.path().c_str(), MNT_DETACH); });
    ImageStore store(dir.path());
    const auto error = tests::error_of([&] {
        hvruntime::Quarantine quarantine = store.begin_quarantine();
        store.in_store([&] { write_disk(quarantine, std::string(kCapacity, 'x')); });
    });
    CHECK(error.kind() == ErrorKind::environment);
    CHECK(error.message().find("No space left on device") != std::string::npos);
    CHECK(count_entries(store) == 0);
    CHECK_NOTHROW(store.require_free_space(100 * base::kKiB));
    const auto early = tests::error_of([&] { store.require_free_space(base::kGiB); });
    CHECK(early.kind() == ErrorKind::environment);
    CHECK(early.message().starts_with("no space in the image store '" + store.folder().string() +
                                      "': 1 GiB are needed, "));
}

TEST_CASE("errors that are not about space pass the store unchanged", "[hvruntime][images]") {
    const base::TempDir dir;
    const ImageStore store(dir.path());
    const auto error = tests::error_of(
        [&] { store.in_store([] { throw base::SystemError(EACCES, "cannot open 'x'"); }); });
    CHECK(error.message() == "cannot open 'x': Permission denied");
}
