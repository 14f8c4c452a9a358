// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/unpack_package.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <unistd.h>
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/file.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/disk/disk_family.h"
#include "ovfkit/edit/descriptor_document.h"
#include "ovfkit/edit/disk_elements.h"
#include "ovfkit/edit/folder_edit.h"
#include "ovfkit/edit/member_relay.h"
#include "ovfkit/edit/raw_copy.h"
#include "ovfkit/package/folder_writer.h"
#include "ovfkit/package/reference_check.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit::edit {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

// What --only asks for, and which of its patterns found something.
class Choice {
  public:
    explicit Choice(const std::vector<std::string>& patterns) : patterns_(patterns) {}
    bool wants(const std::string& member) {
        const std::string file = split_chunk_name(member).first;
        bool wanted = patterns_.empty();
        for (const std::string& pattern : patterns_) {
            if (::fnmatch(pattern.c_str(), member.c_str(), 0) == 0 ||
                ::fnmatch(pattern.c_str(), file.c_str(), 0) == 0) {
                used_.insert(pattern);
                wanted = true;
            }
        }
        return wanted;
    }
    void require_all_used(const PackageReport& report) const {
        for (const std::string& pattern : patterns_) {
            if (!used_.contains(pattern)) {
                std::vector<std::string> names;
                for (const PackageMember& member : report.members) {
                    names.push_back(member.name);
                }
                throw Error(ErrorKind::not_found,
                            fmt::format("the package has no file '{}'", pattern),
                            fmt::format("it has: {}", fmt::join(names, ", ")));
            }
        }
    }

  private:
    const std::vector<std::string>& patterns_;
    std::set<std::string> used_;
};

base::UniqueFd create_file(const fs::path& path) {
    base::UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file) {
        throw base::SystemError(errno, fmt::format("cannot create '{}'", path.string()));
    }
    return file;
}

// Files pass, disks are converted; the descriptor is written when everything is known.
class ConvertingHandler : public PackageHandler {
  public:
    ConvertingHandler(const UnpackOptions& options, const fs::path& folder, Choice& choice)
        : options_(options), folder_(folder), choice_(choice), output_(folder.string()) {}

    void on_descriptor(const std::string& name, const std::string& text,
                       const Envelope& envelope) override {
        name_ = name;
        text_ = text;
        envelope_ = envelope;
        for (const FileReference& file : envelope.files) {
            taken_.insert(folded_name(file.href));
        }
        for (const Disk& disk : envelope_.disks) {
            expect_layers(layers_of(envelope_, disk));
        }
    }
    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t size) override {
        const Disk* disk = disk_of(name);
        if (!choice_.wants(name)) {
            return disk != nullptr && needed_.contains(key_of(name))
                       ? open_disk_member(name, *disk, base::open_nameless(folder_.parent_path()),
                                          DiskFormat::raw)
                       : nullptr;
        }
        if (disk == nullptr) {
            output_.begin_member(name, size == 0 ? std::nullopt : std::optional(size));
            return std::make_unique<Passing>(output_);
        }
        const bool raw = *options_.disk_format == DiskFormat::raw;
        const std::string target = disk_member_name(name, raw ? ".raw" : ".qcow2", taken_);
        base::make_dirs((folder_ / target).parent_path());
        converted_[name] = target;
        return open_disk_member(name, *disk, create_file(folder_ / target), *options_.disk_format);
    }
    void close_member(const std::string& name, std::unique_ptr<base::ByteSink> sink) override {
        if (auto disk = take_disk_sink(sink)) {
            family_.close(key_of(name), std::move(disk));
        } else if (sink) {
            output_.end_member();
        }
    }
    void on_progress(std::uint64_t done, std::uint64_t total) override {
        if (options_.on_progress) {
            options_.on_progress(done, total);
        }
    }

    void finish() {
        for (const auto& [member, file] : converted_) {
            family_.require(key_of(member));
        }
        if (choice_.wants(name_)) {
            const std::string text = changed_descriptor();
            output_.begin_member(name_, text.size());
            output_.write(base::as_bytes(text));
            output_.end_member();
        }
        output_.finish();
    }

  private:
    class Passing : public base::ByteSink {
      public:
        explicit Passing(base::ByteSink& target) : target_(target) {}
        void write(std::span<const std::byte> data) override { target_.write(data); }

      private:
        base::ByteSink& target_;
    };

    // Disks are known to the family by href, which may be percent-encoded.
    std::string key_of(const std::string& member) const {
        const FileReference* file = find_file_of_member(envelope_, member);
        return file == nullptr ? member : file->href;
    }
    bool is_wanted(const FileReference& file) const {
        const auto names = member_names_of(file);
        return std::any_of(names.begin(), names.end(),
                           [&](const std::string& name) { return choice_.wants(name); });
    }

    // The disks of a chain, the child first. Parents are needed even when they are not asked for.
    void expect_layers(const std::vector<const Disk*>& layers) {
        std::vector<std::string> hrefs;
        bool wanted = false;
        for (const Disk* layer : layers) {
            if (const FileReference* file = find_file(envelope_, layer->file_ref)) {
                if (hrefs.empty()) {
                    wanted = is_wanted(*file);
                } else if (wanted) {
                    needed_.insert(file->href);
                }
                hrefs.push_back(file->href);
            }
        }
        family_.expect_chain(hrefs);
    }

    std::unique_ptr<DiskSink> open_disk_member(const std::string& name, const Disk& disk,
                                               base::UniqueFd file, DiskFormat format) {
        files_.push_back(std::move(file));
        return family_.open(key_of(name),
                            {.name = name,
                             .fd = files_.back().get(),
                             .target = format,
                             .spool_folder = folder_.parent_path()},
                            disk.format, find_file(envelope_, disk.file_ref)->compression);
    }

    const Disk* disk_of(const std::string& member) const {
        const FileReference* file = find_file_of_member(envelope_, member);
        for (const Disk& disk : envelope_.disks) {
            if (file != nullptr && disk.file_ref == file->id) {
                return &disk;
            }
        }
        return nullptr;
    }

    const std::string* converted_of(const EditableElement& file) const {
        FileReference reference;
        reference.href = attribute_of(file, "href");
        for (const std::string& name : member_names_of(reference)) {
            if (const auto found = converted_.find(name); found != converted_.end()) {
                return &found->second;
            }
        }
        return nullptr;
    }

    std::string changed_descriptor() const {
        if (converted_.empty()) {
            return text_;
        }
        DescriptorDocument document(text_, name_);
        for (EditableElement* file : document.files()) {
            const std::string* converted = converted_of(*file);
            if (converted == nullptr) {
                continue;
            }
            write_file(*file, *converted, base::file_size(folder_ / *converted));
            for (EditableElement* disk : document.disks()) {
                if (attribute_of(*disk, "fileRef") == attribute_of(*file, "id")) {
                    describe(*disk);
                }
            }
        }
        return document.text();
    }

    void describe(EditableElement& disk) const {
        disk.remove_attribute("parentRef");  // it is whole now
        if (*options_.disk_format == DiskFormat::qcow2) {
            disk.set_attribute("format", "http://www.gnome.org/~markmc/qcow-image-format.html");
        } else {
            disk.set_attribute("format", "urn:muster:format/raw");
        }
    }

    const UnpackOptions& options_;
    fs::path folder_;
    Choice& choice_;
    FolderWriter output_;
    std::string name_;
    std::string text_;
    Envelope envelope_;
    std::set<std::string> taken_;                   // folded
    std::map<std::string, std::string> converted_;  // members to their new names
    std::set<std::string> needed_;                  // members that are parents of wanted disks
    std::vector<base::UniqueFd> files_;
    DiskFamily family_;
};

PackageReport unpack_as_is(const UnpackOptions& options, base::ByteSource& source,
                           const fs::path& folder, Choice& choice) {
    FolderWriter output(folder.string());
    return copy_raw(
        source, options.policy, output,
        [&](const std::string& member) { return choice.wants(member); }, options.on_progress);
}

PackageReport unpack_converted(const UnpackOptions& options, base::ByteSource& source,
                               const fs::path& folder, Choice& choice) {
    ConvertingHandler handler(options, folder, choice);
    VerifyPolicy strict = options.policy;
    strict.collect_failures = false;
    PackageReport report = read_package(source, handler, strict);
    handler.finish();
    return report;
}

std::vector<UnpackedFile> files_in(const fs::path& folder) {
    std::vector<UnpackedFile> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) {
            files.push_back({entry.path().lexically_relative(folder).string(), entry.file_size()});
        }
    }
    std::sort(files.begin(), files.end(),
              [](const UnpackedFile& a, const UnpackedFile& b) { return a.name < b.name; });
    return files;
}

}  // namespace

UnpackResult unpack_package(const UnpackOptions& options) {
    const fs::path target = fs::absolute(options.folder).lexically_normal();
    require_absent(target);
    base::TempDir folder(folder_above(target), ".muster-unpack");
    const auto source = open_package(options.input);
    Choice choice(options.only);
    UnpackResult result;
    result.source = options.disk_format ? unpack_converted(options, *source, folder.path(), choice)
                                        : unpack_as_is(options, *source, folder.path(), choice);
    choice.require_all_used(result.source);
    result.files = files_in(folder.path());
    publish_folder(folder, target);
    const bool had_manifest = result.source.manifest.state != CheckState::absent;
    const bool has_manifest = std::any_of(
        result.files.begin(), result.files.end(),
        [&](const UnpackedFile& file) { return file.name == result.source.manifest.name; });
    result.manifest = !had_manifest         ? "none"
                      : has_manifest        ? "kept"
                      : options.disk_format ? "left out: it speaks of the disks as they were"
                                            : "left out";
    return result;
}

}  // namespace ovfkit::edit
