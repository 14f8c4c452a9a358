// SPDX-License-Identifier: Apache-2.0
// Images made of a small tarball, packed with their evidence and built again.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "assembler/evidence/rebuild.h"
#include "assembler/pack.h"
#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/build.h"
#include "imagebuilder/evidence/image_evidence.h"
#include "imagebuilder/evidence/provenance.h"
#include "imagebuilder/saved/saved_images.h"
#include "ovfkit/package/inspection.h"
#include "tests/support/cache_folder.h"
#include "tests/support/catch.h"
#include "tests/support/pki.h"
#include "tests/support/root_tar.h"

namespace {

namespace fs = std::filesystem;
using assembler::ProvenanceState;

constexpr const char* kEvidenceAssembly =
    "muster: 1\nname: shop\nversion: 1.0.0\nmachines:\n  web: { image: web }\n  db: { image: db "
    "}\n";

// Two recipes on one tarball, an assembly of both, and a key.
class EvidenceShop {
  public:
    EvidenceShop() {
        tests::make_root_tar(dir_.path());
        write_recipe("web", "shop-web");
        write_recipe("db", "shop-db");
        base::write_file(path("assembly.yaml"), kEvidenceAssembly);
        pki.make_self_signed("maker", {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"});
        pki.make_self_signed("other");
    }

    fs::path path(const std::string& name) const { return dir_.path() / name; }

    void write_recipe(const std::string& folder, const std::string& hostname) const {
        base::make_dirs(path(folder));
        base::write_file(path(folder) / "recipe.yaml",
                         "name: " + folder + "-image\nversion: 2.0.0\nhostname: " + hostname +
                             "\nsource: { tarball: ../root.tar }\nguest: false\n"
                             "disk: { size: 256 MiB }\n");
    }

    ovfkit::PackageSigner signer(const std::string& name) const {
        return {.key = base::load_private_key(pki.path(name + ".key")),
                .chain = base::load_certificates(pki.path(name + ".pem"))};
    }

    assembler::PackResult pack(const std::string& output, const std::string& by,
                               bool with_evidence = true) const {
        assembler::PackOptions options;
        options.assembly = dir_.path();
        options.output = path(output);
        options.with_evidence = with_evidence;
        options.chunk_bytes = 0;
        if (!by.empty()) {
            options.signer = signer(by);
        }
        options.provide_image = assembler::default_image_provider({});
        return assembler::pack_assembly(options);
    }

    assembler::EvidenceReading read(const std::string& name) const {
        const auto source = base::open_source(path(name).string());
        return assembler::read_evidence(*source, {}, {});
    }

    assembler::RebuildResult rebuild(const std::string& name) const {
        assembler::RebuildOptions options;
        options.package = path(name).string();
        options.recipes = dir_.path();
        return assembler::rebuild_package(options, read(name));
    }

    tests::Pki pki;

  private:
    tests::CacheFolder cache_;
    base::TempDir dir_;
};

const assembler::RebuiltDisk& rebuilt(const assembler::RebuildResult& result,
                                      const std::string& image) {
    const auto at = std::find_if(result.disks.begin(), result.disks.end(),
                                 [&](const auto& disk) { return disk.image == image; });
    REQUIRE(at != result.disks.end());
    return *at;
}

}  // namespace

TEST_CASE("a package carries the evidence of its images under its signature", "[assembler]") {
    const EvidenceShop shop;
    shop.pack("shop.ova", "maker");
    const assembler::EvidenceReading reading = shop.read("shop.ova");
    CHECK(reading.report.manifest.state == ovfkit::CheckState::ok);
    CHECK(reading.report.manifest.unlisted.empty());
    CHECK(reading.report.signature.state == ovfkit::CheckState::ok);
    REQUIRE(reading.evidence.size() == 2);
    const assembler::PackagedEvidence& web = reading.evidence.front();
    CHECK(web.image == "web-image");
    CHECK(web.kinds == std::vector<std::string>{"SPDX", "CycloneDX", "provenance"});
    CHECK(web.provenance == ProvenanceState::by_signer);
    CHECK(assembler::evidence_text(web) ==
          "web-image: SPDX, CycloneDX, provenance (signed by the package's signer)");

    // What it says is what the build said, and of the very disk.
    const auto built = imagebuilder::build_image({.recipe = shop.path("web")});
    CHECK(imagebuilder::payload_of_envelope(web.texts.provenance, "x") ==
          base::read_file(built.evidence / imagebuilder::kStatementFile));
    CHECK(web.texts.spdx == base::read_file(built.evidence / imagebuilder::kSpdxFile));
    const auto signer = base::load_certificates(shop.pki.path("maker.pem")).front();
    CHECK(imagebuilder::is_signed_by(web.texts.provenance, signer, "x"));

    // Files of References, which importers upload or pass over.
    const auto source = base::open_source(shop.path("shop.ova").string());
    std::vector<std::string> hrefs;
    for (const auto& file : ovfkit::inspect_source(*source, {}).envelope.files) {
        hrefs.push_back(file.href);
    }
    CHECK(std::count(hrefs.begin(), hrefs.end(), "web-image.provenance.json") == 1);
    CHECK(std::count(hrefs.begin(), hrefs.end(), "db-image.spdx.json") == 1);

    // The same bytes again.
    shop.pack("again.ova", "maker");
    CHECK(base::read_file(shop.path("shop.ova")) == base::read_file(shop.path("again.ova")));
}

TEST_CASE("evidence is left out when that is asked for, and not signed without a key",
          "[assembler]") {
    const EvidenceShop shop;
    const auto result = shop.pack("bare.ova", "maker", false);
    CHECK(std::none_of(result.files.begin(), result.files.end(),
                       [](const auto& file) { return file.name.ends_with(".json"); }));
    CHECK(shop.read("bare.ova").evidence.empty());
    shop.pack("unsigned.ova", "");
    CHECK(shop.read("unsigned.ova").evidence.front().provenance == ProvenanceState::not_signed);
}

TEST_CASE("evidence beside a disk goes along when it is of that disk", "[assembler]") {
    const EvidenceShop shop;
    auto built =
        imagebuilder::build_image({.recipe = shop.path("web"), .output = shop.path("copy.qcow2")});
    base::write_file(shop.path("copy.spdx.json"),
                     base::read_file(built.evidence / imagebuilder::kSpdxFile));
    const std::string statement = base::read_file(built.evidence / imagebuilder::kStatementFile);
    const auto other = shop.signer("other");
    base::write_file(shop.path("copy.provenance.json"),
                     imagebuilder::sign_envelope(statement, imagebuilder::kInTotoPayload, other.key,
                                                 other.chain.front()));
    const auto evidence = assembler::evidence_beside(shop.path("copy.qcow2"));
    CHECK_FALSE(evidence.spdx.empty());
    CHECK(evidence.cyclonedx.empty());

    // The package's signer adds its signature to the builder's.
    auto both = evidence;
    assembler::sign_evidence(both, shop.signer("maker"));
    CHECK(imagebuilder::count_signatures(both.provenance, "x") == 2);
    CHECK(imagebuilder::is_signed_by(both.provenance, other.chain.front(), "x"));

    base::write_file(shop.path("copy.qcow2"), "another disk");
    const auto stale = assembler::evidence_beside(shop.path("copy.qcow2"));
    CHECK(stale.spdx.empty());
    CHECK(stale.provenance.empty());
}

TEST_CASE("a package that was built of its recipes is proven by building it again", "[assembler]") {
    const EvidenceShop shop;
    shop.pack("shop.ova", "maker");
    const auto proven = shop.rebuild("shop.ova");
    CHECK(proven.proven());
    CHECK(proven.without_provenance.empty());
    CHECK(proven.disks.size() == 2);
    CHECK(rebuilt(proven, "web-image").remarks.empty());

    shop.write_recipe("web", "elsewhere");
    const auto other = shop.rebuild("shop.ova");
    CHECK_FALSE(other.proven());
    CHECK(rebuilt(other, "db-image").same());
    const assembler::RebuiltDisk& web = rebuilt(other, "web-image");
    CHECK(web.disk.bytes > 0);
    REQUIRE(web.remarks.size() == 1);
    CHECK(web.remarks.front().find("is not the one that was recorded") != std::string::npos);
    CHECK(web.disk.files_read);
    std::map<std::string, std::string> files;
    for (const auto& file : web.disk.files) {
        files[file.path] = file.what;
    }
    CHECK(files["/etc/hostname"] == "content");
    CHECK_FALSE(files.contains("/usr/bin/large"));
}

TEST_CASE("an assembly takes images that were saved under a name", "[assembler]") {
    const EvidenceShop shop;
    const base::TempDir data;
    ::setenv("XDG_DATA_HOME", data.path().c_str(), 1);
    auto built = imagebuilder::build_image({.recipe = shop.path("web")});
    {
        imagebuilder::NewSavedImage saved("golden", false);
        imagebuilder::copy_whole(built.disk, saved.files().disk);
        imagebuilder::copy_whole(built.kernel, saved.files().kernel);
        imagebuilder::copy_whole(built.initrd, saved.files().initrd);
        imagebuilder::ImageRecord record;
        record.kernel_command_line = "root=/dev/vda quiet";
        record.capacity_bytes = 1 << 20;
        saved.publish(record, "machine 'web' of 'shop'");
    }
    REQUIRE(imagebuilder::list_saved_images().size() == 1);
    CHECK(imagebuilder::list_saved_images().front().origin == "machine 'web' of 'shop'");
    CHECK(tests::error_of([] { imagebuilder::NewSavedImage("golden", false); }).kind() ==
          base::ErrorKind::conflict);
    { imagebuilder::NewSavedImage given_up("golden", true); }
    CHECK(imagebuilder::find_saved_image("golden"));
    for (const char* bad : {"", "../x", ".x", "-x", "a/b", "x.part"}) {
        CHECK(tests::error_of([&] { imagebuilder::find_saved_image(bad); }).kind() ==
              base::ErrorKind::usage);
    }

    base::write_file(shop.path("assembly.yaml"),
                     "muster: 1\nname: shop\nversion: 1.0.0\nmachines:\n"
                     "  web: { image: \"template:golden\" }\n");
    const auto result = shop.pack("golden.ova", "");
    std::vector<std::string> names;
    for (const auto& file : result.files) {
        names.push_back(file.name);
    }
    CHECK(names == std::vector<std::string>{"golden-disk.vmdk", "golden.vmlinuz", "golden.initrd"});

    imagebuilder::remove_saved_image("golden");
    CHECK(imagebuilder::list_saved_images().empty());
    const auto gone = tests::error_of([&] { shop.pack("golden.ova", ""); });
    CHECK(gone.kind() == base::ErrorKind::not_found);
    CHECK(gone.message().find("golden") != std::string::npos);
    CHECK(std::filesystem::is_empty(data.path() / "muster/templates"));
    ::unsetenv("XDG_DATA_HOME");
}

TEST_CASE("what cannot be built again is told", "[assembler]") {
    const EvidenceShop shop;
    shop.pack("bare.ova", "", false);
    CHECK(tests::error_of([&] { shop.rebuild("bare.ova"); }).kind() ==
          base::ErrorKind::unsupported);
    shop.pack("shop.ova", "");
    base::remove_all(shop.path("db"));
    const auto missing = tests::error_of([&] { shop.rebuild("shop.ova"); });
    CHECK(missing.kind() == base::ErrorKind::not_found);
    CHECK(missing.message().find("db-image") != std::string::npos);
}
