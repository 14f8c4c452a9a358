// SPDX-License-Identifier: Apache-2.0
// DATA/images/
//   ID/record.json, ID/disk.raw, ID/kernel, ID/initrd   published
//   ID/users/HOLDER                                     empty files, names percent-encoded
//   .quarantine/RANDOM/ and RANDOM.lock                 being written; locked while the owner lives
//   .removed/                                           on its way out
//   .lock                                               held for a moment by every change
#include "hvruntime/images/image_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/crypto/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"

namespace hvruntime {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::string_view kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

bool is_image_id(std::string_view id) {
    return id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string encode_holder(std::string_view holder) {
    std::string name;
    for (const char c : holder) {
        if (kPlain.find(c) != std::string_view::npos && c != '.') {
            name += c;
        } else {
            name += fmt::format("%{:02x}", static_cast<unsigned char>(c));
        }
    }
    return name;
}

std::string decode_holder(std::string_view name) {
    std::string holder;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '%' && i + 2 < name.size()) {
            holder += static_cast<char>(std::stoi(std::string(name.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            holder += name[i];
        }
    }
    return holder;
}

// Published files are only read from now on.
void seal_file(const fs::path& path) {
    base::fsync_file(path);
    if (::chmod(path.c_str(), 0400) != 0) {
        throw base::SystemError(errno, fmt::format("cannot protect '{}'", path.string()));
    }
}

// What an image is named by: everything that makes it differ from another one for a machine.
std::string make_image_id(const ImageRecord& record, const fs::path& folder) {
    base::Digest digest(base::DigestAlgorithm::sha256);
    const auto add = [&](std::string_view text) {
        digest.update(base::as_bytes(fmt::format("{}:{}\n", text.size(), text)));
    };
    add(record.source_sha256);
    add(fmt::format("{}", record.capacity_bytes));
    add(record.kernel.empty() ? "" : base::sha256_of_file((folder / record.kernel).string()));
    add(record.initrd.empty() ? "" : base::sha256_of_file((folder / record.initrd).string()));
    add(record.cmdline);
    return digest.finish_hex();
}

void check_record(const ImageRecord& record, const fs::path& folder) {
    parse_image_record(to_json(record));  // file names
    if (record.source_sha256.size() != 64) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("image '{}': '{}' is not a SHA-256 digest", record.name,
                                record.source_sha256));
    }
    const std::uint64_t size = base::file_size(folder / record.disk);
    if (size != record.capacity_bytes) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("image '{}': its disk has {} bytes instead of {}", record.name,
                                size, record.capacity_bytes));
    }
}

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// Machines whose spec names the image. A folder that is just being removed is passed over.
void add_machines_using(const fs::path& machines, const std::string& id,
                        std::vector<std::string>& users) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(machines, ignored)) {
        const fs::path spec = entry.path() / "spec.json";
        if (entry.path().filename().string().starts_with('.') || !fs::exists(spec, ignored)) {
            continue;
        }
        const base::Json json = base::parse_json(base::read_file(spec), spec.string());
        for (const base::Json& disk : json.value("disks", base::Json::array())) {
            if (base::string_or(disk, "image", "") == id) {
                users.push_back("machine:" + entry.path().filename().string());
                break;
            }
        }
    }
}

}  // namespace

Quarantine::Quarantine(fs::path path, fs::path lock_path, base::FileLock lock)
    : path_(std::move(path)), lock_path_(std::move(lock_path)), lock_(std::move(lock)) {
}

Quarantine::Quarantine(Quarantine&& other) noexcept
    : path_(std::move(other.path_)),
      lock_path_(std::move(other.lock_path_)),
      lock_(std::move(other.lock_)) {
    other.path_.clear();
    other.lock_path_.clear();
}

Quarantine::~Quarantine() {
    if (!lock_path_.empty()) {
        base::guarded("image quarantine", [this] {
            if (!path_.empty()) {
                base::remove_all(path_);
            }
            base::remove_all(lock_path_);
        });
    }
}

base::UniqueFd Quarantine::open_disk_file(const std::string& name) const {
    if (name.empty() || name.front() == '.' ||
        name.find_first_not_of(kPlain) != std::string::npos) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'{}' is not a plain name for a file of an image", name));
    }
    return base::open_file((path_ / name).string(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
}

ImageStore::ImageStore(fs::path data_dir)
    : data_dir_(std::move(data_dir)), folder_(data_dir_ / "images") {
    base::make_dirs(folder_ / ".quarantine", 0700);
    base::make_dirs(folder_ / ".removed", 0700);
    sweep();
}

Quarantine ImageStore::begin_quarantine() {
    return in_store([&] {
        // The store's lock keeps a sweep away until the new folder's own lock is held.
        const base::FileLock store_lock(folder_ / ".lock");
        const fs::path path = folder_ / ".quarantine" / base::random_hex(16);
        const fs::path lock_path = path.string() + ".lock";
        base::FileLock lock(lock_path);
        Quarantine quarantine(path, lock_path, std::move(lock));
        base::make_dirs(path, 0700);
        return quarantine;
    });
}

ImageRecord ImageStore::publish(Quarantine quarantine, ImageRecord record) {
    return in_store([&] {
        check_record(record, quarantine.path_);
        record.id = make_image_id(record, quarantine.path_);
        record.created_at_ms = now_ms();
        for (const std::string& name : {record.disk, record.kernel, record.initrd}) {
            if (!name.empty()) {
                seal_file(quarantine.path_ / name);
            }
        }
        base::make_dirs(quarantine.path_ / "users", 0700);
        base::write_file(quarantine.path_ / "record.json", base::to_json_text(to_json(record), 2),
                         0600);
        base::fsync_dir(quarantine.path_);
        const base::FileLock store_lock(folder_ / ".lock");
        if (std::optional<ImageRecord> existing = find(record.id)) {
            return *existing;
        }
        // Beyond this point the image exists.
        base::rename_file(quarantine.path_, image_folder(record.id));
        quarantine.path_.clear();
        base::fsync_dir(folder_);
        return record;
    });
}

std::optional<ImageRecord> ImageStore::find(const std::string& id) const {
    const fs::path path = image_folder(id) / "record.json";
    if (!is_image_id(id) || !fs::exists(path)) {
        return std::nullopt;
    }
    return base::in_context(fmt::format("image '{}'", id), [&] {
        return parse_image_record(base::parse_json(base::read_file(path), path.string()));
    });
}

ImageRecord ImageStore::require(const std::string& id) const {
    std::optional<ImageRecord> record = find(id);
    if (!record) {
        throw Error(ErrorKind::not_found,
                    fmt::format("there is no image '{}' in the store '{}'", id, folder_.string()));
    }
    return *record;
}

std::vector<ImageRecord> ImageStore::list() const {
    std::vector<ImageRecord> records;
    for (const auto& entry : fs::directory_iterator(folder_)) {
        if (std::optional<ImageRecord> record = find(entry.path().filename().string())) {
            records.push_back(std::move(*record));
        }
    }
    std::sort(records.begin(), records.end(), [](const ImageRecord& a, const ImageRecord& b) {
        return std::tie(a.name, a.id) < std::tie(b.name, b.id);
    });
    return records;
}

fs::path ImageStore::image_folder(const std::string& id) const {
    return folder_ / id;
}

fs::path ImageStore::disk_path(const ImageRecord& record) const {
    return fs::absolute(image_folder(record.id) / record.disk);
}

fs::path ImageStore::kernel_path(const ImageRecord& record) const {
    return record.kernel.empty() ? fs::path()
                                 : fs::absolute(image_folder(record.id) / record.kernel);
}

fs::path ImageStore::initrd_path(const ImageRecord& record) const {
    return record.initrd.empty() ? fs::path()
                                 : fs::absolute(image_folder(record.id) / record.initrd);
}

void ImageStore::add_reference(const std::string& id, const std::string& holder) {
    in_store([&] {
        const base::FileLock store_lock(folder_ / ".lock");
        require(id);
        base::write_file(image_folder(id) / "users" / encode_holder(holder), "", 0600);
    });
}

void ImageStore::drop_reference(const std::string& id, const std::string& holder) {
    if (is_image_id(id)) {
        const base::FileLock store_lock(folder_ / ".lock");
        base::remove_all(image_folder(id) / "users" / encode_holder(holder));
    }
}

std::vector<std::string> ImageStore::users(const std::string& id) const {
    require(id);
    std::vector<std::string> users;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(image_folder(id) / "users", ignored)) {
        // A name that starts with '.' is a file that is just being written.
        if (!entry.path().filename().string().starts_with('.')) {
            users.push_back(decode_holder(entry.path().filename().string()));
        }
    }
    add_machines_using(data_dir_ / "machines", id, users);
    std::sort(users.begin(), users.end());
    return users;
}

void ImageStore::remove(const std::string& id) {
    const base::FileLock store_lock(folder_ / ".lock");
    const std::optional<ImageRecord> record = find(id);
    if (!record) {
        return;
    }
    if (const std::vector<std::string> holders = users(id); !holders.empty()) {
        throw Error(ErrorKind::conflict,
                    fmt::format("image '{}' is in use by {}", record->name, holders.front()),
                    "take down what uses it first");
    }
    const fs::path removed = folder_ / ".removed" / base::random_hex(16);
    base::rename_file(image_folder(id), removed);
    base::remove_all(removed);
}

void ImageStore::require_free_space(std::uint64_t bytes) const {
    struct statvfs info {};
    if (::statvfs(folder_.c_str(), &info) != 0) {
        throw base::SystemError(errno, fmt::format("image store '{}'", folder_.string()));
    }
    const std::uint64_t free_bytes = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
    if (free_bytes < bytes) {
        throw Error(ErrorKind::environment,
                    fmt::format("no space in the image store '{}': {} are needed, {} are free",
                                folder_.string(), base::format_byte_size(bytes),
                                base::format_byte_size(free_bytes)),
                    "free some space there, or point XDG_DATA_HOME to a larger file system");
    }
}

void ImageStore::rethrow_explained(const base::SystemError& error) const {
    const int number = error.error_number();
    if (number != ENOSPC && number != EDQUOT && number != EFBIG) {
        throw;  // the error that is being handled
    }
    throw Error(
        ErrorKind::environment,
        fmt::format("no space in the image store '{}': {}", folder_.string(), error.message()),
        "free some space there, or point XDG_DATA_HOME to a larger file system");
}

void ImageStore::sweep() {
    const base::FileLock store_lock(folder_ / ".lock");
    std::set<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(folder_ / ".quarantine")) {
        folders.insert(entry.path().parent_path() / entry.path().stem());
    }
    for (const fs::path& folder : folders) {
        const fs::path lock_path = folder.string() + ".lock";
        if (const base::FileLock lock = base::FileLock::try_lock(lock_path)) {
            base::log(base::LogLevel::info, "images", "removing the abandoned import '{}'",
                      folder.string());
            base::remove_all(folder);
            base::remove_all(lock_path);
        }
    }
    for (const auto& entry : fs::directory_iterator(folder_ / ".removed")) {
        base::remove_all(entry.path());
    }
}

}  // namespace hvruntime
