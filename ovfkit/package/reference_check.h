// SPDX-License-Identifier: Apache-2.0
// The descriptor's References against the members of the archive. An href names exactly one member,
// as written or percent-decoded, or the chunks "href.000000000", … DSP0243 7.1. Nothing outside
// the package is ever fetched.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/package/verdict.h"

namespace ovfkit {

// "disk.vmdk.000000003" is chunk 3 of the file "disk.vmdk", when the descriptor has a File of that
// name and none that names the member itself. DSP0243 7.1 "chunkSize".
struct ChunkName {
    const FileReference* file = nullptr;  // into the envelope
    std::string name;                     // of the whole file, as the member writes it
    std::uint64_t index = 0;
};
std::optional<ChunkName> find_chunk(const Envelope& envelope, std::string_view member);

// The File whose bytes (or a chunk of them) this member holds; nullptr when there is none. The
// pointer is into the envelope.
const FileReference* find_file_of_member(const Envelope& envelope, std::string_view member);

// "a%20b" as "a b"; what is no escape stays.
std::string percent_decoded(std::string_view text);

// The names that a member with the file's bytes may have: the href as written and percent-decoded,
// once if they are the same. Empty when it points outside the package.
std::vector<std::string> member_names_of(const FileReference& file);

// Missing files, two Files for one member, hrefs that leave the package; notes members that no File
// refers to and sizes that differ. `ignored`: descriptor, manifest and certificate.
void check_references(const Envelope& envelope, const std::vector<PackageMember>& members,
                      const std::vector<std::string>& ignored, Verdict& verdict);

}  // namespace ovfkit
