// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/byte_size.h"
#include "base/crypto/signature.h"
#include "base/error.h"
#include "cli/package_summary.h"
#include "ovfkit/package/tar/member_name.h"
#include "ovfkit/package/verdict.h"

namespace cli {

namespace {

using base::cli::printable_line;
using ovfkit::CheckState;

std::string files_text(std::size_t count) {
    return count == 1 ? "1 file" : fmt::format("{} files", count);
}

std::string partial_text(const ovfkit::PackageReport& report) {
    const auto matching = static_cast<std::size_t>(
        std::count_if(report.members.begin(), report.members.end(),
                      [](const ovfkit::PackageMember& member) { return member.in_manifest; }));
    return fmt::format("PARTLY CHECKED: {} of {} match the manifest '{}'", matching,
                       files_text(matching + report.manifest.unlisted.size()),
                       printable_line(report.manifest.name));
}

std::string integrity_text(const ovfkit::PackageReport& report) {
    switch (report.manifest.state) {
        case CheckState::absent: return "not checked: there is no manifest";
        case CheckState::failed: return "FAILED";
        case CheckState::partial: return partial_text(report);
        case CheckState::ok: break;
    }
    return fmt::format("ok: every file matches the manifest '{}' ({})",
                       printable_line(report.manifest.name),
                       fmt::join(report.manifest.algorithms, ", "));
}

std::string signature_text(const ovfkit::SignatureReport& signature) {
    switch (signature.state) {
        case CheckState::absent: return "none: anyone may have made this package";
        case CheckState::failed: return "FAILED";
        case CheckState::partial:
        case CheckState::ok: break;
    }
    return fmt::format("ok: the manifest is signed by {} ({}, {})",
                       printable_line(signature.subject), signature.key, signature.algorithm);
}

std::string time_text(const ovfkit::TimestampReport& stamp) {
    switch (stamp.state) {
        case CheckState::absent: return "not known: the signature has no time stamp";
        case CheckState::failed: return "FAILED";
        case CheckState::partial:
        case CheckState::ok: break;
    }
    const std::string when =
        fmt::format("signed before {}, says {}", base::format_utc_date(stamp.time),
                    printable_line(stamp.authority));
    return stamp.trusted
               ? "ok: " + when
               : fmt::format("not trusted: {}; {}", when, printable_line(stamp.why_not_trusted));
}

std::string trust_text(const ovfkit::SignatureReport& signature) {
    if (!signature.trusted) {
        return fmt::format("no: {}", printable_line(signature.why_not_trusted));
    }
    std::string text = signature.chain.size() > 1 ? "yes: by the chain "
                                                  : "yes: the trust file vouches for the signer";
    if (signature.chain.size() > 1) {
        text += printable_line(fmt::format("{}", fmt::join(signature.chain, " <- ")));
    }
    if (signature.timestamp.trusted) {
        text += fmt::format(", as of {}", base::format_utc_date(signature.judged_at));
    }
    return text;
}

}  // namespace

void print_verdict(const ovfkit::PackageReport& report,
                   const std::vector<assembler::PackagedEvidence>& evidence, base::cli::Io& io) {
    const ovfkit::SignatureReport& signature = report.signature;
    io.out << fmt::format("package    {}: {}, {}\n", printable_line(report.source),
                          files_text(report.members.size()),
                          base::format_byte_size(report.total_bytes));
    io.out << fmt::format("integrity  {}\n", integrity_text(report));
    for (const std::string& name : report.manifest.unlisted) {
        io.out << fmt::format("           no digest covers '{}'\n", printable_line(name));
    }
    io.out << fmt::format("signature  {}\n", signature_text(signature));
    if (signature.state == CheckState::ok) {
        io.out << fmt::format(
            "           issued by {}, valid until {}\n",
            signature.self_signed ? "the signer itself" : printable_line(signature.issuer),
            base::format_utc_date(signature.not_after));
        io.out << fmt::format("           SHA-256 fingerprint {}\n", signature.fingerprint);
        io.out << fmt::format("time       {}\n", time_text(signature.timestamp));
        io.out << fmt::format("trust      {}\n", trust_text(signature));
    }
    for (const assembler::PackagedEvidence& one : evidence) {
        io.out << fmt::format("evidence   {}\n", printable_line(evidence_text(one)));
    }
    for (const ovfkit::PackageFinding& finding : report.findings) {
        if (finding.code == "no_manifest" || finding.code == "not_listed") {
            continue;  // said above
        }
        io.out << fmt::format("note       {}\n", printable_line(finding.text));
    }
    for (const std::string& failure : report.failures) {
        io.out << fmt::format("failure    {}\n", printable_line(failure));
    }
}

void require_good(const ovfkit::PackageReport& report) {
    if (report.failures.empty()) {
        return;
    }
    const std::size_t more = report.failures.size() - 1;
    throw base::Error(
        base::ErrorKind::invalid_input,
        fmt::format("{}: {}{}", ovfkit::quoted_source(report.source), report.failures.front(),
                    more == 0 ? "" : fmt::format(" (and {} more)", more)),
        report.flaws == report.failures.size()
            ? ovfkit::kLaxHint
            : "do not use this package: get it from its maker again");
}

}  // namespace cli
