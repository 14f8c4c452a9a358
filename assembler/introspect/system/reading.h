// SPDX-License-Identifier: Apache-2.0
// One machine while its system is read: its files, the facts so far, and what went wrong on the
// way. What cannot be read becomes a remark, never an error; remarks are bounded. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assembler/introspect/facts.h"
#include "base/error.h"
#include "imagebuilder/filetree/file_tree.h"

namespace assembler::introspect {

class Reading {
  public:
    Reading(const imagebuilder::FileTree& tree, MachineFacts& facts) : tree_(tree), facts_(facts) {}

    const imagebuilder::FileTree& tree() const { return tree_; }
    MachineFacts& facts() { return facts_; }

    // Of a file: nullopt when there is none, or with a remark when it cannot be read.
    std::optional<std::string> text(std::string_view path);
    // Of a folder: empty, with a remark when it is damaged.
    std::vector<imagebuilder::TreeEntry> list(std::string_view path);
    void remark(std::string text, Evidence evidence = {});

    // Does one part of the work; an Error in it becomes a remark. Interrupts go on.
    template <typename Fn>
    void part(std::string_view what, Fn&& fn) {
        try {
            std::forward<Fn>(fn)();
        } catch (const base::Error& error) {
            note_failure(what, error);
        }
    }

  private:
    void note_failure(std::string_view what, const base::Error& error);

    const imagebuilder::FileTree& tree_;
    MachineFacts& facts_;
};

}  // namespace assembler::introspect
