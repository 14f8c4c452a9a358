// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/bootstrap.h"

#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "imagebuilder/tree/minimal_repository.h"
#include "imagebuilder/work_dir.h"

namespace imagebuilder {

namespace {

// A pattern of dpkg as find takes it below ".": in both, '*' matches slashes too.
std::string excluded_path(const std::string& pattern) {
    return "-path " + base::shell_quote((pattern.starts_with('/') ? "." : "") + pattern);
}

// What `--dpkgopt=path-exclude=…` leads to, in half the time: given that option, mmdebstrap takes
// the essential packages apart in Python. Here they are unpacked whole, lose what is excluded, and
// dpkg learns of it before it runs.
std::string exclude_hook(const DebianSource& source) {
    std::string options;
    std::string excluded;
    std::string kept;
    for (const std::string& pattern : source.exclude_paths) {
        options += "path-exclude=" + pattern + "\n";
        excluded += (excluded.empty() ? "" : " -o ") + excluded_path(pattern);
    }
    for (const std::string& pattern : source.include_paths) {
        options += "path-include=" + pattern + "\n";
        kept += " ! " + excluded_path(pattern);
    }
    // Not below /dev: what is there is the host's, even this tree when it is made in /dev/shm.
    return fmt::format(
        "cd \"$1\" && printf %s {0} >etc/dpkg/dpkg.cfg.d/99mmdebstrap"
        " && tops=$(ls -A | grep -vxE 'dev|proc|sys' | sed 's,^,./,')"
        " && find $tops -xdev ! -type d \\( {1} \\){2} -delete"
        " && find $tops -xdev -depth -type d -empty \\( {1} \\){2} -delete",
        base::shell_quote(options), excluded, kept);
}

// Where it takes packages from.
struct Supply {
    std::filesystem::path debs;           // a folder with them
    std::filesystem::path sources;        // apt's, of their index
    std::filesystem::path image_sources;  // what the image gets instead
};

// Hooks of an ordinary user run as the subordinate ids, which may not look into the user's cache:
// there mmdebstrap itself has to bring the packages, which takes longer.
std::string bring_packages(const std::filesystem::path& debs) {
    const std::string folder = base::shell_quote(debs.string());
    return ::geteuid() == 0
               ? fmt::format("--setup-hook=cp {}/*.deb \"$1\"/var/cache/apt/archives/", folder)
               : fmt::format("--setup-hook=sync-in {} /var/cache/apt/archives/", folder);
}

std::vector<std::string> arguments(const DebianSource& source, const Supply& supply,
                                   const std::filesystem::path& tar) {
    std::vector<std::string> argv{
        "mmdebstrap", ::geteuid() == 0 ? "--mode=root" : "--mode=unshare", "--variant=minbase",
        "--format=tar",
        // All packages are there before apt runs; the clean-up takes them out.
        "--skip=download/empty", "--skip=essential/unlink",
        "--setup-hook=mkdir -p \"$1\"/var/cache/apt/archives/", bring_packages(supply.debs),
        fmt::format("--customize-hook=upload {} /etc/apt/sources.list.d/0000sources.list",
                    base::shell_quote(supply.image_sources.string())),
        "--aptopt=Acquire::Languages \"none\""};
    if (!source.exclude_paths.empty()) {
        argv.push_back("--extract-hook=" + exclude_hook(source));
    }
    argv.push_back(source.release);
    argv.push_back(tar.string());
    argv.push_back(supply.sources.string());
    return argv;
}

}  // namespace

void bootstrap_debian(const DebianSource& source, const AptIndex& index,
                      const std::filesystem::path& tar, std::int64_t epoch,
                      const std::function<void(std::string_view)>& on_output) {
    const base::FileLock lock(index.folder / "bootstrap.lock");
    const bool locked = !index.repository.empty();
    const std::filesystem::path described =
        locked ? index.folder : prepare_minimal_repository(index);
    const std::filesystem::path debs = locked ? index.repository : described;
    // For an ordinary user apt runs as one of the subordinate ids, which may not look into the
    // user's cache: the index is shown to it elsewhere; the packages come by a hook.
    const base::TempDir shown;
    std::filesystem::permissions(shown.path(), std::filesystem::perms(0755));
    for (const char* file : {"Packages", "Release"}) {
        base::write_file(shown.path() / file, base::read_file(described / file));
    }
    const std::filesystem::path sources = shown.path() / "sources.list";
    base::write_file(sources, fmt::format("deb [trusted=yes] copy:{} ./\n", shown.path().string()));
    const std::filesystem::path image_sources = shown.path() / "image-sources.list";
    base::write_file(image_sources, index.image_sources);
    base::Command command;
    command.argv = arguments(source, {debs, sources, image_sources}, tar);
    command.env = {{"LC_ALL", "C.UTF-8"},
                   {"INITRD", "No"},
                   {"DEBIAN_FRONTEND", "noninteractive"},
                   {"SOURCE_DATE_EPOCH", std::to_string(epoch)}};
    if (const std::filesystem::path scratch = scratch_dir(); !scratch.empty()) {
        command.env["TMPDIR"] = scratch.string();
    }
    command.timeout = std::chrono::minutes(30);
    command.on_output = on_output;
    base::in_context(fmt::format("bootstrapping Debian {}", source.release), [&] {
        try {
            base::run_checked(command);
        } catch (base::Error& error) {
            if (error.kind() == base::ErrorKind::environment) {
                error.set_hint("apt-get install mmdebstrap");
            }
            throw;
        }
    });
}

}  // namespace imagebuilder
