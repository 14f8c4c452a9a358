// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/package_report.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/crypto/signature.h"

namespace ovfkit {

namespace {

base::Json timestamp_json(const TimestampReport& stamp) {
    base::Json json{{"state", to_string(stamp.state)}};
    if (stamp.state != CheckState::absent) {
        json["time"] = base::format_utc_date(stamp.time);
        json["authority"] = stamp.authority;
        json["serial"] = stamp.serial;
        json["trusted"] = stamp.trusted;
        json["why_not_trusted"] = stamp.why_not_trusted;
    }
    return json;
}

base::Json signature_json(const SignatureReport& signature) {
    base::Json json{{"state", to_string(signature.state)}};
    if (signature.state == CheckState::absent) {
        return json;
    }
    json["file"] = signature.name;
    json["algorithm"] = signature.algorithm;
    json["subject"] = signature.subject;
    json["issuer"] = signature.issuer;
    json["fingerprint"] = signature.fingerprint;
    json["key"] = signature.key;
    json["not_before"] = base::format_utc_date(signature.not_before);
    json["not_after"] = base::format_utc_date(signature.not_after);
    json["valid_now"] = signature.valid_now;
    json["self_signed"] = signature.self_signed;
    json["trusted"] = signature.trusted;
    json["why_not_trusted"] = signature.why_not_trusted;
    json["chain"] = signature.chain;
    json["judged_at"] = base::format_utc_date(signature.judged_at);
    json["timestamp"] = timestamp_json(signature.timestamp);
    return json;
}

base::Json members_json(const std::vector<PackageMember>& members) {
    base::Json json = base::Json::array();
    for (const PackageMember& member : members) {
        json.push_back({{"name", member.name},
                        {"size", member.size},
                        {"sha256", member.sha256},
                        {"in_manifest", member.in_manifest}});
    }
    return json;
}

}  // namespace

std::string_view to_string(CheckState state) {
    switch (state) {
        case CheckState::absent: return "absent";
        case CheckState::ok: return "ok";
        case CheckState::partial: return "partial";
        case CheckState::failed: return "failed";
    }
    return "absent";
}

const PackageMember* PackageReport::find_member(std::string_view name) const {
    for (const std::vector<PackageMember>* list : {&members, &joined}) {
        const auto found =
            std::find_if(list->begin(), list->end(),
                         [&](const PackageMember& member) { return member.name == name; });
        if (found != list->end()) {
            return &*found;
        }
    }
    return nullptr;
}

base::Json to_json(const PackageReport& report) {
    base::Json findings = base::Json::array();
    for (const PackageFinding& finding : report.findings) {
        findings.push_back({{"code", finding.code}, {"text", finding.text}});
    }
    return {{"source", report.source},
            {"descriptor", report.descriptor_name},
            {"bytes", report.total_bytes},
            {"members", members_json(report.members)},
            {"joined", members_json(report.joined)},
            {"manifest",
             {{"state", to_string(report.manifest.state)},
              {"file", report.manifest.name},
              {"algorithms", report.manifest.algorithms},
              {"unlisted", report.manifest.unlisted}}},
            {"signature", signature_json(report.signature)},
            {"findings", std::move(findings)},
            {"failures", report.failures}};
}

std::string unchecked_sentence(const PackageReport& report) {
    if (report.manifest.state == CheckState::absent) {
        return "the package has no manifest: nothing shows whether its files are unchanged";
    }
    return report.manifest.unlisted.empty()
               ? ""
               : fmt::format("no digest covers '{}': nothing shows whether it is unchanged",
                             fmt::join(report.manifest.unlisted, "', '"));
}

}  // namespace ovfkit
