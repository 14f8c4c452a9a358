// SPDX-License-Identifier: Apache-2.0
// SIG-0xx: the signature of the manifest and the signer's certificate.
#include <array>
#include <ctime>

#include <fmt/format.h>

#include "ovfkit/lint/checks/checks.h"

#include "base/letter_case.h"

namespace ovfkit::lint {

namespace {

constexpr std::array kSignatureRules{
    Rule{"SIG-001", "the package is not signed", everywhere(kNote),
         "Anyone may have made it; vSphere and VirtualBox say so to the user.",
         "Sign it: muster sign, or muster pack --key --cert.", "DSP0243 5.2"},
    Rule{"SIG-002", "the certificate is not valid at this time",
         everywhere(kWarning).with(kVmware, kError).with(kProxmox | kVirtV2v, Level::off),
         "vSphere refuses the package once the signer's certificate has expired.",
         "Sign it again with a valid certificate and a time stamp.",
         "tanzu-framework#1719, goharbor/harbor#5276"},
    Rule{"SIG-003", "the certificate is signed by itself",
         everywhere(kNote)
             .with(kVmware | kVirtualBox, kWarning)
             .with(kProxmox | kVirtV2v, Level::off),
         "It says nothing about who the signer is; importers warn of it.",
         "Use a certificate of an authority that the users trust.",
         "wazuh-packages#1783; import duties 4"},
    Rule{"SIG-004", "the signature uses SHA-1",
         everywhere(kWarning).with(kVmware, kError).with(kProxmox | kVirtV2v, Level::off),
         "It can be forged.", "Sign with SHA-256.", "DSP0243 5.2; import duties 4"},
    Rule{"SIG-005", "the key is too short",
         everywhere(kWarning).with(kMuster, kError).with(kProxmox | kVirtV2v, Level::off),
         "RSA keys of less than 2048 bits are within reach of an attacker.",
         "Use 3072 bits or more.", "NIST SP 800-131A"},
    Rule{"SIG-006", "the key is not an RSA key", only(kVmware | kVirtualBox | kOracleVm, kError),
         "ovftool, vSphere and VirtualBox check RSA signatures only.", "Sign with an RSA key.",
         "VirtualBox ApplianceImplImport; ovftool guide"},
    Rule{"SIG-007", "the certificate ends within 30 days",
         everywhere(kNote).with(kVmware, kWarning).with(kProxmox | kVirtV2v, Level::off),
         "Then importers will refuse or warn, although nothing has changed.",
         "Renew it and sign again.", "vmware/photon#447"},
    Rule{"SIG-008", "part of the certificate file is not looked at",
         everywhere(kNote).with(kVmware, kWarning),
         "Blocks of other kinds, such as PKCS7 and CMS, are passed over by some and refused by "
         "others.",
         "Keep the signature and X.509 certificates in it.", "DSP0243 5.2; VirtualBox"},
};

}  // namespace

Rules signature_rules() {
    return kSignatureRules;
}

void check_signature(const PackageView& package, Findings& findings) {
    constexpr std::time_t kMonth = 30 * 24 * 3600;
    const SignatureReport& signature = package.report.signature;
    if (signature.state == CheckState::absent) {
        findings.add("SIG-001", "the package is not signed");
        return;
    }
    if (signature.state == CheckState::failed || signature.key.empty()) {
        return;  // a failure of the package
    }
    if (!signature.valid_now) {
        findings.add("SIG-002", fmt::format("the certificate of {} is not valid at this time",
                                            signature.subject));
    } else if (signature.not_after - std::time(nullptr) < kMonth) {
        findings.add("SIG-007",
                     fmt::format("the certificate of {} ends within 30 days", signature.subject));
    }
    if (signature.self_signed) {
        findings.add("SIG-003",
                     fmt::format("the certificate of {} is signed by itself", signature.subject));
    }
    if (base::to_lower(signature.key).find("rsa") == std::string::npos) {
        findings.add("SIG-006", fmt::format("the signer's key is {}", signature.key));
    }
}

}  // namespace ovfkit::lint
