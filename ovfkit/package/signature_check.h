// SPDX-License-Identifier: Apache-2.0
// Is the manifest signed, by whom, and does the trust file vouch for that signer? Pure but for
// reading the trust file and the clock given.
#pragma once

#include <ctime>
#include <string>

#include "ovfkit/package/look_ahead.h"
#include "ovfkit/package/verdict.h"

namespace ovfkit {

// Checks the certificate file over the raw bytes of the manifest and fills `report`. Signatures and
// digests by SHA-1 are reported, and never lead to trust (`weak_manifest`: some file of the
// manifest is vouched for by SHA-1 only).
void check_signature(const PackageText& certificate, const PackageText& manifest,
                     bool weak_manifest, std::time_t now, Verdict& verdict,
                     SignatureReport& report);

}  // namespace ovfkit
