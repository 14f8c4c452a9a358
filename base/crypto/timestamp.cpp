// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/timestamp.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ts.h>

#include <fmt/format.h>

#include "base/crypto/openssl.h"
#include "base/error.h"
#include "base/http_client.h"

namespace base {

namespace {

using RequestPtr = std::unique_ptr<TS_REQ, OpensslDeleter<TS_REQ_free>>;
using ResponsePtr = std::unique_ptr<TS_RESP, OpensslDeleter<TS_RESP_free>>;
using ImprintPtr = std::unique_ptr<TS_MSG_IMPRINT, OpensslDeleter<TS_MSG_IMPRINT_free>>;
using AlgorithmPtr = std::unique_ptr<X509_ALGOR, OpensslDeleter<X509_ALGOR_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, OpensslDeleter<ASN1_INTEGER_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, OpensslDeleter<BN_free>>;
using ResponderPtr = std::unique_ptr<TS_RESP_CTX, OpensslDeleter<TS_RESP_CTX_free>>;
using VerifierPtr = std::unique_ptr<TS_VERIFY_CTX, OpensslDeleter<TS_VERIFY_CTX_free>>;
using TokenPtr = std::unique_ptr<PKCS7, OpensslDeleter<PKCS7_free>>;
using InfoPtr = std::unique_ptr<TS_TST_INFO, OpensslDeleter<TS_TST_INFO_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, OpensslDeleter<ASN1_OBJECT_free>>;
using StackPtr = std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)>;

// "test policy" below iana's private arc: a local authority promises nothing.
constexpr const char* kLocalPolicy = "1.3.6.1.4.1.0.1";
constexpr std::chrono::seconds kAnswerTime{60};
constexpr std::size_t kNonceBytes = 8;

StackPtr empty_stack() {
    StackPtr stack(sk_X509_new_null(), [](STACK_OF(X509) * s) { sk_X509_free(s); });
    if (!stack) {
        throw_openssl_memory();
    }
    return stack;
}

IntegerPtr random_integer() {
    unsigned char bytes[kNonceBytes];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        throw Error(ErrorKind::environment, "OpenSSL has no random numbers");
    }
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7fU) | 0x40U);  // positive, full length
    const BignumPtr number(BN_bin2bn(bytes, sizeof bytes, nullptr));
    IntegerPtr integer(BN_to_ASN1_INTEGER(number.get(), nullptr));
    if (!integer) {
        throw_openssl_memory();
    }
    return integer;
}

RequestPtr make_request(std::string_view data) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    RequestPtr request(TS_REQ_new());
    const ImprintPtr imprint(TS_MSG_IMPRINT_new());
    const AlgorithmPtr algorithm(X509_ALGOR_new());
    if (!request || !imprint || !algorithm ||
        EVP_Digest(data.data(), data.size(), digest, &size, EVP_sha256(), nullptr) != 1 ||
        X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) != 1 ||
        TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) != 1 ||
        TS_MSG_IMPRINT_set_msg(imprint.get(), digest, static_cast<int>(size)) != 1 ||
        TS_REQ_set_version(request.get(), 1) != 1 ||
        TS_REQ_set_msg_imprint(request.get(), imprint.get()) != 1 ||
        TS_REQ_set_nonce(request.get(), random_integer().get()) != 1 ||
        TS_REQ_set_cert_req(request.get(), 1) != 1) {
        throw_openssl_memory();
    }
    return request;
}

std::string der_of(const TS_REQ* request) {
    const BioPtr bio = writable_bio();
    if (i2d_TS_REQ_bio(bio.get(), request) != 1) {
        throw_openssl_memory();
    }
    return bio_text(bio.get());
}

std::string der_of(const PKCS7* token) {
    const BioPtr bio = writable_bio();
    if (i2d_PKCS7_bio(bio.get(), const_cast<PKCS7*>(token)) != 1) {
        throw_openssl_memory();
    }
    return bio_text(bio.get());
}

// The token of a response that answers this request: granted, the same digest, the same nonce.
std::string token_of(TS_RESP* response, TS_REQ* request, std::string_view authority) {
    const VerifierPtr rules(TS_REQ_to_TS_VERIFY_CTX(request, nullptr));
    if (!rules) {
        throw_openssl_memory();
    }
    if (TS_RESP_verify_response(rules.get(), response) != 1) {
        throw Error(ErrorKind::external,
                    fmt::format("the time-stamping authority {} does not answer what was asked: {}",
                                authority, openssl_reason()),
                    "try another one");
    }
    return der_of(TS_RESP_get_token(response));
}

TokenPtr decode_token(std::string_view token) {
    const unsigned char* start = octets(token);
    TokenPtr decoded(d2i_PKCS7(nullptr, &start, static_cast<long>(token.size())));
    const bool whole = decoded && start == octets(token) + token.size();
    if (!whole) {
        ERR_clear_error();
        return nullptr;
    }
    return decoded;
}

// The TSA's certificate inside the token; the pointer is the token's.
X509* signer_of(PKCS7* token) {
    const StackPtr signers(PKCS7_get0_signers(token, nullptr, 0),
                           [](STACK_OF(X509) * s) { sk_X509_free(s); });
    ERR_clear_error();
    return signers && sk_X509_num(signers.get()) == 1 ? sk_X509_value(signers.get(), 0) : nullptr;
}

bool is_weak(TS_TST_INFO* info) {
    const X509_ALGOR* algorithm = TS_MSG_IMPRINT_get_algo(TS_TST_INFO_get_msg_imprint(info));
    const ASN1_OBJECT* object = nullptr;
    X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
    const int nid = OBJ_obj2nid(object);
    return nid == NID_sha1 || nid == NID_md5;
}

bool verify_with(PKCS7* token, std::string_view data, StorePtr store) {
    const VerifierPtr rules(TS_VERIFY_CTX_new());
    if (!rules) {
        throw_openssl_memory();
    }
    TS_VERIFY_CTX_set_flags(rules.get(), TS_VFY_VERSION | TS_VFY_DATA | TS_VFY_SIGNATURE);
    // Both belong to the rules from here on.
    TS_VERIFY_CTX_set_data(rules.get(), memory_bio(data).release());
    TS_VERIFY_CTX_set_store(rules.get(), store.release());
    return TS_RESP_verify_token(rules.get(), token) == 1;
}

ASN1_INTEGER* random_serial(TS_RESP_CTX* /*context*/, void* /*user*/) {
    try {
        return random_integer().release();
    } catch (const std::exception&) {
        return nullptr;
    }
}

// A responder for one request. OpenSSL copies or counts what it is given.
ResponderPtr make_responder(const PrivateKey& key, std::span<const Certificate> chain) {
    ResponderPtr responder(TS_RESP_CTX_new());
    const ObjectPtr policy(OBJ_txt2obj(kLocalPolicy, 1));
    if (!responder || !policy) {
        throw_openssl_memory();
    }
    if (TS_RESP_CTX_set_signer_cert(responder.get(), chain.front().state().x509.get()) != 1) {
        ERR_clear_error();
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the certificate of '{}' is not made for time stamping",
                                chain.front().info().subject),
                    "make one with the extension: extendedKeyUsage=critical,timeStamping");
    }
    const StackPtr others = empty_stack();
    for (const Certificate& certificate : chain.subspan(1)) {
        sk_X509_push(others.get(), certificate.state().x509.get());
    }
    const bool ready = TS_RESP_CTX_set_signer_key(responder.get(), key.state().key.get()) == 1 &&
                       TS_RESP_CTX_set_certs(responder.get(), others.get()) == 1 &&
                       TS_RESP_CTX_set_def_policy(responder.get(), policy.get()) == 1 &&
                       TS_RESP_CTX_set_signer_digest(responder.get(), EVP_sha256()) == 1 &&
                       TS_RESP_CTX_set_ess_cert_id_digest(responder.get(), EVP_sha256()) == 1 &&
                       TS_RESP_CTX_add_md(responder.get(), EVP_sha256()) == 1;
    if (!ready) {
        throw_openssl_memory();
    }
    TS_RESP_CTX_set_serial_cb(responder.get(), random_serial, nullptr);
    return responder;
}

}  // namespace

TimestampInfo parse_timestamp(std::string_view token, std::string_view name) {
    const TokenPtr decoded = decode_token(token);
    const InfoPtr info(decoded ? PKCS7_to_TS_TST_INFO(decoded.get()) : nullptr);
    ERR_clear_error();
    if (!info) {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' holds a damaged time stamp", name));
    }
    TimestampInfo result;
    result.time = time_of(TS_TST_INFO_get_time(info.get()));
    const BignumPtr serial(ASN1_INTEGER_to_BN(TS_TST_INFO_get_serial(info.get()), nullptr));
    if (char* hex = serial ? BN_bn2hex(serial.get()) : nullptr) {
        result.serial = hex;
        OPENSSL_free(hex);
    }
    X509* signer = signer_of(decoded.get());
    result.authority = signer == nullptr ? "" : name_text(X509_get_subject_name(signer));
    result.weak_digest = is_weak(info.get());
    return result;
}

TimestampVerdict check_timestamp(std::string_view token, std::string_view data,
                                 std::span<const Certificate> anchors, std::time_t now) {
    const TokenPtr decoded = decode_token(token);
    const TimestampInfo info = parse_timestamp(token, "the time stamp");
    X509* signer = signer_of(decoded.get());
    if (signer == nullptr) {
        return {false, false, "it does not hold the certificate of its authority"};
    }
    // Is it what the authority signed? For this question the authority vouches for itself.
    X509_up_ref(signer);
    const Certificate self(std::make_shared<const Certificate::State>(
        Certificate::State{X509Ptr(signer), describe_certificate(signer)}));
    if (!verify_with(decoded.get(), data, store_of({&self, 1}, info.time))) {
        return {false, false, fmt::format("it does not fit the signature ({})", openssl_reason())};
    }
    if (info.weak_digest || self.info().weak_key) {
        return {true, false, "its digest or its authority's key is too weak"};
    }
    if (anchors.empty()) {
        return {true, false, "nobody was named who vouches for its authority"};
    }
    if (!verify_with(decoded.get(), data, store_of(anchors, now))) {
        return {true, false,
                fmt::format("no chain leads from its authority '{}' to the trust file ({})",
                            info.authority, openssl_reason())};
    }
    return {true, true, ""};
}

std::string request_timestamp(const std::string& url, std::string_view data) {
    const RequestPtr request = make_request(data);
    HttpRequest call;
    call.method = "POST";
    call.url = url;
    call.headers = {"Content-Type: application/timestamp-query",
                    "Accept: application/timestamp-reply"};
    call.body = der_of(request.get());
    call.timeout = kAnswerTime;
    const HttpResponse answer =
        in_context("asking for a time stamp", [&] { return http_call(call); });
    if (answer.status != 200) {
        throw Error(ErrorKind::external,
                    fmt::format("the time-stamping authority '{}' answers {}", url, answer.status));
    }
    const unsigned char* start = octets(answer.body);
    const ResponsePtr response(d2i_TS_RESP(nullptr, &start, static_cast<long>(answer.body.size())));
    if (!response) {
        ERR_clear_error();
        throw Error(ErrorKind::external,
                    fmt::format("what '{}' answers is no time stamp (RFC 3161)", url),
                    "give the address of a time-stamping authority");
    }
    return token_of(response.get(), request.get(), fmt::format("'{}'", url));
}

std::string make_timestamp(const PrivateKey& key, std::span<const Certificate> chain,
                           std::string_view data) {
    require_key_matches(key, chain.front());
    const RequestPtr request = make_request(data);
    const ResponderPtr responder = make_responder(key, chain);
    const std::string der = der_of(request.get());
    const BioPtr bio = memory_bio(der);
    const ResponsePtr response(TS_RESP_create_response(responder.get(), bio.get()));
    if (!response) {
        throw Error(ErrorKind::environment,
                    fmt::format("cannot make a time stamp: {}", openssl_reason()));
    }
    return token_of(response.get(), request.get(),
                    fmt::format("'{}'", chain.front().info().subject));
}

std::string timestamp_to_pem(std::string_view token) {
    const BioPtr bio = writable_bio();
    if (PEM_write_bio(bio.get(), kTimestampPemLabel, "", octets(token),
                      static_cast<long>(token.size())) <= 0) {
        throw_openssl_memory();
    }
    return bio_text(bio.get());
}

std::optional<std::string> find_timestamp_pem(std::string_view text) {
    const BioPtr bio = memory_bio(text);
    std::optional<std::string> token;
    char* label = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    while (!token && PEM_read_bio(bio.get(), &label, &header, &data, &size) == 1) {
        if (std::string_view(label) == kTimestampPemLabel) {
            // SAFETY: OpenSSL's buffer of `size` octets, seen as chars.
            token.emplace(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
        }
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(data);
    }
    ERR_clear_error();
    return token;
}

}  // namespace base
