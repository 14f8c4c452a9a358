// SPDX-License-Identifier: Apache-2.0
// The acceptance list for untrusted packages, by its numbers: what must fail, how it is said, and
// that nothing was closed (published) by then. Archive-level items are in tar/tar_reader_test.cpp.
#include <algorithm>
#include <cctype>

#include "base/file.h"
#include "ovfkit/package/package_reader.h"
#include "tests/support/catch.h"
#include "tests/support/pki.h"
#include "tests/unit/ovfkit/package/sample_package.h"

using base::DigestAlgorithm;
using ovfkit::CheckState;
using ovfkit::VerifyPolicy;
using tests::ArchiveBuilder;
using tests::KeepingHandler;
using tests::Pki;

namespace {

enum class Way { stream, file };

ovfkit::PackageReport read_by(Way way, const std::string& archive, KeepingHandler& handler,
                              const VerifyPolicy& policy) {
    if (way == Way::stream) {
        base::MemorySource source(archive, "shop.ova");
        return ovfkit::read_package(source, handler, policy);
    }
    const base::TempDir dir;
    base::write_file(dir.path() / "shop.ova", archive);
    base::FdSource source(base::open_regular((dir.path() / "shop.ova").string()), "shop.ova");
    return ovfkit::read_package(source, handler, policy);
}

// The message without "'shop.ova': ", which must be the same for both ways of reading.
std::string refusal(const std::string& archive, const VerifyPolicy& policy = {},
                    base::ErrorKind kind = base::ErrorKind::invalid_input) {
    std::string message;
    for (const Way way : {Way::stream, Way::file}) {
        KeepingHandler handler;
        const auto error = tests::error_of([&] { read_by(way, archive, handler, policy); });
        CHECK(error.kind() == kind);
        std::string text = error.message();
        const std::string prefix = "'shop.ova': ";
        CHECK(text.find(prefix) == 0);
        text.erase(0, prefix.size());
        if (way == Way::file) {
            CHECK(text == message);
        }
        message = text;
    }
    return message;
}

ovfkit::PackageReport accept(const std::string& archive, const VerifyPolicy& policy = {}) {
    KeepingHandler handler;
    read_by(Way::file, archive, handler, policy);
    return read_by(Way::stream, archive, handler, policy);
}

ArchiveBuilder members_with(const std::string& descriptor) {
    return ArchiveBuilder()
        .add("shop.ovf", descriptor)
        .add("db-disk1.vmdk", tests::kSampleDisk)
        .add("web.iso", tests::kSampleIso);
}

std::string with_manifest(const std::string& manifest) {
    return members_with(tests::sample_descriptor()).add("shop.mf", manifest).end();
}

std::string with_files(const std::string& files) {
    return members_with(tests::sample_descriptor(files)).end();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

VerifyPolicy lax() {
    VerifyPolicy policy;
    policy.lax = true;
    return policy;
}

}  // namespace

TEST_CASE("import-security 4: a flipped byte in a member names the member",
          "[ovfkit][package][hostile]") {
    std::string damaged = tests::sample_package();
    damaged[damaged.find(tests::kSampleDisk) + 77] = 'D';
    std::string disk = tests::kSampleDisk;
    disk[77] = 'D';
    const std::string message = refusal(damaged);
    CHECK(message == "member 'db-disk1.vmdk' does not match the manifest (SHA256 expected " +
                         base::digest_hex(DigestAlgorithm::sha256, tests::kSampleDisk) +
                         ", found " + base::digest_hex(DigestAlgorithm::sha256, disk) + ")");
    CHECK(refusal(damaged, lax()) == message);  // lax is about form only
}

TEST_CASE("import-security 4: every file must be listed, every listed file there",
          "[ovfkit][package][hostile]") {
    const std::string without_iso =
        replaced(tests::sample_manifest(), tests::manifest_line("web.iso", tests::kSampleIso), "");
    CHECK(refusal(with_manifest(without_iso)) == "member 'web.iso' is not listed in the manifest");
    const std::string without_descriptor = replaced(
        tests::sample_manifest(), tests::manifest_line("shop.ovf", tests::sample_descriptor()), "");
    CHECK(refusal(with_manifest(without_descriptor)) ==
          "member 'shop.ovf' is not listed in the manifest");
    CHECK(refusal(with_manifest(tests::sample_manifest() + tests::manifest_line("more", ""))) ==
          "the manifest lists 'more', which is not in the package");
    const auto partial = accept(with_manifest(without_iso), lax());
    CHECK(partial.findings.at(0).code == "not_listed");
    CHECK(partial.manifest.state == CheckState::partial);
    CHECK(partial.manifest.unlisted == std::vector<std::string>{"web.iso"});
    CHECK(to_json(partial).at("manifest").at("state") == "partial");
    CHECK(to_json(partial).at("manifest").at("unlisted").at(0) == "web.iso");
}

TEST_CASE("import-security 4: a trusted signature covers every file, also in a lax reading",
          "[ovfkit][package][hostile]") {
    const Pki pki;
    pki.make_self_signed("maker");
    const auto signer = ovfkit::load_package_signer(pki.path("maker.key"), pki.path("maker.pem"));
    const std::string without_iso =
        replaced(tests::sample_manifest(), tests::manifest_line("web.iso", tests::kSampleIso), "");
    const std::string package =
        members_with(tests::sample_descriptor())
            .add("shop.mf", without_iso)
            .add("shop.cert", ovfkit::sign_manifest(without_iso, "shop.mf", signer))
            .end();
    VerifyPolicy policy = lax();
    CHECK(accept(package, policy).signature.state == CheckState::ok);
    policy.trust_file = pki.path("maker.pem");
    CHECK(refusal(package, policy) == "the signature does not cover 'web.iso'");
}

TEST_CASE("flaws of form are told from failures, and hide none", "[ovfkit][package][hostile]") {
    VerifyPolicy collect;
    collect.collect_failures = true;
    const std::string commented = "# made by hand\n" + tests::sample_manifest();
    const auto flawed = accept(with_manifest(commented), collect);
    CHECK(flawed.failures == std::vector<std::string>{
                                 "manifest 'shop.mf' line 1 is not understood: '# made by hand'"});
    CHECK(flawed.flaws == 1);
    CHECK(flawed.manifest.state == CheckState::failed);
    std::string damaged = with_manifest(commented);
    damaged[damaged.find(tests::kSampleDisk) + 77] = 'D';
    const auto both = accept(damaged, collect);
    CHECK(both.failures.size() == 2);
    CHECK(both.flaws == 1);
}

TEST_CASE("import-security 4: unknown algorithms and lines not understood fail",
          "[ovfkit][package][hostile]") {
    const std::string md5 =
        tests::sample_manifest() + "MD5(web.iso)= " + std::string(32, '0') + "\n";
    CHECK(refusal(with_manifest(md5)) ==
          "manifest 'shop.mf' line 4: unknown digest algorithm 'MD5'");
    CHECK(refusal(with_manifest(tests::sample_manifest() + "rubbish\n")) ==
          "manifest 'shop.mf' line 4 is not understood: 'rubbish'");
    const auto report = accept(with_manifest(md5), lax());
    CHECK(report.findings.at(0).code == "manifest_line");
    CHECK(report.manifest.state == CheckState::ok);
}

TEST_CASE("import-security 4: an upper-case digest is the same digest", "[ovfkit][package]") {
    const auto upper_line = [](const std::string& name, const std::string& data) {
        std::string digest = base::digest_hex(DigestAlgorithm::sha256, data);
        std::transform(digest.begin(), digest.end(), digest.begin(),
                       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        return "SHA256 (" + name + ") = " + digest + "\r\n";
    };
    const std::string manifest = upper_line("shop.ovf", tests::sample_descriptor()) +
                                 upper_line("db-disk1.vmdk", tests::kSampleDisk) +
                                 upper_line("web.iso", tests::kSampleIso);
    CHECK(accept(with_manifest(manifest)).manifest.state == CheckState::ok);
}

TEST_CASE("import-security 4: a signed package with an edited descriptor fails",
          "[ovfkit][package][hostile]") {
    const Pki pki;
    pki.make_self_signed("maker");
    const auto signer = ovfkit::load_package_signer(pki.path("maker.key"), pki.path("maker.pem"));
    const std::string signed_package = tests::sample_package(&signer);
    CHECK(accept(signed_package).signature.state == CheckState::ok);

    const std::string edited = replaced(signed_package, "<Info>A machine", "<Info>B machine");
    CHECK(refusal(edited).find("member 'shop.ovf' does not match the manifest (SHA256 expected ") ==
          0);
    // The forger adapts the manifest too: then the signature does not fit.
    const std::string old_digest =
        base::digest_hex(DigestAlgorithm::sha256, tests::sample_descriptor());
    const std::string new_digest = base::digest_hex(
        DigestAlgorithm::sha256,
        replaced(tests::sample_descriptor(), "<Info>A machine", "<Info>B machine"));
    const std::string forged = replaced(edited, old_digest, new_digest);
    CHECK(refusal(forged) == "the signature in 'shop.cert' does not fit the manifest 'shop.mf'");
    CHECK(refusal(forged, lax()).find("does not fit the manifest") != std::string::npos);
}

TEST_CASE("import-security 4: trust is asked for, and never given to a self-signed stranger",
          "[ovfkit][package][hostile]") {
    const Pki pki;
    pki.make_self_signed("maker");
    pki.make_self_signed("stranger");
    const auto signer = ovfkit::load_package_signer(pki.path("maker.key"), pki.path("maker.pem"));
    const std::string archive = tests::sample_package(&signer);

    const auto unasked = accept(archive).signature;
    CHECK(unasked.subject == "CN=maker");
    CHECK(unasked.self_signed);
    CHECK_FALSE(unasked.trusted);
    CHECK(unasked.why_not_trusted == "no trust file was given");
    CHECK(unasked.fingerprint.size() == 64);

    VerifyPolicy policy;
    policy.trust_file = pki.path("maker.pem");
    CHECK(accept(archive, policy).signature.trusted);
    policy.trust_file = pki.path("stranger.pem");
    CHECK(refusal(archive, policy) ==
          "the signer is not trusted: 'CN=maker' signed its own certificate, which is not in the "
          "trust file");
    CHECK(refusal(tests::sample_package(), policy) == "the package is not signed");
    VerifyPolicy required;
    required.require_signature = true;
    CHECK(refusal(tests::sample_package(), required) == "the package is not signed");
    CHECK(accept(archive, required).signature.state == CheckState::ok);
}

TEST_CASE("import-security 4: SHA1 never leads to trust", "[ovfkit][package][hostile]") {
    const Pki pki;
    pki.make_self_signed("maker");
    const auto signer = ovfkit::load_package_signer(pki.path("maker.key"), pki.path("maker.pem"));
    ovfkit::PackageWriterOptions options;
    options.digest = DigestAlgorithm::sha1;
    VerifyPolicy policy;
    policy.trust_file = pki.path("maker.pem");
    const std::string archive = tests::sample_package(&signer, options);
    CHECK(refusal(archive, policy) == "the signer is not trusted: SHA1 digests can be forged");
    CHECK_FALSE(accept(archive).signature.trusted);
}

TEST_CASE("import-security 4: certificate and manifest must belong together",
          "[ovfkit][package][hostile]") {
    const Pki pki;
    pki.make_self_signed("maker");
    const auto signer = ovfkit::load_package_signer(pki.path("maker.key"), pki.path("maker.pem"));
    const std::string manifest = tests::sample_manifest();
    const auto members = members_with(tests::sample_descriptor());
    const std::string other_name = ovfkit::sign_manifest(manifest, "other.mf", signer);
    CHECK(
        refusal(
            ArchiveBuilder(members).add("shop.mf", manifest).add("shop.cert", other_name).end()) ==
        "'shop.cert' signs 'other.mf', but the manifest is 'shop.mf'");
    const std::string good = ovfkit::sign_manifest(manifest, "shop.mf", signer);
    CHECK(refusal(ArchiveBuilder(members).add("shop.cert", good).end()) ==
          "'shop.cert' is there, but the manifest that it signs is missing");
    CHECK(refusal(ArchiveBuilder(members).add("shop.mf", manifest).add("shop.cert", "").end())
              .find("certificate file 'shop.cert' has no signature line") == 0);
    CHECK(refusal(ArchiveBuilder(members).add("shop.mf", manifest).add("b.mf", manifest).end()) ==
          "there are two manifests, 'shop.mf' and 'b.mf'");
    // The certificate may stand before the manifest.
    const auto report =
        accept(ArchiveBuilder(members).add("shop.cert", good).add("shop.mf", manifest).end());
    CHECK(report.signature.state == CheckState::ok);
}

TEST_CASE("import-security 2: a DOCTYPE in the descriptor is refused",
          "[ovfkit][package][hostile]") {
    const std::string attack = replaced(tests::sample_descriptor(), "<Envelope",
                                        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\n"
                                        "<Envelope");
    CHECK(refusal(members_with(attack).end()).find("shop.ovf") == 0);
    CHECK(refusal(members_with("<x>").end()).find("shop.ovf") == 0);
    CHECK(refusal(members_with("").end()).find("shop.ovf") == 0);
    VerifyPolicy small;
    small.descriptor_bytes = 100;
    CHECK(refusal(members_with(tests::sample_descriptor()).end(), small)
              .find("member 'shop.ovf' has ") == 0);
}

TEST_CASE("import-security 3: hrefs name members of the package and nothing else",
          "[ovfkit][package][hostile]") {
    const auto file = [](const std::string& href) {
        return R"(<File ovf:id="f1" ovf:href=")" + href + R"("/>)";
    };
    CHECK(refusal(with_files(file("gone.vmdk"))) ==
          "the descriptor refers to 'gone.vmdk', which is not in the package");
    CHECK(refusal(with_files(file("*"))).find("which is not in the package") != std::string::npos);
    CHECK(refusal(with_files(file("../db-disk1.vmdk"))).find("'..'") != std::string::npos);
    CHECK(refusal(with_files(file("/etc/passwd"))).find("absolute") != std::string::npos);
    const auto unsupported = base::ErrorKind::unsupported;
    CHECK(refusal(with_files(file("http://10.0.0.1/x")), {}, unsupported)
              .find("is outside the package, at 'http://10.0.0.1/x'") != std::string::npos);
    CHECK(refusal(with_files(file("file:///etc/passwd")), {}, unsupported)
              .find("is outside the package") != std::string::npos);
    const auto report = accept(with_files(file("./db%2Ddisk1.vmdk")));
    CHECK(report.findings.at(1).text == "the descriptor does not refer to 'web.iso'");
}

TEST_CASE("import-security 3: percent-decoding must leave one member",
          "[ovfkit][package][hostile]") {
    const std::string descriptor =
        tests::sample_descriptor(R"(<File ovf:id="f1" ovf:href="a%20b"/>)");
    const auto one = ArchiveBuilder().add("shop.ovf", descriptor).add("a b", "x");
    CHECK(accept(one.end()).findings.size() == 1);  // no manifest
    CHECK(refusal(ArchiveBuilder(one).add("a%20b", "y").end()) ==
          "the href 'a%20b' fits two members, 'a b' and 'a%20b'");
}

TEST_CASE("chunked files are found by their numbers", "[ovfkit][package]") {
    const std::string descriptor =
        tests::sample_descriptor(R"(<File ovf:id="f1" ovf:href="d.vmdk" ovf:chunkSize="4"/>)");
    const auto first = ArchiveBuilder().add("shop.ovf", descriptor).add("d.vmdk.000000000", "1234");
    CHECK(accept(ArchiveBuilder(first).add("d.vmdk.000000001", "56").end()).findings.size() == 1);
    CHECK(refusal(ArchiveBuilder(first).add("d.vmdk.000000002", "56").end()) ==
          "chunk 1 of file 'd.vmdk' is missing");
}

TEST_CASE("a package holds exactly one descriptor", "[ovfkit][package][hostile]") {
    CHECK(refusal(ArchiveBuilder().add("disk.vmdk", "x").end()) ==
          "there is no descriptor (a file named .ovf) in it");
    CHECK(refusal(members_with(tests::sample_descriptor())
                      .add("two.ovf", tests::sample_descriptor())
                      .end()) == "there are two descriptors, 'shop.ovf' and 'two.ovf'");
}

TEST_CASE("a truncated package fails at every cut", "[ovfkit][package][hostile]") {
    const std::string whole = tests::sample_package();
    const std::size_t end = whole.find_last_not_of('\0') / 512 * 512 + 512;
    for (std::size_t cut = 0; cut <= end; cut += cut < 4096 || cut + 4096 > end ? 64 : 9973) {
        INFO(cut);
        KeepingHandler handler;
        base::MemorySource source(whole.substr(0, cut), "standard input");
        const auto error = tests::error_of([&] { ovfkit::read_package(source, handler, {}); });
        CHECK(error.kind() == base::ErrorKind::invalid_input);
        CHECK(error.message().find("standard input ends too early: ") == 0);
    }
}
