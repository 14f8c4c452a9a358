// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/evidence/provenance.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/crypto/base64.h"
#include "base/error.h"
#include "base/json.h"

namespace imagebuilder {

namespace {

using base::Json;

Json describe_material(const Material& material) {
    Json json;
    json["name"] = material.name;
    if (!material.uri.empty()) {
        json["uri"] = material.uri;
    }
    if (!material.sha256.empty()) {
        json["digest"] = {{"sha256", material.sha256}};
    }
    if (!material.media_type.empty()) {
        json["mediaType"] = material.media_type;
    }
    return json;
}

Json describe_materials(const std::vector<Material>& materials) {
    Json list = Json::array();
    for (const Material& material : materials) {
        list.push_back(describe_material(material));
    }
    return list;
}

// What is signed: DSSE's pre-authentication encoding.
std::string dsse_encoding(std::string_view payload, std::string_view payload_type) {
    return fmt::format("DSSEv1 {} {} {} {}", payload_type.size(), payload_type, payload.size(),
                       payload);
}

Json envelope_json(std::string_view payload, std::string_view payload_type) {
    return {{"payload", base::to_base64(payload)},
            {"payloadType", payload_type},
            {"signatures", Json::array()}};
}

struct OpenEnvelope {
    Json json;
    std::string type;
    std::string payload;
};

OpenEnvelope parse_envelope(std::string_view envelope, std::string_view name) {
    OpenEnvelope opened{base::parse_json(envelope, name), "", ""};
    opened.type = base::require_string(opened.json, "payloadType");
    const auto payload = base::from_base64(base::require_string(opened.json, "payload"));
    const auto signatures = opened.json.find("signatures");
    if (!payload || signatures == opened.json.end() || !signatures->is_array()) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' is no DSSE envelope", name));
    }
    opened.payload = *payload;
    return opened;
}

}  // namespace

std::string make_statement(const Provenance& provenance) {
    Json external{{"recipe", provenance.recipe}, {"version", provenance.recipe_version}};
    for (const auto& [name, value] : provenance.parameters) {
        external[name] = value;
    }
    Json json;
    json["_type"] = "https://in-toto.io/Statement/v1";
    json["subject"] = describe_materials(provenance.subjects);
    json["predicateType"] = "https://slsa.dev/provenance/v1";
    json["predicate"] = {
        {"buildDefinition",
         {{"buildType", "urn:muster:build-image:v1"},
          {"externalParameters", external},
          {"internalParameters", {{"key", provenance.key}}},
          {"resolvedDependencies", describe_materials(provenance.materials)}}},
        {"runDetails",
         {{"builder",
           {{"id", "urn:muster:builder:v1"}, {"version", {{"muster", MUSTER_VERSION}}}}}}}};
    return base::to_json_text(json, 2) + "\n";
}

std::string make_envelope(std::string_view payload, std::string_view payload_type) {
    return base::to_json_text(envelope_json(payload, payload_type), 2) + "\n";
}

std::string add_signature(std::string_view envelope, std::string_view name,
                          const base::PrivateKey& key, const base::Certificate& signer) {
    OpenEnvelope opened = parse_envelope(envelope, name);
    const std::string signature =
        base::sign(key, base::DigestAlgorithm::sha256, dsse_encoding(opened.payload, opened.type));
    opened.json["signatures"].push_back(
        {{"keyid", signer.info().fingerprint}, {"sig", base::to_base64(signature)}});
    return base::to_json_text(opened.json, 2) + "\n";
}

std::string sign_envelope(std::string_view payload, std::string_view payload_type,
                          const base::PrivateKey& key, const base::Certificate& signer) {
    return add_signature(make_envelope(payload, payload_type), "the new envelope", key, signer);
}

std::string payload_of_envelope(std::string_view envelope, std::string_view name) {
    return parse_envelope(envelope, name).payload;
}

std::size_t count_signatures(std::string_view envelope, std::string_view name) {
    return parse_envelope(envelope, name).json["signatures"].size();
}

bool is_signed_by(std::string_view envelope, const base::Certificate& signer,
                  std::string_view name) {
    const OpenEnvelope opened = parse_envelope(envelope, name);
    const std::string signed_text = dsse_encoding(opened.payload, opened.type);
    const Json& signatures = opened.json["signatures"];
    return std::any_of(signatures.begin(), signatures.end(), [&](const Json& entry) {
        const auto signature = base::from_base64(base::string_or(entry, "sig", ""));
        return signature && base::verify_signature(signer, base::DigestAlgorithm::sha256,
                                                   signed_text, *signature);
    });
}

std::string open_envelope(std::string_view envelope, const base::Certificate& signer,
                          std::string_view name) {
    if (!is_signed_by(envelope, signer, name)) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' has no signature by '{}'", name, signer.info().subject),
                          "name the certificate of the key that signed it");
    }
    return payload_of_envelope(envelope, name);
}

}  // namespace imagebuilder
