// SPDX-License-Identifier: Apache-2.0
// Whom to believe: trust anchors from a file, a folder or the system, and the question whether a
// chain leads from a signer to one of them. Pure but for reading the anchors.
#pragma once

#include <ctime>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/crypto/signature.h"

namespace base {

// The certificates of a PEM file, or of every PEM file of a folder (*.pem, *.crt, *.cer, and names
// that end in a hash and a number as c_rehash makes them). Throws when there is none.
std::vector<Certificate> load_trust(const std::filesystem::path& file_or_folder);
// The system's: $SSL_CERT_FILE, else Debian's /etc/ssl/certs/ca-certificates.crt.
std::vector<Certificate> load_system_trust();

// What keeps others from trusting this signer: a weak key, a certificate for other uses (see
// check_trust()), one that is not valid at `now`. Empty when nothing does.
std::vector<std::string> doubts_of_signer(const Certificate& signer, std::time_t now);

struct TrustVerdict {
    bool trusted = false;
    std::string reason;              // why not; empty when trusted
    std::vector<std::string> chain;  // subjects from the signer to the anchor, when trusted
};

// Is there a chain from `signer` to one of `anchors` (an anchor need not be self-signed, and may be
// the signer itself), with every certificate valid at `now`, keys of at least 112 bits, no SHA-1
// or MD5 signatures on the way, and the signer's certificate meant for what it did: key usage, if
// stated, allows signatures; extended key usage, if stated, names code signing (or any purpose), so
// that the certificate of a web server does not vouch for software?
TrustVerdict check_trust(const Certificate& signer, std::span<const Certificate> intermediates,
                         std::span<const Certificate> anchors, std::time_t now);

}  // namespace base
