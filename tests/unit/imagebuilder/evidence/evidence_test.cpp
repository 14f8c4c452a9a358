// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "imagebuilder/evidence/image_evidence.h"
#include "imagebuilder/evidence/lock_file.h"
#include "imagebuilder/evidence/package_index.h"
#include "imagebuilder/evidence/provenance.h"
#include "imagebuilder/evidence/sbom.h"
#include "tests/support/catch.h"
#include "tests/support/pki.h"
#include "tests/support/spdx_grammar.h"

namespace {

using namespace imagebuilder;

constexpr const char* kPackages = R"(Package: nginx
Version: 1.22.1-9
Architecture: amd64
Description: small, powerful, scalable web/proxy server
 Package: not-a-field
Priority: optional
Filename: pool/main/n/nginx/nginx_1.22.1-9_amd64.deb
Size: 527012
SHA256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

Package: libc6
Source: glibc (2.36-9)
Version: 2.36-9+deb12u10
Architecture: amd64
Filename: pool/main/g/glibc/libc6_2.36-9+deb12u10_amd64.deb
Size: 1
SHA256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb

Package: no-digest
Version: 1
Architecture: all
)";

SbomSubject sample_subject() {
    PackageIndex index;
    add_packages(index, kPackages, {"nginx", "libc6", "no-digest"});
    SbomSubject subject;
    subject.name = "web";
    subject.version = "1.4.0";
    subject.description = "a page";
    subject.distribution = "debian-12";
    subject.file = "web.qcow2";
    subject.sha256 = std::string(64, 'd');
    subject.key = std::string(64, 'e');
    subject.epoch = 1700000000;
    subject.packages = resolve_packages(
        {"libstdc++6 12.2.0-14 amd64", "nginx 1.22.1-9 amd64", "nginx 1.22.1-8 amd64"}, index);
    const ExtractedLicense own{"own-licence", "Do as you like."};
    subject.licenses["libstdc++6"] = {{"GPL-3.0-or-later WITH GCC-exception-3.1"}, {}};
    subject.licenses["nginx"] = {
        {"(Apache-2.0 OR MIT)", "BSD-2-Clause", "LicenseRef-own-licence-01"},
        {{"LicenseRef-own-licence-01", own}}};
    subject.licenses["absent"] = {{"LicenseRef-other-02"}, {{"LicenseRef-other-02", own}}};
    return subject;
}

// As an image of one package with this licence shows it.
base::Json cyclonedx_licenses_of(const PackageLicense& license) {
    SbomSubject subject = sample_subject();
    subject.packages = resolve_packages({"a 1 all"}, {});
    subject.licenses = {{"a", license}};
    return base::parse_json(make_cyclonedx(subject), "cyclonedx")["components"][0]["licenses"];
}

LockFile sample_lock() {
    LockFile lock;
    lock.recipe = "web";
    lock.release = "bookworm";
    lock.sources = "deb [signed-by=k] http://a.example/debian bookworm main\n";
    lock.epoch = 1700000000;
    lock.image = std::string(64, '1');
    lock.tools = {{"busybox", std::string(64, '2')}};
    lock.packages = {
        {"nginx", "1.22.1-9", "amd64", "nginx", "optional", "pool/n/nginx.deb",
         std::string(64, 'a')},
        {"g++", "4:12.2.0-3", "amd64", "gcc", "required", "pool/g/g++.deb", std::string(64, 'b')}};
    return lock;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("packages are found in an index by name, version and architecture", "[imagebuilder]") {
    PackageIndex index;
    add_packages(index, kPackages, {"nginx", "libc6", "no-digest"});
    CHECK(index.size() == 2);
    const IndexedPackage& libc = index.at({"libc6", "2.36-9+deb12u10", "amd64"});
    CHECK(libc.source == "glibc");
    CHECK(libc.size == 1);
    const auto found = resolve_packages({"nginx 1.22.1-9 amd64", "nginx 9 amd64"}, index);
    CHECK(found[0].sha256 == std::string(64, 'a'));
    CHECK(found[0].filename == "pool/main/n/nginx/nginx_1.22.1-9_amd64.deb");
    CHECK(found[1].sha256.empty());
    PackageIndex one;
    add_packages(one, kPackages, {"libc6"});
    CHECK(one.size() == 1);
}

TEST_CASE("packages that a step removed again are known from dpkg's log", "[imagebuilder]") {
    CHECK(packages_of_dpkg_log("2026-11-26 10:00:00 startup archives unpack\n"
                               "2026-11-26 10:00:01 install nginx:amd64 <none> 1.22.1-9\n"
                               "2026-11-26 10:00:01 status half-installed nginx:amd64 1.22.1-9\n"
                               "2026-11-26 10:00:02 upgrade tzdata:all 2024a 2024b\n"
                               "2026-11-26 10:00:03 remove nginx:amd64 1.22.1-9 <none>\n"
                               "2026-11-26 10:00:04 install broken\n") ==
          std::vector<std::string>{"nginx 1.22.1-9 amd64", "tzdata 2024b all"});
}

TEST_CASE("a package URL spells out what purl does not allow", "[imagebuilder]") {
    CHECK(package_url(sample_subject(), {"libstdc++6", "1:12~rc1-1+b2", "amd64", "", "", "", ""}) ==
          "pkg:deb/debian/libstdc%2B%2B6@1%3A12~rc1-1%2Bb2?arch=amd64&distro=debian-12");
}

TEST_CASE("the SPDX document names the image and all its packages", "[imagebuilder]") {
    const SbomSubject subject = sample_subject();
    const std::string text = make_spdx(subject);
    CHECK(text == make_spdx(subject));
    const base::Json json = base::parse_json(text, "spdx");
    CHECK(json["spdxVersion"] == "SPDX-2.3");
    CHECK(json["creationInfo"]["created"] == "2023-11-14T22:13:20Z");
    REQUIRE(json["packages"].size() == 4);
    CHECK(json["packages"][0]["checksums"][0]["checksumValue"] == subject.sha256);
    CHECK(json["packages"][1]["SPDXID"] == "SPDXRef-deb-libstdc.plus..plus.6-amd64");
    CHECK_FALSE(json["packages"][1].contains("checksums"));
    CHECK(json["packages"][2]["checksums"][0]["checksumValue"] == std::string(64, 'a'));
    CHECK(json["packages"][1]["licenseDeclared"] == "GPL-3.0-or-later WITH GCC-exception-3.1");
    CHECK(json["packages"][2]["licenseDeclared"] ==
          "(Apache-2.0 OR MIT) AND BSD-2-Clause AND LicenseRef-own-licence-01");
    CHECK(json["packages"][0]["licenseDeclared"] == "NOASSERTION");
    REQUIRE(json["hasExtractedLicensingInfos"].size() == 1);
    CHECK(json["hasExtractedLicensingInfos"][0]["extractedText"] == "Do as you like.");
    REQUIRE(json["relationships"].size() == 4);
    CHECK(json["relationships"][0]["relationshipType"] == "DESCRIBES");
    SbomSubject other = subject;
    other.key = std::string(64, 'f');
    CHECK(base::parse_json(make_spdx(other), "spdx")["documentNamespace"] !=
          json["documentNamespace"]);
}

// The rules of the JSON schema of SPDX 2.3 (spdx-spec, schemas/spdx-schema-2-3.json) and of the
// specification's text for ids, namespaces and relationships.
TEST_CASE("the SPDX document keeps the rules of its schema", "[imagebuilder]") {
    const std::set<std::string> known{
        "SPDXID",           "name",        "versionInfo",   "packageFileName",
        "description",      "checksums",   "filesAnalyzed", "primaryPackagePurpose",
        "downloadLocation", "sourceInfo",  "copyrightText", "licenseConcluded",
        "licenseDeclared",  "externalRefs"};
    const std::set<std::string> purposes{
        "OTHER",   "INSTALL",   "ARCHIVE", "FIRMWARE", "APPLICATION",      "FRAMEWORK",
        "LIBRARY", "CONTAINER", "SOURCE",  "DEVICE",   "OPERATING_SYSTEM", "FILE"};
    const std::regex id("SPDXRef-[A-Za-z0-9.-]+");
    const std::regex time("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z");
    const std::regex digest("[0-9a-f]{64}");
    const base::Json json = base::parse_json(make_spdx(sample_subject()), "spdx");
    for (const char* field : {"SPDXID", "creationInfo", "dataLicense", "name", "spdxVersion"}) {
        CHECK(json.contains(field));
    }
    CHECK(json["SPDXID"] == "SPDXRef-DOCUMENT");
    CHECK(json["dataLicense"] == "CC0-1.0");
    CHECK(std::regex_match(json["creationInfo"]["created"].get<std::string>(), time));
    CHECK(json["creationInfo"]["creators"][0].get<std::string>().starts_with("Tool: "));
    CHECK(json["documentNamespace"].get<std::string>().find('#') == std::string::npos);
    std::set<std::string> ids{"SPDXRef-DOCUMENT"};
    std::set<std::string> named;
    std::set<std::string> defined;
    for (const base::Json& package : json["packages"]) {
        for (const auto& [field, value] : package.items()) {
            INFO(field);
            CHECK(known.contains(field));
        }
        CHECK(package.contains("downloadLocation"));
        CHECK(std::regex_match(package["SPDXID"].get<std::string>(), id));
        CHECK((!package.contains("primaryPackagePurpose") ||
               purposes.contains(package["primaryPackagePurpose"].get<std::string>())));
        for (const base::Json& checksum : package.value("checksums", base::Json::array())) {
            CHECK(checksum["algorithm"] == "SHA256");
            CHECK(checksum["checksumValue"].get<std::string>().size() >= 32);
        }
        for (const base::Json& reference : package.value("externalRefs", base::Json::array())) {
            CHECK(reference["referenceCategory"] == "PACKAGE-MANAGER");
            CHECK(reference["referenceLocator"].get<std::string>().find(' ') == std::string::npos);
        }
        ids.insert(package["SPDXID"].get<std::string>());
        CHECK(package["licenseConcluded"] == "NOASSERTION");
        const std::string declared = package["licenseDeclared"].get<std::string>();
        CHECK((declared == "NOASSERTION" || tests::SpdxExpression::is_valid(declared)));
        for (std::size_t at = declared.find("LicenseRef-"); at != std::string::npos;
             at = declared.find("LicenseRef-", at + 1)) {
            named.insert(declared.substr(at, declared.find_first_of(" )", at) - at));
        }
    }
    for (const base::Json& license : json["hasExtractedLicensingInfos"]) {
        CHECK(std::regex_match(license["licenseId"].get<std::string>(),
                               std::regex("LicenseRef-[A-Za-z0-9.-]+")));
        CHECK_FALSE(license["extractedText"].get<std::string>().empty());
        defined.insert(license["licenseId"].get<std::string>());
    }
    CHECK(named == defined);
    CHECK(std::regex_match(json["packages"][0]["checksums"][0]["checksumValue"].get<std::string>(),
                           digest));
    for (const base::Json& relationship : json["relationships"]) {
        CHECK(ids.contains(relationship["spdxElementId"].get<std::string>()));
        CHECK(ids.contains(relationship["relatedSpdxElement"].get<std::string>()));
    }
}

// The rules of bom-1.5.schema.json (CycloneDX/specification) for what is in the document.
TEST_CASE("the CycloneDX document keeps the rules of its schema", "[imagebuilder]") {
    const base::Json json = base::parse_json(make_cyclonedx(sample_subject()), "cyclonedx");
    CHECK(json["bomFormat"] == "CycloneDX");
    CHECK(json["version"] == 1);
    CHECK(std::regex_match(
        json["serialNumber"].get<std::string>(),
        std::regex("urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")));
    CHECK(json["metadata"]["timestamp"] == "2023-11-14T22:13:20Z");
    std::set<std::string> refs{json["metadata"]["component"]["bom-ref"].get<std::string>()};
    for (const base::Json& component : json["components"]) {
        CHECK(component["type"] == "library");
        CHECK_FALSE(component["name"].get<std::string>().empty());
        CHECK(component["purl"].get<std::string>().starts_with("pkg:deb/debian/"));
        const base::Json licenses = component.value("licenses", base::Json::array());
        for (const base::Json& license : licenses) {
            CHECK(license.size() == 1);
            const bool is_expression = license.contains("expression");
            CHECK((!is_expression ||
                   (licenses.size() == 1 &&
                    tests::SpdxExpression::is_valid(license["expression"].get<std::string>()))));
            CHECK((is_expression || license["license"].size() == 1));
        }
        CHECK(refs.insert(component["bom-ref"].get<std::string>()).second);
    }
    for (const base::Json& dependency : json["dependencies"]) {
        CHECK(refs.contains(dependency["ref"].get<std::string>()));
        for (const base::Json& part : dependency["dependsOn"]) {
            CHECK(refs.contains(part.get<std::string>()));
        }
    }
}

TEST_CASE("the CycloneDX document has a component for each package", "[imagebuilder]") {
    const base::Json json = base::parse_json(make_cyclonedx(sample_subject()), "cyclonedx");
    CHECK(json["specVersion"] == "1.5");
    CHECK(json["metadata"]["component"]["name"] == "web");
    REQUIRE(json["components"].size() == 3);
    CHECK(json["components"][1]["hashes"][0]["alg"] == "SHA-256");
    std::set<std::string> refs;
    for (const base::Json& component : json["components"]) {
        refs.insert(component["bom-ref"].get<std::string>());
    }
    CHECK(refs.size() == 3);
    CHECK(json["dependencies"][0]["dependsOn"].size() == 3);
}

TEST_CASE("licences in CycloneDX are an expression, or a list of ids and names", "[imagebuilder]") {
    const ExtractedLicense own{"own licence", "Do as you like."};
    CHECK(cyclonedx_licenses_of({{"MIT"}, {}}) ==
          base::parse_json(R"json([{"license": {"id": "MIT"}}])json", "x"));
    CHECK(cyclonedx_licenses_of({{"ISC", "MIT"}, {}}) ==
          base::parse_json(R"json([{"expression": "ISC AND MIT"}])json", "x"));
    CHECK(cyclonedx_licenses_of({{"(ISC OR MIT)"}, {}}) ==
          base::parse_json(R"json([{"expression": "ISC OR MIT"}])json", "x"));
    CHECK(cyclonedx_licenses_of({{"LicenseRef-own-1"}, {{"LicenseRef-own-1", own}}}) ==
          base::parse_json(R"json([{"license": {"name": "own licence"}}])json", "x"));
    CHECK(cyclonedx_licenses_of({{"(ISC OR LicenseRef-own-1)", "LicenseRef-own-1", "MIT"},
                                 {{"LicenseRef-own-1", own}}}) ==
          base::parse_json(R"json([{"license": {"name": "(ISC OR LicenseRef-own-1)"}},
                               {"license": {"name": "own licence"}},
                               {"license": {"id": "MIT"}}])json",
                           "x"));
    CHECK(cyclonedx_licenses_of({}).is_null());
}

TEST_CASE("a signed statement opens for its signer only", "[imagebuilder]") {
    const tests::Pki pki;
    pki.make_self_signed("signer");
    pki.make_self_signed("other");
    const base::PrivateKey key = base::load_private_key(pki.path("signer.key"));
    const base::Certificate signer = base::load_certificates(pki.path("signer.pem")).front();
    const base::Certificate other = base::load_certificates(pki.path("other.pem")).front();
    Provenance provenance;
    provenance.subjects = {{"web.qcow2", "", std::string(64, 'd')}};
    provenance.recipe = "web";
    provenance.key = std::string(64, 'e');
    provenance.materials = {{"nginx", "pkg:deb/debian/nginx@1", std::string(64, 'a')}};
    const std::string statement = make_statement(provenance);
    const base::Json json = base::parse_json(statement, "statement");
    CHECK(json["_type"] == "https://in-toto.io/Statement/v1");
    CHECK(json["subject"][0]["digest"]["sha256"] == std::string(64, 'd'));
    CHECK(json["predicate"]["buildDefinition"]["resolvedDependencies"][0]["uri"] ==
          "pkg:deb/debian/nginx@1");

    const std::string envelope = sign_envelope(statement, kInTotoPayload, key, signer);
    CHECK(open_envelope(envelope, signer, "x") == statement);
    CHECK_THROWS_AS(open_envelope(envelope, other, "x"), base::Error);
    // The type is signed with the payload.
    CHECK_THROWS_AS(
        open_envelope(replaced(envelope, "vnd.in-toto+json", "vnd.other+json"), signer, "x"),
        base::Error);
    CHECK_THROWS_AS(open_envelope(make_envelope(statement, kInTotoPayload), signer, "x"),
                    base::Error);
    CHECK_THROWS_AS(open_envelope("{}", signer, "x"), base::Error);
}

TEST_CASE("provenance names copied files by the digests that sha256sum gives", "[imagebuilder]") {
    const base::TempDir dir;
    const auto recipe_folder = dir.path() / "web";
    base::make_dirs(recipe_folder / "site/sub");
    base::write_file(recipe_folder / "recipe.yaml",
                     "name: web\nsource: { bootstrap: debian, release: bookworm }\ncopy:\n"
                     "  - { from: site, to: /srv }\n  - { from: motd, to: /etc/motd }\n"
                     "  - { from: alias, to: /etc/issue }\n");
    base::write_file(recipe_folder / "site/index.html", "<h1>page</h1>\n");
    base::write_file(recipe_folder / "site/sub/a", "");
    base::write_file(recipe_folder / "motd", "hello\n");
    std::filesystem::create_symlink("index.html", recipe_folder / "site/link");
    std::filesystem::create_symlink("motd", recipe_folder / "alias");

    const auto recipe = std::make_shared<const Recipe>(load_recipe(recipe_folder));
    AptIndex apt;
    apt.digest = "index";
    const std::vector<PlannedStep> steps = plan_steps(*recipe, apt, "test");
    EvidenceSubject subject;
    subject.recipe = recipe.get();
    subject.steps = &steps;
    subject.disk_sha256 = subject.kernel_sha256 = subject.initrd_sha256 = std::string(64, 'd');
    subject.identity = std::string(64, 'e');
    write_evidence(dir.path(), subject);

    std::map<std::string, base::Json> named;
    const base::Json statement =
        base::parse_json(base::read_file(dir.path() / kStatementFile), "statement");
    for (const base::Json& material :
         statement["predicate"]["buildDefinition"]["resolvedDependencies"]) {
        named[material["name"].get<std::string>()] = material;
    }
    for (const char* file : {"recipe.yaml", "site/index.html", "site/sub/a", "motd"}) {
        INFO(file);
        base::Command sum;
        sum.argv = {"sha256sum", (recipe_folder / file).string()};
        CHECK(named.at(std::string("web/") + file)["digest"]["sha256"] ==
              base::run_checked(sum).out.substr(0, 64));
    }
    CHECK(named.at("web/behind alias")["digest"] == named.at("web/motd")["digest"]);
    const base::Json& link = named.at("web/site/link");
    CHECK(link["mediaType"] == "inode/symlink");
    CHECK(link["digest"]["sha256"] ==
          base::digest_hex(base::DigestAlgorithm::sha256, std::string("index.html")));
    CHECK_FALSE(named.contains("web/site"));
}

TEST_CASE("a lock file comes back as it was written", "[imagebuilder]") {
    const LockFile lock = sample_lock();
    const std::string text = make_lock_text(lock);
    const LockFile back = parse_lock(text, "web.lock");
    CHECK(make_lock_text(back) == text);
    CHECK(back.epoch == lock.epoch);
    REQUIRE(back.packages.size() == 2);
    CHECK(back.packages[1].version == "4:12.2.0-3");
    CHECK(back.tools == lock.tools);
}

TEST_CASE("a lock file that was tampered with is refused", "[imagebuilder]") {
    const std::string text = make_lock_text(sample_lock());
    const auto refused = [](const std::string& bad) {
        CHECK_THROWS_AS(parse_lock(bad, "web.lock"), base::Error);
    };
    refused("");
    refused("[]");
    refused("{}");
    refused(replaced(text, "pool/n/", "../n/"));
    refused(replaced(text, "pool/n/", "/n/"));
    refused(replaced(text, std::string(64, 'a'), std::string(63, 'a')));
    refused(replaced(text, std::string(64, 'a'), std::string(64, 'A')));
    refused(replaced(text, R"("name":"nginx")", R"("name":"-o x")"));
    refused(replaced(text, R"("name":"nginx")", R"("name":7)"));
    refused(replaced(text, "\"muster_lock\": 1", "\"muster_lock\": 2"));
    refused(replaced(text, "\"packages\"", "\"package\""));
}

TEST_CASE("other programs than the lock's are named", "[imagebuilder]") {
    const LockFile lock = sample_lock();
    CHECK(differing_tools(lock, lock.tools).empty());
    CHECK(differing_tools(lock, {}).front() == "this host has no busybox");
    const auto other = differing_tools(lock, {{"busybox", std::string(64, '3')}});
    REQUIRE(other.size() == 1);
    CHECK(other.front().find("busybox is another") == 0);
}
