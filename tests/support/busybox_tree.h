// SPDX-License-Identifier: Apache-2.0
// A tree in which steps can run, made of busybox and nothing else: no bootstrap, no packages. With
// a cache folder of its own. Needs user namespaces, or root.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/cache/layer_store.h"
#include "imagebuilder/disk/initrd.h"
#include "imagebuilder/plan/planned_step.h"
#include "imagebuilder/tree/layers.h"
#include "imagebuilder/tree/sandbox.h"
#include "imagebuilder/tree/steps.h"
#include "tests/support/cache_folder.h"
#include "tests/support/skip.h"

namespace tests {

inline bool can_sandbox() {
    try {
        imagebuilder::require_namespaces();
        return true;
    } catch (const base::Error& error) {
        skip(error.message());
        return false;
    }
}

// A cache folder of its own for each case, and a tree that remove_tree() takes away.
struct BusyboxTree {
    base::TempDir dir;
    std::filesystem::path tree = dir.path() / "tree";
    CacheFolder cache;

    BusyboxTree() { make_busybox_tree(tree); }
    BusyboxTree(const BusyboxTree&) = delete;
    BusyboxTree& operator=(const BusyboxTree&) = delete;
    ~BusyboxTree() { imagebuilder::remove_tree(tree); }

    static void make_busybox_tree(const std::filesystem::path& at) {
        for (const char* folder :
             {"bin", "usr/bin", "usr/sbin", "etc", "proc", "dev", "run", "tmp", "var/log",
              "var/lib/apt/lists", "var/cache/apt/archives", "root"}) {
            base::make_dirs(at / folder);
        }
        std::filesystem::copy_file(imagebuilder::find_static_busybox(), at / "bin/busybox");
        for (const char* applet :
             {"sh",     "cat",    "mkdir", "rm",    "chown", "chmod", "ls",   "echo",  "find",
              "tar",    "cp",     "id",    "cut",   "seq",   "test",  "ln",   "touch", "mv",
              "mkfifo", "printf", "rmdir", "sleep", "stty",  "stat",  "head", "["}) {
            std::filesystem::create_symlink("busybox", at / "bin" / applet);
        }
        std::filesystem::create_symlink("../../bin/busybox", at / "usr/bin/env");
        base::write_file(at / "etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:33:33::/:/bin/sh\n");
        base::write_file(at / "etc/group", "root:x:0:\nweb:x:33:\n");
    }
    // The tree becomes the layer of a plan's first step: nothing has to be bootstrapped then.
    void keep_as_bootstrap(const imagebuilder::PlannedStep& step) const {
        imagebuilder::pack_tree(tree, imagebuilder::layer_tar_path(step.key));
        imagebuilder::LayerRecord record;
        record.key = step.key;
        record.id = "bootstrap";
        record.step = step.name;
        record.recipe = step.recipe->name;
        record.bytes = base::file_size(imagebuilder::layer_tar_path(step.key));
        imagebuilder::write_layer_record(record);
    }
    // An index without packages, enough for steps that install none.
    imagebuilder::AptIndex apt() const {
        base::make_dirs(dir.path() / "apt/lists");
        base::make_dirs(dir.path() / "apt/archives");
        base::write_file(dir.path() / "apt/apt.conf", "");
        imagebuilder::AptIndex index;
        index.folder = dir.path() / "apt";
        index.digest = "index";
        return index;
    }
    imagebuilder::StepContext context() const { return {tree, nullptr, {}}; }
    void apply(const imagebuilder::Action& action) const {
        imagebuilder::apply_step(context(), dir.path(), {action, "recipe.yaml:7:3"});
    }
};

}  // namespace tests
