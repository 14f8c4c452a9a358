// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/convert/convert.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/file.h"
#include "ovfkit/convert/convert_package.h"
#include "ovfkit/convert/one_disk_envelope.h"
#include "ovfkit/descriptor/write_envelope.h"
#include "ovfkit/disk/copy_disk.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"
#include "ovfkit/package/package_writer.h"

namespace ovfkit {

namespace {

// Takes the size of what is written and forgets it.
class CountingSink : public base::ByteSink {
  public:
    void write(std::span<const std::byte> data) override { bytes_ += data.size(); }
    std::uint64_t bytes() const { return bytes_; }

  private:
    std::uint64_t bytes_ = 0;
};

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
                  .profile = options.profile.value_or(Profile::generic),
                  .cpus = options.cpus.value_or(1),
                  .memory_bytes = options.memory_bytes.value_or(base::kGiB),
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
    if (!options.from) {
        require_named_raw(options.input, *disk);
    }
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

DiskFormat image_format(DiskForm form) {
    return form == DiskForm::qcow2 ? DiskFormat::qcow2 : DiskFormat::raw;
}

StreamVmdkOptions encoding_of(const ConvertOptions& options, const std::string& extent_name) {
    StreamVmdkOptions encoding;
    encoding.level = options.level.value_or(StreamVmdkOptions{}.level);
    encoding.fast = options.fast;
    encoding.threads = options.threads;
    encoding.extent_name = extent_name;
    encoding.on_progress = options.on_progress;
    return encoding;
}

ConvertResult convert_disk(const ConvertOptions& options) {
    return options.from_package ? convert_package(options) : convert_own_disk(options);
}

}  // namespace ovfkit
