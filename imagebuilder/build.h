// SPDX-License-Identifier: Apache-2.0
// The whole way from a recipe to a bootable disk: bootstrap, steps, seal, ext4, GPT, GRUB, qcow2.
// Holds a CacheUse; whoever works with paths in the cache afterwards holds one of his own.
// Results are kept in cache_dir()/images by a digest of everything that went in; a second build of
// the same inputs is a copy, or nothing at all when no output is asked for. Callable from several
// processes at once: a lock per key makes the second one wait and then hit the cache.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "imagebuilder/build_inputs.h"

namespace imagebuilder {

struct BuildProgress {
    int step = 0;  // 1-based
    int steps = 0;
    std::string text;  // "run: nginx -t"
    bool cached = false;
    double seconds = 0;  // since the build began; at the end of a step: that it took
};

// What becomes of a build that fails.
enum class OnError {
    abort,  // nothing is left of it
    keep,   // its tree stays, and the error says where
    shell,  // a shell in the tree, on the terminal; when that ends, as abort
};

struct BuildOptions {
    std::filesystem::path recipe;  // a folder with recipe.yaml, or the file
    // Where the disk goes, "nginx.qcow2": its extension (qcow2, raw, img, vmdk) is its format;
    // kernel, initrd and build record are put beside it as nginx.vmlinuz, nginx.initrd,
    // nginx.build.json. Empty: the paths in the cache are returned; treat them as read-only.
    std::filesystem::path output;
    InputOptions inputs;    // which executor, and what it may use
    bool use_cache = true;  // false: everything is made anew, from the bootstrap on
    // A lock file to build with: its package files, its time, its tools, nothing else.
    std::filesystem::path frozen;
    bool any_disk = false;  // of a frozen build: the disk need not be the one that was locked
    OnError on_error = OnError::abort;
    std::function<void(const BuildProgress&)> on_progress;  // a step begins; may be empty
    std::function<void(const BuildProgress&)> on_step_end;  // may be empty
    std::function<void(const base::Error&)> before_shell;   // says what failed; may be empty
    std::function<void(std::string_view)> on_output;        // what the steps print; may be empty
};

struct StepTime {
    std::string name;
    double seconds = 0;
    bool cached = false;
};

struct BuiltImage {
    std::string name;              // of the recipe
    std::string version;           // of the recipe
    std::filesystem::path disk;    // qcow2 unless the output has another extension
    std::filesystem::path kernel;  // for direct boot
    std::filesystem::path initrd;
    std::filesystem::path evidence;   // folder with the files that image_evidence.h names
    std::filesystem::path record;     // JSON: inputs, packages with versions, digests, command line
    std::string kernel_command_line;  // for direct boot; the disk's boot loader uses the same
    std::uint64_t capacity_bytes = 0;
    std::string key;          // digest of all inputs
    bool from_cache = false;  // the whole image was there already
    double seconds = 0;
    std::vector<StepTime> steps;
};

// Throws usage for an output of another kind or a shell without a terminal, conflict when a frozen
// build has other tools than its lock file or gives another disk, invalid_input for the recipe,
// environment for a missing tool, external for a failing step (the message holds the last 40 lines
// of its output and the command to run it again). After any failure nothing is left behind but the
// layers of finished steps.
BuiltImage build_image(const BuildOptions& options);

}  // namespace imagebuilder
