// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/compose/finishing.h"

#include <sys/stat.h>
#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/disk/initrd.h"
#include "imagebuilder/system/dpkg_status.h"
#include "imagebuilder/system/os_release.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using Type = FileEntry::Type;

constexpr const char* kDpkgStatus = "var/lib/dpkg/status";
constexpr const char* kDpkgLog = "var/log/dpkg.log";
constexpr std::array kReleaseFiles{"etc/os-release", "usr/lib/os-release"};
constexpr std::array kModuleFolders{"usr/lib/modules/", "lib/modules/"};
constexpr std::array kProgramFolders{"usr/local/sbin/", "usr/local/bin/", "usr/sbin/",
                                     "usr/bin/",        "sbin/",          "bin/"};
constexpr const char* kUnitFolder = "etc/systemd/system/";

std::string without_slash(const std::string& path) {
    return path.substr(std::min(path.find_first_not_of('/'), path.size()));
}

// Of a file whose content was asked for; empty without it.
std::string text_in(const TarSurvey& survey, const std::string& path) {
    const auto found = survey.contents().find(survey.place_of(path));
    return found == survey.contents().end() ? std::string() : found->second;
}

// The files on their way: one for each place.
class NewFiles {
  public:
    NewFiles(const TarSurvey& survey, std::int64_t time) : survey_(survey), time_(time) {}

    void add(const std::string& path, std::string content, unsigned permissions) {
        NewFile file =
            make_new_file(survey_, without_slash(path), std::move(content), permissions, time_);
        std::string place = file.entry.path;
        files_.insert_or_assign(std::move(place), std::move(file));
    }
    void add_link(const std::string& path, const std::string& target) {
        NewFile file = make_new_file(survey_, without_slash(path), "", 0777, time_);
        file.entry.type = Type::symlink;
        file.entry.size = 0;
        file.entry.link_target = target;
        std::string place = file.entry.path;
        files_.insert_or_assign(std::move(place), std::move(file));
    }
    // Unless it is there.
    void add_folder(const std::string& path) {
        const TarItem* there = survey_.find(path);
        if (there == nullptr) {
            NewFile folder = make_new_file(survey_, path, "", 0755, time_);
            folder.entry.type = Type::directory;
            std::string place = folder.entry.path;
            files_.insert_or_assign(std::move(place), std::move(folder));
        }
    }

    // As systemctl does: links in the folders of those that want the unit.
    void enable(const std::string& unit, const std::string& text) {
        std::istringstream lines(text);
        bool install = false;
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with('[')) {
                install = line == "[Install]";
            } else if (install) {
                enable_line(unit, line);
            }
        }
    }

    void add_settings(const SettingsFiles& settings) {
        for (const WriteFile& file : settings.files) {
            add(file.path, file.content, file.permissions);
            const std::string name = fs::path(file.path).filename().string();
            if (std::find(settings.units.begin(), settings.units.end(), name) !=
                settings.units.end()) {
                enable(name, file.content);
            }
        }
    }

    std::vector<NewFile> take() {
        std::vector<NewFile> result;
        for (auto& [path, file] : files_) {
            result.push_back(std::move(file));
        }
        return result;
    }

  private:
    void enable_line(const std::string& unit, const std::string& line) {
        for (const auto& [key, folder] :
             {std::pair{"WantedBy=", ".wants/"}, std::pair{"RequiredBy=", ".requires/"}}) {
            if (!line.starts_with(key)) {
                continue;
            }
            std::istringstream targets(line.substr(std::string_view(key).size()));
            for (std::string target; targets >> target;) {
                add_link(kUnitFolder + target + folder + unit, "/" + (kUnitFolder + unit));
            }
        }
    }

    const TarSurvey& survey_;
    std::int64_t time_;
    std::map<std::string, NewFile> files_;
};

// The program, and everything below the folder that comes with it.
void add_guest(NewFiles& files, const GuestFiles& guest) {
    files.add("usr/sbin/muster-guest", base::read_file(fs::canonical(guest.program)), 0755);
    if (guest.rootfs.empty()) {
        return;
    }
    const fs::path top = fs::canonical(guest.rootfs);
    for (const auto& found : fs::recursive_directory_iterator(top)) {
        const std::string path = found.path().lexically_relative(top).string();
        if (found.is_symlink()) {
            files.add_link(path, fs::read_symlink(found.path()).string());
        } else if (found.is_directory()) {
            files.add_folder(path);
        } else if (found.is_regular_file()) {
            struct stat info {};
            if (::stat(found.path().c_str(), &info) != 0) {
                throw base::SystemError(errno,
                                        fmt::format("cannot read '{}'", found.path().string()));
            }
            const std::string content = base::read_file(found.path());
            files.add(path, content, info.st_mode & 07777U);
            if (path.starts_with(kUnitFolder)) {
                files.enable(found.path().filename().string(), content);
            }
        }
    }
}

// A machine that stays what it is has these of its own.
bool is_of_recipe_alone(const std::string& path) {
    return path == "/etc/hostname" || path == "/etc/hosts" || path == "/etc/fstab";
}

bool has_programs(const TarSurvey& survey) {
    return std::all_of(kGrowPrograms.begin(), kGrowPrograms.end(), [&](const char* program) {
        return std::any_of(kProgramFolders.begin(), kProgramFolders.end(), [&](const char* folder) {
            return survey.find(std::string(folder) + program) != nullptr;
        });
    });
}

}  // namespace

std::function<bool(const FileEntry&)> survey_files() {
    return [left = kMostCopyrightBytes](const FileEntry& entry) mutable {
        const std::string& path = entry.path;
        if (is_copyright_path(path) && entry.size <= std::min(left, kMostCopyrightFile)) {
            left -= entry.size;
            return true;
        }
        return path == kDpkgStatus || path == kDpkgLog || path == kReleaseFiles[0] ||
               path == kReleaseFiles[1] || "/" + path == kFirstbootInTree ||
               (path.ends_with("/modules.dep") &&
                (path.starts_with(kModuleFolders[0]) || path.starts_with(kModuleFolders[1])));
    };
}

NewFile make_new_file(const TarSurvey& survey, const std::string& path, std::string content,
                      unsigned permissions, std::int64_t time) {
    NewFile file;
    file.entry.path = survey.place_of(path);
    file.entry.permissions = permissions;
    file.entry.mtime = time;
    file.entry.size = content.size();
    file.content = std::move(content);
    return file;
}

KernelFiles find_kernel_files(const TarSurvey& survey, const std::string& version) {
    std::string boot = survey.place_of("boot/x");
    boot.pop_back();
    std::vector<std::string> names;
    for (auto at = survey.items().lower_bound(boot);
         at != survey.items().end() && at->first.starts_with(boot); ++at) {
        const std::string name = at->first.substr(boot.size());
        if (at->second.type == Type::file && name.find('/') == std::string::npos) {
            names.push_back(name);
        }
    }
    KernelFiles files;
    const std::string chosen = std::string(kKernelPrefix) + version;
    if (!version.empty() && std::find(names.begin(), names.end(), chosen) == names.end()) {
        throw base::Error(
            base::ErrorKind::unsupported, fmt::format("there is no kernel '/{}{}'", boot, chosen),
            "its own kernel boots a machine: install one, as a regular file in /boot");
    }
    const std::string name = version.empty() ? require_one_kernel(names) : chosen;
    files.version = name.substr(kKernelPrefix.size());
    files.kernel = boot + name;
    files.kernel_bytes = survey.find(files.kernel)->size;
    for (const char* folder : kModuleFolders) {
        const std::string index =
            survey.place_of(fmt::format("{}{}/modules.dep", folder, files.version));
        const auto found = survey.contents().find(index);
        if (found == survey.contents().end()) {
            continue;
        }
        files.modules_dep = found->second;
        files.modules_folder = index.substr(0, index.rfind('/') + 1);
        files.modules = needed_modules(files.modules_dep);
        for (const std::string& module : files.modules) {
            const TarItem* item = survey.find(files.modules_folder + module);
            if (item == nullptr || item->type != Type::file) {
                throw base::Error(base::ErrorKind::invalid_input,
                                  fmt::format("the image has no kernel module '/{}{}'",
                                              files.modules_folder, module),
                                  "its index '/" + index + "' is of another kernel");
            }
            files.module_bytes += item->size;
        }
        return files;
    }
    throw no_module_index(fmt::format("/{}{}/modules.dep", kModuleFolders[0], files.version));
}

std::vector<NewFile> plan_new_files(const NewFilesOptions& options, const TarSurvey& survey,
                                    std::int64_t time) {
    const Recipe& recipe = options.recipe;
    NewFiles files(survey, time);
    if (options.guest) {
        add_guest(files, *options.guest);
    }
    const bool grow = can_grow(recipe, has_programs(survey));
    SettingsFiles settings = settings_of(recipe, options.filesystem_uuid, grow);
    if (options.changes != nullptr) {
        std::erase_if(settings.files,
                      [](const WriteFile& file) { return is_of_recipe_alone(file.path); });
    }
    files.add_settings(settings);
    if (const auto commands = firstboot_commands(recipe); !commands.empty()) {
        files.add_settings(
            firstboot_files(text_in(survey, without_slash(kFirstbootInTree)), commands));
    }
    if (options.changes != nullptr) {
        for (const WriteFile& file : options.changes->files) {
            files.add(file.path, file.content, file.permissions);
        }
        for (const auto& [path, target] : options.changes->links) {
            files.add_link(path, target);
        }
    }
    return files.take();
}

PackageTexts read_packages(const TarSurvey& survey) {
    PackageTexts texts;
    texts.installed = installed_package_lines(text_in(survey, kDpkgStatus));
    texts.log = text_in(survey, kDpkgLog);
    texts.licenses = find_licenses(texts.installed, [&](const std::string& path) {
        const std::string* text = survey.find_content(path);
        return text == nullptr ? std::nullopt : std::optional(*text);
    });
    for (const char* path : kReleaseFiles) {
        OsReleaseFields fields = read_os_release(text_in(survey, path));
        if (!fields.id.empty()) {
            texts.vendor = std::move(fields.id);
            texts.version = std::move(fields.version_id);
        }
    }
    return texts;
}

}  // namespace imagebuilder
