// SPDX-License-Identifier: Apache-2.0
// The descriptor's References against the members of the archive. An href names exactly one member,
// as written or percent-decoded, or the chunks "href.000000000", … DSP0243 7.1. Nothing outside
// the package is ever fetched.
#pragma once

#include <string_view>
#include <vector>

#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/package/verdict.h"

namespace ovfkit {

// The File whose bytes (or a chunk of them) this member holds; nullptr when there is none. The
// pointer is into the envelope.
const FileReference* find_file_of_member(const Envelope& envelope, std::string_view member);

// Missing files, two Files for one member, hrefs that leave the package; notes members that no File
// refers to and sizes that differ. `ignored`: descriptor, manifest and certificate.
void check_references(const Envelope& envelope, const std::vector<PackageMember>& members,
                      const std::vector<std::string>& ignored, Verdict& verdict);

}  // namespace ovfkit
