// SPDX-License-Identifier: Apache-2.0
// One-off changes of an image, spelled as virt-customize spells them, turned into the steps that
// recipes consist of. Pure but for reading the files that an operation names.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/customize/package_manager.h"
#include "imagebuilder/customize/registry/reg_file.h"
#include "imagebuilder/recipe.h"

namespace imagebuilder {

// "--install" with "nginx,curl"; in the order in which they are to happen.
struct Operation {
    std::string name;   // without the dashes
    std::string value;  // empty for those without one
};

struct OperationHelp {
    std::string_view name;   // "install"
    std::string_view value;  // "PKG,PKG…"; empty: takes none
    std::string_view text;
};

// All operations, in the order of the help.
std::span<const OperationHelp> operation_helps();

// A step, with the folder of the host that its files come from.
struct CustomizeStep {
    std::filesystem::path folder;
    Step step;
    std::optional<PackageChange> packages;  // instead of the action, which is InstallPackages then
};
std::string describe(const CustomizeStep& step);  // "--install install: nginx"
// By the package manager of the image. `has_index`: packages come from this host's archives.
Step resolve_packages(const CustomizeStep& step, PackageManager manager, bool has_index);

struct CustomizePlan {
    std::vector<CustomizeStep> steps;
    std::vector<std::string> firstboot;  // shell commands, once per machine
    std::vector<RegistryKey> registry;   // of a Windows; then there is nothing else
    bool needs_packages = false;         // some step installs, removes or updates
    bool fetches_packages = false;       // some step installs or updates
};

// Throws usage for an unknown operation or a value of another form, not_found for a missing file,
// unsupported for a selector that virt-customize has and we do not.
CustomizePlan plan_operations(const std::vector<Operation>& operations);

// The lines of a --commands-from-file: "install nginx,curl"; "#" begins a comment, a backslash at
// the end of a line continues it. `name` is for messages.
std::vector<Operation> parse_operations(std::string_view text, const std::string& name);

}  // namespace imagebuilder
