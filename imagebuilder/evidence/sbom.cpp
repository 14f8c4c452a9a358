// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/evidence/sbom.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/json.h"
#include "imagebuilder/input_key.h"

namespace imagebuilder {

namespace {

using base::Json;

constexpr const char* kNoAssertion = "NOASSERTION";

// What purl leaves as it is in names and versions.
bool stays_in_purl(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '~';
}

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        if (stays_in_purl(c)) {
            encoded += c;
        } else {
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return encoded;
}

// SPDX ids hold letters, digits, "." and "-"; "+" of Debian names is spelled out so that no two
// names give one id.
std::string spdx_id(const InstalledPackage& package) {
    std::string id = "SPDXRef-deb-";
    for (const char c : package.name + "-" + package.architecture) {
        if (c == '+') {
            id += ".plus.";
        } else {
            id += c;
        }
    }
    return id;
}

Json spdx_image(const SbomSubject& subject) {
    Json image;
    image["SPDXID"] = "SPDXRef-image";
    image["name"] = subject.name;
    image["versionInfo"] = subject.version;
    image["packageFileName"] = subject.file;
    image["primaryPackagePurpose"] = "OPERATING_SYSTEM";
    image["downloadLocation"] = kNoAssertion;
    image["filesAnalyzed"] = false;
    if (!subject.description.empty()) {
        image["description"] = subject.description;
    }
    image["checksums"] = {{{"algorithm", "SHA256"}, {"checksumValue", subject.sha256}}};
    image["licenseConcluded"] = kNoAssertion;
    image["licenseDeclared"] = kNoAssertion;
    image["copyrightText"] = kNoAssertion;
    return image;
}

// nullptr: nothing is asserted.
const PackageLicense* find_license(const SbomSubject& subject, const InstalledPackage& package) {
    const auto found = subject.licenses.find(package.name);
    return found == subject.licenses.end() || found->second.terms.empty() ? nullptr
                                                                          : &found->second;
}

Json spdx_package(const SbomSubject& subject, const InstalledPackage& package) {
    Json json;
    json["SPDXID"] = spdx_id(package);
    json["name"] = package.name;
    json["versionInfo"] = package.version;
    json["downloadLocation"] = kNoAssertion;
    json["filesAnalyzed"] = false;
    if (!package.source.empty()) {
        json["sourceInfo"] = "built from the source package " + package.source;
    }
    if (!package.sha256.empty()) {
        json["checksums"] = {{{"algorithm", "SHA256"}, {"checksumValue", package.sha256}}};
    }
    json["licenseConcluded"] = kNoAssertion;
    const PackageLicense* license = find_license(subject, package);
    json["licenseDeclared"] = license == nullptr ? kNoAssertion : license->expression();
    json["copyrightText"] = kNoAssertion;
    json["externalRefs"] = {{{"referenceCategory", "PACKAGE-MANAGER"},
                             {"referenceType", "purl"},
                             {"referenceLocator", package_url(subject, package)}}};
    return json;
}

// The licences that SPDX does not list, each once, by id.
Json spdx_extracted_licenses(const SbomSubject& subject) {
    std::map<std::string, const ExtractedLicense*> extracted;
    for (const InstalledPackage& package : subject.packages) {
        if (const PackageLicense* license = find_license(subject, package)) {
            for (const auto& [id, text] : license->extracted) {
                extracted.emplace(id, &text);
            }
        }
    }
    Json list = Json::array();
    for (const auto& [id, license] : extracted) {
        list.push_back(
            {{"licenseId", id}, {"extractedText", license->text}, {"name", license->name}});
    }
    return list;
}

Json relationship(std::string_view from, std::string_view type, std::string_view to) {
    return {{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}};
}

bool has_operator(std::string_view term) {
    return term.find(' ') != std::string_view::npos;
}

bool has_extracted(std::string_view term) {
    return term.find("LicenseRef-") != std::string_view::npos;
}

// One expression, or, where a licence is not on SPDX's list, the licences that hold together by
// name: the schema knows expressions of listed ones only, and has no place for texts once.
Json cyclonedx_licenses(const PackageLicense& license) {
    const bool listed = std::none_of(license.terms.begin(), license.terms.end(), has_extracted);
    if (listed && (license.terms.size() > 1 || has_operator(license.terms.front()))) {
        Json one;
        one["expression"] = license.expression();
        return Json::array({one});
    }
    Json list = Json::array();
    for (const std::string& term : license.terms) {
        const auto extracted = license.extracted.find(term);
        Json one;
        if (extracted != license.extracted.end()) {
            one["license"]["name"] = extracted->second.name;
        } else {
            one["license"][has_operator(term) ? "name" : "id"] = term;
        }
        list.push_back(one);
    }
    return list;
}

Json cyclonedx_component(const SbomSubject& subject, const InstalledPackage& package) {
    const std::string purl = package_url(subject, package);
    Json json;
    json["type"] = "library";
    json["bom-ref"] = purl;
    json["name"] = package.name;
    json["version"] = package.version;
    if (!package.sha256.empty()) {
        json["hashes"] = {{{"alg", "SHA-256"}, {"content", package.sha256}}};
    }
    if (const PackageLicense* license = find_license(subject, package)) {
        json["licenses"] = cyclonedx_licenses(*license);
    }
    json["purl"] = purl;
    return json;
}

}  // namespace

std::string rfc3339(std::int64_t seconds) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string package_url(const SbomSubject& subject, const InstalledPackage& package) {
    std::string url = fmt::format("pkg:deb/{}/{}@{}?arch={}", percent_encoded(subject.vendor),
                                  percent_encoded(package.name), percent_encoded(package.version),
                                  percent_encoded(package.architecture));
    if (!subject.distribution.empty()) {
        url += "&distro=" + percent_encoded(subject.distribution);
    }
    return url;
}

std::string make_spdx(const SbomSubject& subject) {
    Json json;
    json["spdxVersion"] = "SPDX-2.3";
    json["dataLicense"] = "CC0-1.0";
    json["SPDXID"] = "SPDXRef-DOCUMENT";
    json["name"] = subject.name + "-" + subject.version;
    json["documentNamespace"] = "urn:uuid:" + uuid_from_key(subject.key, "spdx");
    json["creationInfo"] = {{"created", rfc3339(subject.epoch)},
                            {"creators", {"Tool: muster-" MUSTER_VERSION}}};
    json["packages"] = Json::array({spdx_image(subject)});
    json["relationships"] =
        Json::array({relationship("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image")});
    if (Json extracted = spdx_extracted_licenses(subject); !extracted.empty()) {
        json["hasExtractedLicensingInfos"] = std::move(extracted);
    }
    for (const InstalledPackage& package : subject.packages) {
        json["packages"].push_back(spdx_package(subject, package));
        json["relationships"].push_back(
            relationship("SPDXRef-image", "CONTAINS", spdx_id(package)));
    }
    return base::to_json_text(json, 2) + "\n";
}

std::string make_cyclonedx(const SbomSubject& subject) {
    const std::string image = subject.name + "@" + subject.version;
    Json json;
    json["bomFormat"] = "CycloneDX";
    json["specVersion"] = "1.5";
    json["serialNumber"] = "urn:uuid:" + uuid_from_key(subject.key, "cyclonedx");
    json["version"] = 1;
    Json component{{"type", "operating-system"},
                   {"bom-ref", image},
                   {"name", subject.name},
                   {"version", subject.version}};
    if (!subject.description.empty()) {
        component["description"] = subject.description;
    }
    component["hashes"] = {{{"alg", "SHA-256"}, {"content", subject.sha256}}};
    json["metadata"] = {
        {"timestamp", rfc3339(subject.epoch)},
        {"tools",
         {{"components",
           {{{"type", "application"}, {"name", "muster"}, {"version", MUSTER_VERSION}}}}}},
        {"component", component}};
    json["components"] = Json::array();
    Json parts = Json::array();
    for (const InstalledPackage& package : subject.packages) {
        json["components"].push_back(cyclonedx_component(subject, package));
        parts.push_back(package_url(subject, package));
    }
    json["dependencies"] = {{{"ref", image}, {"dependsOn", parts}}};
    return base::to_json_text(json, 2) + "\n";
}

}  // namespace imagebuilder
