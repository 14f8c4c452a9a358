// SPDX-License-Identifier: Apache-2.0
// Cache keys: a digest of named inputs. Every value goes in with its length, so that no two lists
// of inputs look alike.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/crypto/digest.h"
#include "imagebuilder/recipe.h"

namespace imagebuilder {

class InputKey {
  public:
    InputKey() : digest_(base::DigestAlgorithm::sha256) {}
    void add(std::string_view name, std::string_view value);
    // A file, or a folder with everything in it: names, permissions, links, content.
    void add_files(std::string_view name, const std::filesystem::path& path);
    // What the step does, with the content of what it copies from `folder`.
    void add_step(const Step& step, const std::filesystem::path& folder);
    std::string finish() { return digest_.finish_hex(); }

  private:
    base::Digest digest_;
};

// A stable UUID (version 8) out of a key; `purpose` tells several of one image apart.
std::string uuid_from_key(std::string_view key, std::string_view purpose);

}  // namespace imagebuilder
