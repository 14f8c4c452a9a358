// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/trust.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "base/crypto/openssl.h"
#include "base/error.h"

namespace base {

namespace {

namespace fs = std::filesystem;

constexpr const char* kSystemBundle = "/etc/ssl/certs/ca-certificates.crt";

using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, OpensslDeleter<X509_STORE_CTX_free>>;

bool is_certificate_file(const fs::path& path) {
    const std::string extension = path.extension().string();
    if (extension == ".pem" || extension == ".crt" || extension == ".cer") {
        return true;
    }
    // "5ed36f99.0"
    const std::string stem = path.stem().string();
    return extension.size() > 1 && stem.size() == 8 &&
           std::all_of(extension.begin() + 1, extension.end(),
                       [](unsigned char c) { return std::isdigit(c) != 0; }) &&
           std::all_of(stem.begin(), stem.end(),
                       [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::vector<Certificate> load_folder(const fs::path& folder) {
    std::vector<fs::path> paths;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        if (entry.is_regular_file() && is_certificate_file(entry.path())) {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    std::vector<Certificate> all;
    std::set<std::string> known;
    for (const fs::path& path : paths) {
        for (Certificate& certificate : load_certificates(path)) {
            if (known.insert(certificate.info().fingerprint).second) {
                all.push_back(std::move(certificate));
            }
        }
    }
    if (all.empty()) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the folder '{}' holds no certificates", folder.string()),
                    "put PEM files named *.pem, *.crt or *.cer into it");
    }
    return all;
}

// What the certificate itself says against its use, whenever that is.
std::vector<std::string> unfitness_of(const Certificate& signer) {
    X509* leaf = signer.state().x509.get();
    std::vector<std::string> reasons;
    if (signer.info().weak_key) {
        reasons.push_back(fmt::format("the key of '{}' is too weak ({})", signer.info().subject,
                                      signer.info().key));
    }
    const std::uint32_t usage = X509_get_key_usage(leaf);  // all ones when the extension is absent
    if ((usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0) {
        reasons.push_back(fmt::format("the certificate of '{}' is not meant for signatures",
                                      signer.info().subject));
    }
    const std::uint32_t purposes = X509_get_extended_key_usage(leaf);  // likewise
    if ((purposes & (XKU_CODE_SIGN | XKU_ANYEKU)) == 0) {
        reasons.push_back(
            fmt::format("the certificate of '{}' is meant for other things than signing "
                        "software (extended key usage)",
                        signer.info().subject));
    }
    return reasons;
}

std::vector<std::string> subjects_of(X509_STORE_CTX* context) {
    std::vector<std::string> subjects;
    const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context);
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        subjects.push_back(name_text(X509_get_subject_name(sk_X509_value(chain, i))));
    }
    return subjects;
}

}  // namespace

std::vector<Certificate> load_trust(const fs::path& file_or_folder) {
    std::error_code ignored;
    return fs::is_directory(file_or_folder, ignored) ? load_folder(file_or_folder)
                                                     : load_certificates(file_or_folder);
}

std::vector<Certificate> load_system_trust() {
    const char* named = std::getenv("SSL_CERT_FILE");
    const fs::path path = named != nullptr && *named != '\0' ? named : kSystemBundle;
    if (!fs::exists(path)) {
        throw Error(ErrorKind::environment,
                    fmt::format("the system has no trusted certificates in '{}'", path.string()),
                    "install ca-certificates, or name a file with SSL_CERT_FILE");
    }
    return load_certificates(path);
}

std::vector<std::string> doubts_of_signer(const Certificate& signer, std::time_t now) {
    std::vector<std::string> doubts = unfitness_of(signer);
    const CertificateInfo& info = signer.info();
    if (now < info.not_before) {
        doubts.push_back(fmt::format("the certificate of '{}' is not valid before {}", info.subject,
                                     format_utc_date(info.not_before)));
    }
    if (info.not_after < now) {
        doubts.push_back(fmt::format("the certificate of '{}' expired on {}", info.subject,
                                     format_utc_date(info.not_after)));
    }
    return doubts;
}

TrustVerdict check_trust(const Certificate& signer, std::span<const Certificate> intermediates,
                         std::span<const Certificate> anchors, std::time_t now) {
    if (const std::vector<std::string> reasons = unfitness_of(signer); !reasons.empty()) {
        return {false, reasons.front(), {}};
    }
    X509* leaf = signer.state().x509.get();
    const StorePtr store = store_of(anchors, now);
    const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> others(
        sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
    for (const Certificate& certificate : intermediates) {
        sk_X509_push(others.get(), certificate.state().x509.get());
    }
    const StoreContextPtr context(X509_STORE_CTX_new());
    if (!others || !context ||
        X509_STORE_CTX_init(context.get(), store.get(), leaf, others.get()) != 1) {
        throw_openssl_memory();
    }
    X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(context.get()), X509_PURPOSE_ANY);
    TrustVerdict verdict;
    verdict.trusted = X509_verify_cert(context.get()) == 1;
    if (verdict.trusted) {
        verdict.chain = subjects_of(context.get());
    } else {
        verdict.reason =
            chain_failure(X509_STORE_CTX_get_error(context.get()),
                          X509_STORE_CTX_get_current_cert(context.get()), signer.info());
    }
    ERR_clear_error();
    return verdict;
}

}  // namespace base
