// SPDX-License-Identifier: Apache-2.0
// Where an image came from, as others check it: an in-toto statement (v1) with a SLSA provenance
// predicate (v1), in a DSSE envelope signed with the key of the assembly. The statement is a pure
// function of its argument and names no time, so that a rebuild gives the same bytes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/signature.h"

namespace imagebuilder {

// A file or package with its digest: in-toto's ResourceDescriptor.
struct Material {
    std::string name;             // "recipe.yaml", "nginx"
    std::string uri;              // may be empty; "pkg:deb/…"
    std::string sha256;           // lower-case hex; empty: not known
    std::string media_type = {};  // "inode/symlink": the digest is of the path in a link
};

struct Provenance {
    std::vector<Material> subjects;  // what was made
    std::string recipe;              // its name
    std::string recipe_version;
    std::string key;  // digest of all inputs
    std::map<std::string, std::string> parameters;
    std::vector<Material> materials;  // what it was made of
};

inline constexpr std::string_view kInTotoPayload = "application/vnd.in-toto+json";

std::string make_statement(const Provenance& provenance);

// The payload in an envelope. Without a key there is no signature in it.
std::string make_envelope(std::string_view payload, std::string_view payload_type);
std::string sign_envelope(std::string_view payload, std::string_view payload_type,
                          const base::PrivateKey& key, const base::Certificate& signer);

// The envelope with one signature more; those that are there stay. These four throw invalid_input
// for what is no envelope, naming it by `name`.
std::string add_signature(std::string_view envelope, std::string_view name,
                          const base::PrivateKey& key, const base::Certificate& signer);
// Whoever signed it, if anybody did.
std::string payload_of_envelope(std::string_view envelope, std::string_view name);
std::size_t count_signatures(std::string_view envelope, std::string_view name);
bool is_signed_by(std::string_view envelope, const base::Certificate& signer,
                  std::string_view name);

// The payload of an envelope when a signature in it is the signer's; throws invalid_input when not,
// or when it is no envelope. `name` is for messages.
std::string open_envelope(std::string_view envelope, const base::Certificate& signer,
                          std::string_view name);

}  // namespace imagebuilder
