// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/tree_builder.h"

#include <chrono>
#include <optional>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/random.h"
#include "imagebuilder/cache/layer_store.h"
#include "imagebuilder/tree/bootstrap.h"
#include "imagebuilder/tree/layers.h"
#include "imagebuilder/tree/steps.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

// Services must not start in the tree: invoke-rc.d asks this and gets "forbidden".
void forbid_services(const StepContext& context) {
    write_in_tree(context, {"/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0755});
}

DifferenceFiles difference_files(const std::string& key) {
    return {layer_tar_path(key), layer_removed_path(key)};
}

// One tree on its way through the steps.
class TreeMaker {
  public:
    TreeMaker(const TreeOptions& options, const AptIndex& apt)
        : options_(options),
          apt_(apt),
          context_{options.tree, apt.folder.empty() ? nullptr : &apt, options.on_output} {}

    void take(const PlannedStep& step) {
        base::interrupt().check();
        // Whoever makes this layer now is waited for, and what he made is taken.
        const base::FileLock lock(layer_lock_path(step.key));
        const std::optional<LayerRecord> layer = find_layer(step.key);
        const bool cached = options_.use_cache && layer && layer->below_id == id_;
        options_.on_step(step.name, cached);
        if (cached) {
            apply(*layer);
        } else {
            run(step);
        }
    }

  private:
    void apply(const LayerRecord& layer) {
        if (layer.below_key.empty()) {
            fill(layer);
        } else {
            apply_difference(difference_files(layer.key), options_.tree);
            listing_.reset();
            become(layer);
        }
        touch_layer(layer.key);
    }

    void run(const PlannedStep& step) {
        const auto began = std::chrono::steady_clock::now();
        LayerRecord layer;
        layer.key = step.key;
        layer.id = base::random_hex(16);
        layer.below_key = key_;
        layer.below_id = id_;
        layer.step = step.name;
        layer.recipe = step.recipe->name;
        layer.inputs = step.inputs;
        remove_layer(step.key);  // its files are about to change
        if (step.step) {
            run_step(step, layer);
        } else {
            run_bootstrap(step, layer);
        }
        layer.seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        layer.made = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
        write_layer_record(layer);
        if (step.step) {
            become(layer);
        } else {
            fill(layer);
        }
    }

    void run_bootstrap(const PlannedStep& step, LayerRecord& layer) const {
        const fs::path final_path = layer_tar_path(step.key);
        const fs::path part = layer_tar_path(step.key + ".part");
        base::ScopeExit remove_part([&] { base::remove_all(part); });
        if (options_.tarball) {
            recompress_tarball(*options_.tarball, part);
        } else {
            bootstrap_debian(source_of(*step.recipe), apt_, part, apt_.epoch, options_.on_output);
        }
        base::rename_file(part, final_path);
        layer.bytes = base::file_size(final_path);
    }

    void run_step(const PlannedStep& step, LayerRecord& layer) {
        if (!listing_) {
            listing_ = list_tree(options_.tree);
        }
        apply_step(context_, step.recipe->folder, *step.step);
        TreeListing after = list_tree(options_.tree);
        const TreeDifference difference = compare(*listing_, after);
        layer.stored = difference.stored.size();
        layer.removed = difference.removed.size();
        layer.bytes = pack_difference(options_.tree, difference, difference_files(step.key));
        listing_ = std::move(after);
    }

    // From the whole tree of the first layer.
    void fill(const LayerRecord& layer) {
        unpack_tree(layer_tar_path(layer.key), options_.tree);
        forbid_services(context_);
        become(layer);
    }

    void become(const LayerRecord& layer) {
        key_ = layer.key;
        id_ = layer.id;
    }

    const TreeOptions& options_;
    const AptIndex& apt_;
    const StepContext context_;
    std::string key_;  // of the last layer that the tree is made of
    std::string id_;
    std::optional<TreeListing> listing_;  // of the tree as it is, when it is known
};

}  // namespace

void build_tree(const TreeOptions& options, const std::vector<PlannedStep>& steps,
                const AptIndex& apt) {
    TreeMaker maker(options, apt);
    for (const PlannedStep& step : steps) {
        maker.take(step);
    }
}

}  // namespace imagebuilder
