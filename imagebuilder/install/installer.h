// SPDX-License-Identifier: Apache-2.0
// An unattended installation from a CD image, as the base of a recipe (`source: { iso: … }` with
// `install:`): kernel and initrd come out of the image, the answers go in beside them, and the
// machine runs until it powers itself off. Who runs machines is told from outside: nothing here
// knows the runtime. The machine has no network; everything comes from the CD.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "imagebuilder/input_key.h"
#include "imagebuilder/recipe.h"

namespace imagebuilder {

struct InstallMachine {
    std::string name;
    std::filesystem::path kernel;
    std::filesystem::path initrd;
    std::string command_line;
    std::filesystem::path iso;
    // A second CD with this label and these files; none when it has no files.
    std::string answers_label;
    std::vector<std::pair<std::string, std::string>> answers;
    std::uint64_t disk_bytes = 0;  // of the blank disk to install on
    std::uint64_t memory_bytes = 0;
    std::chrono::seconds timeout{0};
    std::filesystem::path disk;  // where it is to be when the machine has powered itself off
};
// Throws timeout, or external when the machine ended in another way; the end of its console is in
// the message.
using RunInstaller = std::function<void(const InstallMachine&)>;

// Without kernel, initrd, ISO and disk. Pure.
InstallMachine plan_installation(const InstallSpec& install, const std::string& answers);
// The installer's initrd with the answers in it, when that is where it looks for them. Pure.
std::string initrd_with_answers(const InstallSpec& install, std::string initrd,
                                const std::string& answers);

// What decides about the installed disk, besides the ISO.
void add_to_key(const InstallSpec& install, const std::filesystem::path& folder, InputKey& key);
// Installs into `disk`, a file that is not there yet; `work_dir` is for what the machine boots.
void install_from_iso(const InstallSpec& install, const std::filesystem::path& folder,
                      const std::filesystem::path& iso, const std::filesystem::path& work_dir,
                      const std::filesystem::path& disk, const RunInstaller& run);

// `install:` of a recipe.
InstallSpec parse_install(const base::YamlNode& node);

}  // namespace imagebuilder
