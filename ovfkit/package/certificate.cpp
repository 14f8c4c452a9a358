// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/certificate.h"

#include <cctype>

#include <fmt/format.h>

#include "base/crypto/timestamp.h"
#include "base/error.h"
#include "ovfkit/package/manifest.h"

namespace ovfkit {

namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::size_t kMaxSignatureDigits = 2 * 2048;  // an RSA key of 16384 bits

[[noreturn]] void refuse(std::string_view name, const std::string& what) {
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("certificate file '{}' {}", name, what));
}

std::string bytes_of_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
}

std::string hex_of_bytes(std::string_view bytes) {
    std::string hex;
    for (const char c : bytes) {
        hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
    return hex;
}

// "PKCS7" of "-----BEGIN PKCS7-----" for every block that is no certificate.
std::vector<std::string> other_blocks(std::string_view text) {
    std::vector<std::string> labels;
    for (std::size_t at = text.find(kBegin); at != std::string_view::npos;
         at = text.find(kBegin, at + 1)) {
        const std::string_view rest = text.substr(at + kBegin.size());
        const std::string_view label = rest.substr(0, rest.find_first_of("-\r\n"));
        if (label != "CERTIFICATE" && label != base::kTimestampPemLabel) {
            labels.emplace_back(label.substr(0, 40));
        }
    }
    return labels;
}

// The digest line: the first that is neither blank nor openssl's talk about the subject.
DigestLine signature_line(std::string_view text, std::string_view name) {
    DigestLine line;
    std::string_view head = text.substr(0, text.find(kBegin));
    while (!head.empty()) {
        const std::size_t end = std::min(head.find('\n'), head.size());
        if (parse_digest_line(head.substr(0, end), line)) {
            return line;
        }
        head.remove_prefix(std::min(end + 1, head.size()));
    }
    refuse(name, "has no signature line such as SHA256(x.mf)= 0123…");
}

}  // namespace

PackageCertificate parse_package_certificate(std::string_view text, std::string_view name) {
    while (text.ends_with('\0')) {
        text.remove_suffix(1);
    }
    const DigestLine line = signature_line(text, name);
    const auto algorithm = base::find_digest_algorithm(line.algorithm);
    if (!algorithm) {
        refuse(name, "names the unknown digest algorithm '" + line.algorithm + "'");
    }
    if (line.value.size() % 2 != 0 || line.value.size() > kMaxSignatureDigits) {
        refuse(name, fmt::format("has a signature of {} hex digits", line.value.size()));
    }
    PackageCertificate certificate;
    certificate.manifest_name = line.file.starts_with("./") ? line.file.substr(2) : line.file;
    certificate.algorithm = *algorithm;
    certificate.signature = bytes_of_hex(line.value);
    certificate.chain = base::parse_certificates(text, name);
    certificate.timestamp = base::find_timestamp_pem(text);
    const std::string stamp_start = fmt::format("{}{}-----", kBegin, base::kTimestampPemLabel);
    if (!certificate.timestamp && text.find(stamp_start) != std::string_view::npos) {
        refuse(name, "has a damaged time stamp");
    }
    certificate.ignored_parts = other_blocks(text);
    return certificate;
}

PackageSigner load_package_signer(const SignerFiles& files) {
    PackageSigner signer{.key = base::load_private_key(files.key),
                         .chain = base::load_certificates(files.certificate)};
    base::require_key_matches(signer.key, signer.chain.front());
    if (!files.chain.empty()) {
        for (base::Certificate& certificate : base::load_certificates(files.chain)) {
            signer.chain.push_back(std::move(certificate));
        }
    }
    if (!files.tsa_url.empty()) {
        signer.stamp = [url = files.tsa_url](std::string_view signature) {
            return base::request_timestamp(url, signature);
        };
    } else if (!files.tsa_key.empty()) {
        const base::PrivateKey key = base::load_private_key(files.tsa_key);
        const std::vector<base::Certificate> chain = base::load_certificates(files.tsa_certificate);
        base::require_key_matches(key, chain.front());
        signer.stamp = [key, chain](std::string_view signature) {
            return base::make_timestamp(key, chain, signature);
        };
    }
    return signer;
}

PackageSigner load_package_signer(const std::string& key_path,
                                  const std::string& certificate_path) {
    return load_package_signer({.key = key_path, .certificate = certificate_path});
}

std::string sign_manifest(std::string_view manifest_bytes, std::string_view manifest_name,
                          const PackageSigner& signer) {
    const bool hashes_itself = signer.chain.front().info().key.starts_with("ED");
    const base::DigestAlgorithm algorithm =
        hashes_itself ? base::DigestAlgorithm::sha512 : signer.algorithm;
    const std::string signature = base::sign(signer.key, algorithm, manifest_bytes);
    std::string text = fmt::format("{}({})= {}\n", base::to_string(algorithm), manifest_name,
                                   hex_of_bytes(signature));
    for (const base::Certificate& certificate : signer.chain) {
        text += certificate.pem();
    }
    if (signer.stamp) {
        text += base::timestamp_to_pem(signer.stamp(signature));
    }
    return text;
}

}  // namespace ovfkit
