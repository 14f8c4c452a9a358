// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/signature_check.h"

#include <fmt/format.h>

#include "base/crypto/timestamp.h"
#include "base/crypto/trust.h"
#include "ovfkit/package/certificate.h"

namespace ovfkit {

namespace {

constexpr std::time_t kClockError = 300;  // clocks may differ by as much

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
        const bool outlived = report.timestamp.trusted &&
                              report.not_before <= report.timestamp.time &&
                              report.timestamp.time <= report.not_after;
        verdict.note(outlived ? "certificate_outlived" : "certificate_expired",
                     fmt::format("the signer's certificate is valid only from {} to {}{}",
                                 base::format_utc_date(report.not_before),
                                 base::format_utc_date(report.not_after),
                                 outlived ? "; the signature was made in that time" : ""));
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
                                 "and time stamps are",
                                 part, report.name));
    }
}

// What the time stamp shows, if there is one. One that does not fit is a failure.
void check_stamp(const PackageCertificate& certificate, std::time_t now, Verdict& verdict,
                 const std::string& name, TimestampReport& report) {
    if (!certificate.timestamp) {
        return;
    }
    report.state = CheckState::failed;
    base::TimestampInfo info;
    if (!verdict.check([&] { info = base::parse_timestamp(*certificate.timestamp, name); })) {
        return;
    }
    report.time = info.time;
    report.authority = info.authority;
    report.serial = info.serial;
    std::vector<base::Certificate> anchors;
    if (verdict.policy().tsa_trust_file) {
        anchors = base::load_trust(*verdict.policy().tsa_trust_file);
    }
    const base::TimestampVerdict found =
        base::check_timestamp(*certificate.timestamp, certificate.signature, anchors, now);
    report.why_not_trusted = found.reason;
    if (!found.fits) {
        verdict.fail(fmt::format("the time stamp in '{}' is not valid: {}", name, found.reason),
                     "the package was changed after it was signed: get it from its maker again");
        return;
    }
    report.state = CheckState::ok;
    report.trusted = found.trusted && info.time <= now + kClockError;
    if (found.trusted && !report.trusted) {
        report.why_not_trusted = "it is from the future";
    }
}

std::vector<base::Certificate> anchors_of(const VerifyPolicy& policy) {
    std::vector<base::Certificate> anchors;
    if (policy.trust_system) {
        anchors = base::load_system_trust();
    }
    if (policy.trust_file) {
        for (base::Certificate& anchor : base::load_trust(*policy.trust_file)) {
            anchors.push_back(std::move(anchor));
        }
    }
    return anchors;
}

base::TrustVerdict judge_trust(const PackageCertificate& certificate, bool weak_manifest,
                               std::time_t when, const VerifyPolicy& policy) {
    if (!policy.wants_trust()) {
        return {false, "no trust file was given", {}};
    }
    if (weak_manifest || certificate.algorithm == base::DigestAlgorithm::sha1) {
        return {false, "SHA1 digests can be forged", {}};
    }
    return base::check_trust(certificate.chain.front(), std::span(certificate.chain).subspan(1),
                             anchors_of(policy), when);
}

std::string remedy_for(const SignatureReport& report, const VerifyPolicy& policy) {
    const std::string where =
        policy.trust_file ? fmt::format("'{}'", policy.trust_file->string()) : "a file for --trust";
    return fmt::format(
        "add the certificate of the signer or of its authority to {} if you trust "
        "it (SHA-256 fingerprint {})",
        where, report.fingerprint);
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
    check_stamp(certificate, now, verdict, certificate_file.name, report.timestamp);
    report.judged_at = report.timestamp.trusted ? report.timestamp.time : now;
    note_weaknesses(certificate, report, verdict);
    base::TrustVerdict trust =
        judge_trust(certificate, weak_manifest, report.judged_at, verdict.policy());
    report.trusted = trust.trusted;
    report.why_not_trusted = trust.reason;
    report.chain = std::move(trust.chain);
    const TimestampReport& stamp = report.timestamp;
    if (!report.trusted && !report.valid_now && stamp.state == CheckState::ok && !stamp.trusted) {
        verdict.note("timestamp_unused",
                     fmt::format("a time stamp says that the signature was made before {}: name "
                                 "whom you trust to make such with --tsa-trust FILE",
                                 base::format_utc_date(stamp.time)));
    }
    if (verdict.policy().wants_trust() && !trust.trusted) {
        verdict.fail(fmt::format("the signer is not trusted: {}", trust.reason),
                     remedy_for(report, verdict.policy()));
    }
}

}  // namespace ovfkit
