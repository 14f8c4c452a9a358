// SPDX-License-Identifier: Apache-2.0
// Images that were saved under a name (`muster template save`), in DATA/templates/NAME: NAME.qcow2,
// NAME.vmlinuz, NAME.initrd and NAME.build.json, as `muster build -o` leaves them. Assemblies name
// one as "template:NAME". A folder is there whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "imagebuilder/image_store.h"

namespace imagebuilder {

inline constexpr std::string_view kTemplatePrefix = "template:";

struct SavedImage {
    std::string name;
    std::string origin;    // "machine 'web' of deployment 'shop'"
    std::string saved_at;  // "2026-11-26T12:00:00Z"
    std::uint64_t capacity_bytes = 0;
    std::uint64_t bytes = 0;  // that its files take
    std::filesystem::path folder;
    std::filesystem::path disk;
};

// Throws usage for what cannot be one: letters, digits, '.', '_' and '-', not in front, 64 at most.
void check_saved_name(const std::string& name);

std::optional<SavedImage> find_saved_image(const std::string& name);
SavedImage require_saved_image(const std::string& name);  // throws not_found
std::vector<SavedImage> list_saved_images();              // by name
void remove_saved_image(const std::string& name);         // throws not_found

// The disk that "template:NAME" means; nullopt: the text is no such name. Throws not_found.
std::optional<std::filesystem::path> find_template_disk(std::string_view image);

// One on its way: a folder beside the others that nobody sees. The destructor removes it unless it
// was published.
class NewSavedImage {
  public:
    // Throws conflict when the name is taken and `replace` is not set.
    NewSavedImage(const std::string& name, bool replace);
    NewSavedImage(const NewSavedImage&) = delete;
    NewSavedImage& operator=(const NewSavedImage&) = delete;
    ~NewSavedImage();

    // Where the files go; the record is written by publish().
    const StoredImage& files() const { return files_; }
    const std::filesystem::path& folder() const { return files_.folder; }
    SavedImage publish(ImageRecord record, const std::string& origin);

  private:
    std::string name_;
    StoredImage files_;
    bool published_ = false;
};

}  // namespace imagebuilder
