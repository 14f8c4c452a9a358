// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/convert/convert.h"

#include <array>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "ovfkit/convert/one_disk_envelope.h"
#include "ovfkit/convert/package_disk.h"
#include "ovfkit/descriptor/write_envelope.h"
#include "ovfkit/disk/copy_disk.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"
#include "ovfkit/package/package_writer.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

struct KnownForm {
    DiskForm form;
    std::string_view name;
    std::string_view extension;
};

// The first of each form is its name.
constexpr std::array<KnownForm, 6> kForms{{{DiskForm::raw, "raw", ".raw"},
                                           {DiskForm::raw, "img", ".img"},
                                           {DiskForm::qcow2, "qcow2", ".qcow2"},
                                           {DiskForm::vmdk, "vmdk", ".vmdk"},
                                           {DiskForm::package, "ova", ".ova"},
                                           {DiskForm::package, "ovf", ".ovf"}}};

// Takes the size of what is written and forgets it.
class CountingSink : public base::ByteSink {
  public:
    void write(std::span<const std::byte> data) override { bytes_ += data.size(); }
    std::uint64_t bytes() const { return bytes_; }

  private:
    std::uint64_t bytes_ = 0;
};

DiskFormat image_format(DiskForm form) {
    return form == DiskForm::qcow2 ? DiskFormat::qcow2 : DiskFormat::raw;
}

StreamVmdkOptions encoding_of(const ConvertOptions& options, const std::string& extent_name) {
    StreamVmdkOptions encoding;
    encoding.level = options.level;
    encoding.fast = options.fast;
    encoding.threads = options.threads;
    encoding.extent_name = extent_name;
    encoding.on_progress = options.on_progress;
    return encoding;
}

// "shop" of "/tmp/shop.ova"; a name that a package can carry.
std::string stem_of(const std::string& path) {
    const std::string stem = path == "-" ? "disk" : std::filesystem::path(path).stem().string();
    return stem.empty() || stem.starts_with('.') ? "disk" : stem;
}

// The package around the encoded disk. With a seekable writer the sizes are filled in afterwards;
// into a pipe the disk is encoded twice, once to learn them: the same disk gives the same bytes.
class PackageMaker {
  public:
    PackageMaker(const ConvertOptions& options, const DiskReader& disk)
        : options_(options),
          disk_(disk),
          stem_(stem_of(options.output)),
          system_{.name = options.name.empty() ? stem_ : options.name,
                  .disk_file = stem_ + "-disk1.vmdk",
                  .profile = options.profile,
                  .cpus = options.cpus,
                  .memory_bytes = options.memory_bytes,
                  .capacity_bytes = disk.capacity_bytes()} {}

    StreamVmdkResult into_file(int fd) {
        PackageWriter writer(fd, options_.output, {.digest = options_.digest});
        OneDiskSystem longest = system_;
        longest.file_bytes = longest.populated_bytes = UINT64_MAX;
        writer.reserve_text(stem_ + ".ovf", descriptor_of(longest).size());
        StreamVmdkResult result;
        writer.add_member(system_.disk_file, [&](base::ByteSink& sink) { result = encode(sink); });
        take(result);
        writer.fill_reserved(descriptor_of(system_));
        writer.finish();
        return result;
    }

    StreamVmdkResult into_pipe(base::ByteSink& out) {
        CountingSink counter;
        const StreamVmdkResult result = encode(counter);
        take(result);
        PackageWriter writer(out, {.digest = options_.digest});
        writer.add_text(stem_ + ".ovf", descriptor_of(system_));
        writer.add_member(system_.disk_file, result.encoded_bytes,
                          [&](base::ByteSink& sink) { encode(sink); });
        writer.finish();
        return result;
    }

  private:
    StreamVmdkResult encode(base::ByteSink& sink) const {
        return encode_stream_optimized(disk_, sink, encoding_of(options_, system_.disk_file));
    }
    void take(const StreamVmdkResult& result) {
        system_.file_bytes = result.encoded_bytes;
        system_.populated_bytes = result.populated_bytes;
    }
    static std::string descriptor_of(const OneDiskSystem& system) {
        return write_envelope(make_one_disk_envelope(system));
    }

    const ConvertOptions& options_;
    const DiskReader& disk_;
    std::string stem_;
    OneDiskSystem system_;
};

void require_image_output(const ConvertOptions& options) {
    if (options.output == "-") {
        throw base::Error(base::ErrorKind::usage,
                          fmt::format("a {} disk cannot be written into a pipe: it is not written "
                                      "from front to back",
                                      to_string(options.to)),
                          "name a file");
    }
}

ConvertResult convert_package(const ConvertOptions& options) {
    if (options.to != DiskForm::raw && options.to != DiskForm::qcow2) {
        throw base::Error(
            base::ErrorKind::unsupported,
            fmt::format("a package is converted to raw or qcow2, not to {}", to_string(options.to)),
            "muster unpack gives the disks as they are");
    }
    require_image_output(options);
    const auto source = open_package(options.input);
    base::AtomicFile file(options.output);
    const PackageDisk disk = read_package_disk(
        *source, options.disk, options.policy,
        {.fd = file.fd(), .target = image_format(options.to), .threads = options.threads},
        options.on_progress);
    // Beyond this point every check of the package has passed.
    ConvertResult result{.disk = disk.file,
                         .encoding = disk.decoded.encoding,
                         .capacity_bytes = disk.decoded.capacity_bytes,
                         .populated_bytes = disk.decoded.populated_bytes,
                         .output_bytes = base::file_size(file.temp_path()),
                         .other_disks = disk.other_disks,
                         .package = disk.report};
    file.commit();
    return result;
}

StreamVmdkResult encode_disk(const ConvertOptions& options, const DiskReader& disk, int fd) {
    if (options.to == DiskForm::package) {
        return PackageMaker(options, disk).into_file(fd);
    }
    base::FdSink sink(fd, options.output);
    const std::string name = std::filesystem::path(options.output).filename().string();
    return encode_stream_optimized(disk, sink, encoding_of(options, name));
}

StreamVmdkResult encode_to_pipe(const ConvertOptions& options, const DiskReader& disk) {
    base::FdSink out(STDOUT_FILENO, "standard output");
    if (options.to == DiskForm::package) {
        return PackageMaker(options, disk).into_pipe(out);
    }
    return encode_stream_optimized(disk, out, encoding_of(options, "disk.vmdk"));
}

ConvertResult convert_own_disk(const ConvertOptions& options) {
    const auto disk = open_disk(options.input, options.from);
    ConvertResult result{.disk = options.input,
                         .encoding = std::string(to_string(disk->format())),
                         .capacity_bytes = disk->capacity_bytes()};
    const bool encoded = options.to == DiskForm::vmdk || options.to == DiskForm::package;
    if (!encoded) {
        require_image_output(options);
    }
    if (options.output == "-") {
        result.populated_bytes = encode_to_pipe(options, *disk).populated_bytes;
        return result;
    }
    base::AtomicFile file(options.output);
    if (encoded) {
        result.populated_bytes = encode_disk(options, *disk, file.fd()).populated_bytes;
    } else {
        const auto target = make_disk_target(image_format(options.to), file.fd(), options.output);
        result.populated_bytes = copy_disk(
            *disk, *target, {.threads = options.threads, .on_progress = options.on_progress});
    }
    result.output_bytes = base::file_size(file.temp_path());
    file.commit();
    return result;
}

}  // namespace

std::string_view to_string(DiskForm form) {
    for (const KnownForm& known : kForms) {
        if (known.form == form) {
            return known.name;
        }
    }
    base::unreachable("disk form without a name");
}

std::optional<DiskForm> find_disk_form(std::string_view name) {
    for (const KnownForm& known : kForms) {
        if (known.name == name) {
            return known.form;
        }
    }
    return std::nullopt;
}

std::optional<DiskForm> form_of_path(const std::string& path) {
    for (const KnownForm& known : kForms) {
        if (has_extension(path, known.extension)) {
            return known.form;
        }
    }
    return std::nullopt;
}

ConvertResult convert_disk(const ConvertOptions& options) {
    return options.from_package ? convert_package(options) : convert_own_disk(options);
}

}  // namespace ovfkit
