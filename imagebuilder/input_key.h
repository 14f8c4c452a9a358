// SPDX-License-Identifier: Apache-2.0
// Cache keys: a digest of named inputs. Every value goes in with its name and length, so that no
// two lists of inputs look alike. The list itself can be kept: it says later which input has
// changed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/recipe.h"

namespace imagebuilder {

struct NamedInput {
    std::string name;    // "text", "file site/index.html"
    std::string digest;  // SHA-256 of the value, hex
    // Of a file the SHA-256 of its bytes alone, of a link that of the path that it holds: what
    // somebody else can compute. Follows from the value, is not kept.
    std::string content = {};
    bool is_link = false;

    bool operator==(const NamedInput& other) const {
        return name == other.name && digest == other.digest;
    }
};

class InputKey {
  public:
    void add(std::string_view name, std::string_view value);
    void add_list(std::string_view name, const std::vector<std::string>& values);
    // A file, or a folder with everything in it: permissions, links, content. Each entry is an
    // input of its own: NAME, NAME/sub, NAME/sub/file.
    void add_files(const std::string& name, const std::filesystem::path& path);
    // Those of another key, as they are.
    void add_inputs(const InputKey& other);
    // What the step does, with the content of what it copies from `folder`.
    void add_step(const Step& step, const std::filesystem::path& folder);
    const std::vector<NamedInput>& inputs() const { return inputs_; }
    std::string finish() const;

  private:
    std::vector<NamedInput> inputs_;
};

// A stable UUID (version 8) out of a key; `purpose` tells several of one image apart.
std::string uuid_from_key(std::string_view key, std::string_view purpose);

}  // namespace imagebuilder
