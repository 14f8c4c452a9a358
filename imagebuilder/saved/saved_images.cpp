// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/saved/saved_images.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <ctime>

#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "imagebuilder/evidence/sbom.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kLongestSavedName = 64;
constexpr std::string_view kUnfinished = ".part";  // of a folder's name: no image's ends so

fs::path saved_dir() {
    return base::data_dir() / "templates";
}

StoredImage files_of(const std::string& name, const fs::path& folder) {
    return {name,
            folder,
            folder / (name + ".qcow2"),
            folder / (name + ".vmlinuz"),
            folder / (name + ".initrd"),
            folder / (name + ".build.json")};
}

SavedImage read_saved(const std::string& name) {
    const StoredImage files = files_of(name, saved_dir() / name);
    const base::Json record =
        base::parse_json(base::read_file(files.record), files.record.string());
    SavedImage image;
    image.name = name;
    image.origin = base::string_or(record, "origin", "");
    image.saved_at = base::string_or(record, "saved_at", "");
    image.capacity_bytes = record.value("capacity_bytes", std::uint64_t{0});
    image.folder = files.folder;
    image.disk = files.disk;
    for (const fs::path& file : {files.disk, files.kernel, files.initrd}) {
        image.bytes += base::file_size(file);
    }
    return image;
}

}  // namespace

void check_saved_name(const std::string& name) {
    const bool fine = !name.empty() && name.size() <= kLongestSavedName && name.front() != '.' &&
                      name.front() != '-' && !name.ends_with(kUnfinished) &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                          return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' ||
                                 c == '_' || c == '-';
                      });
    if (!fine) {
        throw Error(ErrorKind::usage, fmt::format("'{}' is no name of a template", name),
                    "take letters, digits, '.', '_' and '-', 64 at most");
    }
}

std::optional<SavedImage> find_saved_image(const std::string& name) {
    check_saved_name(name);
    if (!fs::exists(files_of(name, saved_dir() / name).record)) {
        return std::nullopt;
    }
    return read_saved(name);
}

SavedImage require_saved_image(const std::string& name) {
    auto image = find_saved_image(name);
    if (!image) {
        throw Error(ErrorKind::not_found, fmt::format("there is no template '{}'", name),
                    "'muster template ls' lists those that were saved");
    }
    return *image;
}

std::vector<SavedImage> list_saved_images() {
    std::vector<SavedImage> images;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(saved_dir(), none)) {
        const std::string name = entry.path().filename().string();
        if (!name.ends_with(kUnfinished) && fs::exists(files_of(name, entry.path()).record)) {
            images.push_back(read_saved(name));
        }
    }
    std::sort(images.begin(), images.end(),
              [](const SavedImage& a, const SavedImage& b) { return a.name < b.name; });
    return images;
}

void remove_saved_image(const std::string& name) {
    const SavedImage image = require_saved_image(name);
    // Out of sight in one step. Another name than that of one on its way, which may replace it.
    const fs::path hidden =
        saved_dir() / fmt::format(".{}-{}-gone{}", name, ::getpid(), kUnfinished);
    base::rename_file(image.folder, hidden);
    base::remove_all(hidden);
}

std::optional<fs::path> find_template_disk(std::string_view image) {
    if (!image.starts_with(kTemplatePrefix)) {
        return std::nullopt;
    }
    return require_saved_image(std::string(image.substr(kTemplatePrefix.size()))).disk;
}

NewSavedImage::NewSavedImage(const std::string& name, bool replace) : name_(name) {
    if (find_saved_image(name) && !replace) {
        throw Error(ErrorKind::conflict, fmt::format("there is a template '{}' already", name),
                    "take another name, or replace it: --force");
    }
    const fs::path folder = saved_dir() / fmt::format(".{}-{}{}", name, ::getpid(), kUnfinished);
    base::remove_all(folder);
    base::make_dirs(folder, 0700);  // it may hold secrets, as the machine does
    files_ = files_of(name, folder);
}

NewSavedImage::~NewSavedImage() {
    if (!published_) {
        try {
            base::remove_all(files_.folder);
        } catch (const Error& error) {
            base::log(base::LogLevel::warn, "imagebuilder", "{}", error.message());
        }
    }
}

SavedImage NewSavedImage::publish(ImageRecord record, const std::string& origin) {
    record.name = name_;
    record.key = "";  // made of no recipe
    write_record(files_, record);
    base::Json json = base::parse_json(base::read_file(files_.record), files_.record.string());
    json["origin"] = origin;
    json["saved_at"] = rfc3339(std::time(nullptr));
    base::write_file(files_.record, base::to_json_text(json, 2) + "\n");
    if (find_saved_image(name_)) {
        remove_saved_image(name_);
    }
    base::rename_file(files_.folder, saved_dir() / name_);
    published_ = true;
    return read_saved(name_);
}

}  // namespace imagebuilder
