// SPDX-License-Identifier: Apache-2.0
#include "assembler/evidence/rebuild.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/build.h"
#include "imagebuilder/cache/cache_lock.h"
#include "imagebuilder/evidence/provenance.h"
#include "imagebuilder/recipe.h"
#include "ovfkit/convert/convert.h"

namespace assembler {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using base::Json;

constexpr const char* kRecipeFile = "recipe.yaml";

// What a statement says of its build, as far as it is needed.
struct Statement {
    std::string recipe;
    std::string version;
    std::map<std::string, std::string> materials;  // digests by name
};

Statement parse_statement(const std::string& envelope, const std::string& name) {
    const Json json = base::parse_json(imagebuilder::payload_of_envelope(envelope, name), name);
    Statement statement;
    try {
        const Json& build = json.at("predicate").at("buildDefinition");
        const Json& parameters = build.at("externalParameters");
        statement.recipe = base::require_string(parameters, "recipe");
        statement.version = base::string_or(parameters, "version", "");
        for (const Json& material : build.at("resolvedDependencies")) {
            const auto digest = material.find("digest");
            if (digest != material.end()) {
                statement.materials[base::string_or(material, "name", "")] =
                    base::string_or(*digest, "sha256", "");
            }
        }
    } catch (const Json::exception&) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'{}' is no statement of how an image was built", name));
    }
    return statement;
}

std::optional<fs::path> recipe_called(const fs::path& location, const std::string& name) {
    if (!fs::exists(location) ||
        (fs::is_directory(location) && !fs::exists(location / kRecipeFile))) {
        return std::nullopt;
    }
    return imagebuilder::load_recipe(location).name == name ? std::optional(location)
                                                            : std::nullopt;
}

// The recipe itself, or one in a folder of the folder.
fs::path find_recipe(const fs::path& recipes, const std::string& name) {
    if (!fs::exists(recipes)) {
        throw Error(ErrorKind::not_found, fmt::format("there is no '{}'", recipes.string()),
                    "name the recipe, its folder, or the folder that holds the recipes");
    }
    if (const auto found = recipe_called(recipes, name)) {
        return *found;
    }
    std::vector<fs::path> folders;
    if (fs::is_directory(recipes)) {
        for (const auto& entry : fs::directory_iterator(recipes)) {
            if (entry.is_directory()) {
                folders.push_back(entry.path());
            }
        }
    }
    std::sort(folders.begin(), folders.end());
    for (const fs::path& folder : folders) {
        if (const auto found = recipe_called(folder, name)) {
            return *found;
        }
    }
    throw Error(ErrorKind::not_found,
                fmt::format("'{}' has no recipe of the name '{}'", recipes.string(), name),
                "name the recipe, its folder, or the folder that holds the recipes");
}

// Of the recipe and those it is built on.
void note_other_recipes(const fs::path& recipe, const Statement& statement,
                        std::vector<std::string>& remarks) {
    const imagebuilder::Recipe loaded = imagebuilder::load_recipe(recipe);
    for (const imagebuilder::Recipe* at = &loaded; at != nullptr; at = at->parent.get()) {
        const std::string name = at->name + "/" + at->file.filename().string();
        const auto recorded = statement.materials.find(name);
        if (recorded == statement.materials.end() ||
            recorded->second != base::digest_hex(base::DigestAlgorithm::sha256, at->text)) {
            remarks.push_back(
                fmt::format("the recipe '{}' is not the one that was recorded", at->file.string()));
        }
    }
}

class Rebuilder {
  public:
    Rebuilder(const RebuildOptions& options, const EvidenceReading& reading)
        : options_(options), reading_(reading) {}

    RebuildResult run() {
        RebuildResult result;
        for (const ovfkit::PackageMember& member : all_files()) {
            if (!member.name.ends_with(kEvidenceDisk)) {
                continue;
            }
            const std::string image =
                member.name.substr(0, member.name.size() - kEvidenceDisk.size());
            const auto evidence =
                std::find_if(reading_.evidence.begin(), reading_.evidence.end(),
                             [&](const PackagedEvidence& one) { return one.image == image; });
            if (evidence == reading_.evidence.end() || evidence->texts.provenance.empty()) {
                result.without_provenance.push_back(member.name);
                continue;
            }
            result.disks.push_back(base::in_context(fmt::format("rebuilding '{}'", member.name),
                                                    [&] { return rebuild(*evidence, member); }));
        }
        if (result.disks.empty()) {
            throw Error(ErrorKind::unsupported,
                        fmt::format("no disk of '{}' comes with its provenance", options_.package),
                        "pack it from recipes, with the evidence of their images");
        }
        return result;
    }

  private:
    std::vector<ovfkit::PackageMember> all_files() const {
        std::vector<ovfkit::PackageMember> files = reading_.report.members;
        files.insert(files.end(), reading_.report.joined.begin(), reading_.report.joined.end());
        return files;
    }

    RebuiltDisk rebuild(const PackagedEvidence& evidence, const ovfkit::PackageMember& member) {
        const Statement statement =
            parse_statement(evidence.texts.provenance, evidence.image + ".provenance.json");
        RebuiltDisk rebuilt;
        rebuilt.image = evidence.image;
        rebuilt.recipe = statement.recipe + " " + statement.version;
        rebuilt.locked = !evidence.texts.lock.empty();
        const fs::path recipe = find_recipe(options_.recipes, statement.recipe);
        note_other_recipes(recipe, statement, rebuilt.remarks);

        const imagebuilder::CacheUse cache;  // until the image was compared
        const imagebuilder::BuiltImage image = build(recipe, evidence.texts.lock);
        say(fmt::format("{}: comparing", rebuilt.image));
        compare_boot_file(image.kernel, "kernel", rebuilt);
        compare_boot_file(image.initrd, "initrd", rebuilt);
        rebuilt.disk = compare_disks(take_disk(member.name), image.disk.string());
        return rebuilt;
    }

    imagebuilder::BuiltImage build(const fs::path& recipe, const std::string& lock) {
        imagebuilder::BuildOptions build;
        build.recipe = recipe;
        build.use_cache = options_.use_cache;
        build.any_disk = true;  // where another one differs is what is asked
        if (!lock.empty()) {
            build.frozen = folder_.path() / "recipe.lock";
            base::write_file(build.frozen, lock);
        }
        build.on_progress = [&](const imagebuilder::BuildProgress& progress) {
            say(fmt::format("{}: step {}/{} {}{}", recipe.filename().string(), progress.step,
                            progress.steps, progress.text, progress.cached ? " (cached)" : ""));
        };
        return imagebuilder::build_image(build);
    }

    // Equal ones of several images are stored once, under any name.
    void compare_boot_file(const fs::path& file, const std::string& what, RebuiltDisk& rebuilt) {
        const std::string digest = base::sha256_of_file(file.string());
        const std::vector<ovfkit::PackageMember> files = all_files();
        if (std::none_of(files.begin(), files.end(), [&](const ovfkit::PackageMember& member) {
                return member.sha256 == digest;
            })) {
            rebuilt.boot_files_same = false;
            rebuilt.remarks.push_back(fmt::format("the {} is none of the package's", what));
        }
    }

    std::string take_disk(const std::string& name) {
        ovfkit::ConvertOptions convert;
        convert.input = options_.package;
        convert.output = (folder_.path() / "disk.qcow2").string();
        convert.from_package = true;
        convert.to = ovfkit::DiskForm::qcow2;
        convert.disk = name;
        convert.policy.any_algorithm = true;
        convert.on_progress = options_.on_package_read;
        base::remove_all(convert.output);
        ovfkit::convert_disk(convert);
        return convert.output;
    }

    void say(const std::string& text) const {
        if (options_.on_step) {
            options_.on_step(text);
        }
    }

    const RebuildOptions& options_;
    const EvidenceReading& reading_;
    base::TempDir folder_;
};

}  // namespace

bool RebuildResult::proven() const {
    return without_provenance.empty() &&
           std::all_of(disks.begin(), disks.end(),
                       [](const RebuiltDisk& disk) { return disk.same(); });
}

RebuildResult rebuild_package(const RebuildOptions& options, const EvidenceReading& reading) {
    return Rebuilder(options, reading).run();
}

}  // namespace assembler
