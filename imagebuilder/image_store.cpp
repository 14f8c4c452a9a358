// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/image_store.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

constexpr const char* kDisk = "disk.qcow2";
constexpr const char* kKernel = "vmlinuz";
constexpr const char* kInitrd = "initrd";
constexpr const char* kRecord = "build.json";

fs::path images_dir() {
    const fs::path folder = base::cache_dir() / "images";
    base::make_dirs(folder, 0755);
    return folder;
}

StoredImage image_in(const std::string& key, const fs::path& folder) {
    return {key, folder, folder / kDisk, folder / kKernel, folder / kInitrd, folder / kRecord};
}

base::Json file_entry(const fs::path& path) {
    return {{"bytes", base::file_size(path)}, {"sha256", base::sha256_of_file(path.string())}};
}

}  // namespace

ovfkit::DiskForm form_of_image(const fs::path& output) {
    const auto form = ovfkit::form_of_path(output.string());
    if (!form || *form == ovfkit::DiskForm::package) {
        throw base::Error(base::ErrorKind::usage,
                          fmt::format("'{}' does not end like a disk", output.string()),
                          "name it FILE.qcow2, FILE.raw or FILE.vmdk");
    }
    return *form;
}

void write_disk_as(const fs::path& from, ovfkit::DiskFormat format, const fs::path& to,
                   ovfkit::DiskForm form) {
    ovfkit::ConvertOptions options;
    options.input = from.string();
    options.output = to.string();
    options.from = format;
    options.to = form;
    ovfkit::convert_disk(options);
}

void copy_whole(const fs::path& from, const fs::path& to) {
    const base::UniqueFd source = base::open_regular(from.string());
    base::AtomicFile target(to);
    if (::ioctl(target.fd(), FICLONE, source.get()) != 0) {
        std::uint64_t left = base::file_size(from);
        while (left > 0) {
            base::interrupt().check();
            const std::size_t most = std::min<std::uint64_t>(left, 64U << 20U);
            ssize_t put = ::copy_file_range(source.get(), nullptr, target.fd(), nullptr, most, 0);
            if (put < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP)) {
                // Between file systems of different kinds; both offsets are where they were.
                put = ::sendfile(target.fd(), source.get(), nullptr, most);
            }
            if (put <= 0) {
                throw base::SystemError(put < 0 ? errno : EIO,
                                        fmt::format("cannot copy to '{}'", to.string()));
            }
            left -= static_cast<std::uint64_t>(put);
        }
    }
    target.commit();
}

fs::path image_lock_path(const std::string& key) {
    return images_dir() / (key + ".lock");
}

bool has_image(const std::string& key) {
    return fs::exists(images_dir() / key / kRecord);
}

StoredImage new_stored_image(const std::string& key) {
    const fs::path folder = images_dir() / (key + ".part");
    base::remove_all(folder);
    base::make_dirs(folder, 0755);
    return image_in(key, folder);
}

void write_record(const StoredImage& image, const ImageRecord& record) {
    base::Json json;
    json["muster"] = "image";
    json["name"] = record.name;
    json["version"] = record.version;
    json["description"] = record.description;
    json["key"] = record.key;
    json["capacity_bytes"] = record.capacity_bytes;
    json["source_date_epoch"] = record.epoch;
    json["kernel_version"] = record.kernel_version;
    json["kernel_command_line"] = record.kernel_command_line;
    json["files"] = {{"disk", file_entry(image.disk)},
                     {"kernel", file_entry(image.kernel)},
                     {"initrd", file_entry(image.initrd)}};
    json["steps"] = base::Json::array();
    for (const StepTime& step : record.steps) {
        json["steps"].push_back(
            {{"name", step.name}, {"seconds", step.seconds}, {"cached", step.cached}});
    }
    json["packages"] = record.packages;
    if (!record.config.empty()) {
        json["config"] = base::parse_json(to_json_text(record.config), "the configuration");
    }
    base::write_file(image.record, base::to_json_text(json, 2) + "\n");
}

void publish_image(const StoredImage& image) {
    const fs::path final_path = images_dir() / image.key;
    base::remove_all(final_path);
    base::rename_file(image.folder, final_path);
}

void touch_image(const std::string& key) {
    ::utimensat(AT_FDCWD, (images_dir() / key).c_str(), nullptr, 0);
}

BuiltImage read_image(const std::string& key) {
    const StoredImage stored = image_in(key, images_dir() / key);
    const base::Json json =
        base::parse_json(base::read_file(stored.record), stored.record.string());
    BuiltImage image;
    image.name = base::require_string(json, "name");
    image.version = base::require_string(json, "version");
    image.disk = stored.disk;
    image.kernel = stored.kernel;
    image.initrd = stored.initrd;
    image.record = stored.record;
    image.evidence = stored.folder;
    image.kernel_command_line = base::require_string(json, "kernel_command_line");
    image.capacity_bytes = json.at("capacity_bytes").get<std::uint64_t>();
    image.key = key;
    return image;
}

void copy_image_to(BuiltImage& image, const fs::path& output) {
    const ovfkit::DiskForm form = form_of_image(output);
    if (output.has_parent_path()) {
        base::make_dirs(output.parent_path());
    }
    const auto beside = [&](const char* extension) {
        return fs::path(output).replace_extension(extension);
    };
    const auto copy = [](fs::path& path, const fs::path& to) {
        copy_whole(path, to);
        path = to;
    };
    copy(image.kernel, beside(".vmlinuz"));
    copy(image.initrd, beside(".initrd"));
    copy(image.record, beside(".build.json"));
    if (form == ovfkit::DiskForm::qcow2) {
        copy(image.disk, output);
    } else {
        write_disk_as(image.disk, ovfkit::DiskFormat::qcow2, output, form);
        image.disk = output;
    }
}

}  // namespace imagebuilder
