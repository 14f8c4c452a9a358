// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/signature_check.h"

#include <fmt/format.h>

#include "base/crypto/trust.h"
#include "ovfkit/package/certificate.h"

namespace ovfkit {

namespace {

void describe_signer(const base::CertificateInfo& info, std::time_t now, SignatureReport& report) {
    report.subject = info.subject;
    report.issuer = info.issuer;
    report.fingerprint = info.fingerprint;
    report.key = info.key;
    report.not_before = info.not_before;
    report.not_after = info.not_after;
    report.valid_now = info.not_before <= now && now <= info.not_after;
    report.self_signed = info.self_signed;
}

// Oddities of the signer that a person should know even where nobody asked for trust.
void note_weaknesses(const PackageCertificate& certificate, const SignatureReport& report,
                     Verdict& verdict) {
    if (!report.valid_now) {
        verdict.note("certificate_expired",
                     fmt::format("the signer's certificate is valid only from {} to {}",
                                 base::format_utc_date(report.not_before),
                                 base::format_utc_date(report.not_after)));
    }
    if (certificate.chain.front().info().weak_key) {
        verdict.note("weak_key", fmt::format("the signer's key is too weak ({})", report.key));
    }
    if (certificate.algorithm == base::DigestAlgorithm::sha1) {
        verdict.note("weak_digest",
                     "the signature is made over a SHA1 digest, which can be forged");
    }
    for (const std::string& part : certificate.ignored_parts) {
        verdict.note("ignored_signature",
                     fmt::format("a block '{}' of '{}' was not looked at: only X.509 certificates "
                                 "are",
                                 part, report.name));
    }
}

base::TrustVerdict judge_trust(const PackageCertificate& certificate, bool weak_manifest,
                               std::time_t now, const VerifyPolicy& policy) {
    if (!policy.trust_file) {
        return {false, "no trust file was given"};
    }
    if (weak_manifest || certificate.algorithm == base::DigestAlgorithm::sha1) {
        return {false, "SHA1 digests can be forged"};
    }
    const std::vector<base::Certificate> anchors = base::load_certificates(*policy.trust_file);
    return base::check_trust(certificate.chain.front(), std::span(certificate.chain).subspan(1),
                             anchors, now);
}

}  // namespace

void check_signature(const PackageText& certificate_file, const PackageText& manifest,
                     bool weak_manifest, std::time_t now, Verdict& verdict,
                     SignatureReport& report) {
    report.name = certificate_file.name;
    report.state = CheckState::failed;  // until everything below went well
    PackageCertificate certificate;
    const bool parsed = verdict.check([&] {
        certificate = parse_package_certificate(certificate_file.text, certificate_file.name);
    });
    if (!parsed) {
        return;
    }
    report.algorithm = base::to_string(certificate.algorithm);
    const base::Certificate& signer = certificate.chain.front();
    describe_signer(signer.info(), now, report);
    if (certificate.manifest_name != manifest.name) {
        verdict.fail(fmt::format("'{}' signs '{}', but the manifest is '{}'", certificate_file.name,
                                 certificate.manifest_name, manifest.name));
        return;
    }
    if (!base::verify_signature(signer, certificate.algorithm, manifest.text,
                                certificate.signature)) {
        verdict.fail(fmt::format("the signature in '{}' does not fit the manifest '{}'",
                                 certificate_file.name, manifest.name),
                     "the package was changed after it was signed: get it from its maker again");
        return;
    }
    report.state = CheckState::ok;
    note_weaknesses(certificate, report, verdict);
    const base::TrustVerdict trust = judge_trust(certificate, weak_manifest, now, verdict.policy());
    report.trusted = trust.trusted;
    report.why_not_trusted = trust.reason;
    if (verdict.policy().trust_file && !trust.trusted) {
        verdict.fail(fmt::format("the signer is not trusted: {}", trust.reason),
                     fmt::format("add the certificate of the signer or of its authority to '{}' if "
                                 "you trust it (SHA-256 fingerprint {})",
                                 verdict.policy().trust_file->string(), report.fingerprint));
    }
}

}  // namespace ovfkit
