// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/sign_package.h"

#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/http_client.h"
#include "ovfkit/package/package_copy.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/source/peeked_source.h"
#include "ovfkit/package/tar/member_name.h"
#include "ovfkit/package/tar/tar_header.h"

namespace ovfkit {

namespace {

namespace fs = std::filesystem;

// A package written to nowhere: for its digests.
class NoOutput : public MemberOutput {
  public:
    bool seekable() const override { return true; }
    void begin_member(const std::string& /*name*/, std::optional<std::uint64_t> /*size*/) override {
    }
    void write(std::span<const std::byte> data) override { position_ += data.size(); }
    void end_member() override {}
    void patch(std::uint64_t /*offset*/, std::string_view /*data*/) override {}
    void finish() override {}
    std::uint64_t position() const override { return position_; }

  private:
    std::uint64_t position_ = 0;
};

struct Signed {
    PackageText manifest;
    PackageText certificate;
};

// Copies the package and decides which manifest is signed.
Signed copy_and_sign(const SignRequest& request, const PackageSigner& signer, PackageWriter& writer,
                     SignResult& result) {
    const auto source = open_package(request.location);
    VerifyPolicy policy = request.policy;
    policy.any_algorithm = true;                      // a stream has no second chance
    policy.ignore_signature = !policy.wants_trust();  // it will be replaced
    policy.ignore_manifest = request.renew_manifest;
    CopyPlan plan;
    plan.on_progress = request.on_progress;
    CopyResult copied = copy_package(*source, policy, writer, plan);
    result.source = std::move(copied.source);
    result.manifest_made = request.renew_manifest || !copied.manifest;
    Signed texts;
    texts.manifest = result.manifest_made ? writer.manifest_text() : *copied.manifest;
    if (texts.manifest.name != writer.manifest_text().name) {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("the manifest '{}' is not named after the descriptor '{}', so nobody would "
                        "find its signature",
                        texts.manifest.name, result.source.descriptor_name),
            "make a new one with --renew-manifest");
    }
    texts.certificate = {texts.manifest.name.substr(0, texts.manifest.name.size() - 2) + "cert",
                         sign_manifest(texts.manifest.text, texts.manifest.name, signer)};
    result.manifest_name = texts.manifest.name;
    result.certificate = parse_package_certificate(texts.certificate.text, texts.certificate.name);
    return texts;
}

void write_signed_ova(const SignRequest& request, const PackageSigner& signer,
                      PackageWriter& writer, SignResult& result) {
    const Signed texts = copy_and_sign(request, signer, writer, result);
    writer.finish_with(texts.manifest, &texts.certificate);
}

std::optional<std::string> read_if_there(const fs::path& path) {
    return fs::exists(path) ? std::optional(base::read_file(path)) : std::nullopt;
}

// Two files cannot change in one step: both are complete before the first gets its name, and when
// the second does not get its own, the first is put back.
void publish_both(const fs::path& folder, const Signed& texts, bool with_manifest) {
    const fs::path manifest_path = folder / texts.manifest.name;
    const fs::path certificate_path = folder / texts.certificate.name;
    const std::optional<std::string> before = read_if_there(manifest_path);
    base::AtomicFile manifest(manifest_path);
    base::AtomicFile certificate(certificate_path);
    base::write_all(manifest.fd(), texts.manifest.text, texts.manifest.name);
    base::write_all(certificate.fd(), texts.certificate.text, texts.certificate.name);
    try {
        if (with_manifest) {
            manifest.commit();
        }
        certificate.commit();
    } catch (const base::Error&) {
        if (with_manifest && read_if_there(certificate_path) != texts.certificate.text) {
            if (before) {
                base::write_file(manifest_path, *before);
            } else {
                fs::remove(manifest_path);
            }
        }
        throw;
    }
}

void sign_folder(const SignRequest& request, const std::string& descriptor,
                 const PackageSigner& signer, SignResult& result) {
    PackageWriterOptions options;
    options.digest = request.digest;
    PackageWriter writer(std::make_unique<NoOutput>(), options);
    const Signed texts = copy_and_sign(request, signer, writer, result);
    publish_both(fs::canonical(descriptor).parent_path(), texts, result.manifest_made);
}

// Only what is written back in the form that it has.
void require_plain_ova(const std::string& location) {
    if (location == "-" || base::is_http_url(location)) {
        throw base::Error(base::ErrorKind::usage,
                          fmt::format("{} cannot be signed in place",
                                      location == "-" ? "standard input" : "a URL"),
                          "name the signed package with -o FILE.ova");
    }
    const auto source = base::open_source(location);
    const PackageForm form = find_package_form(base::as_bytes(peek_at(*source, kTarBlock)));
    if (form == PackageForm::gzip || form == PackageForm::xz || form == PackageForm::zstd ||
        form == PackageForm::zip) {
        throw base::Error(base::ErrorKind::usage,
                          fmt::format("'{}' is compressed and cannot be signed in place", location),
                          "name the signed package with -o FILE.ova");
    }
}

unsigned mode_of(const fs::path& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0644U;
}

}  // namespace

SignResult sign_package(const SignRequest& request, const PackageSigner& signer) {
    if (request.renew_manifest && request.policy.wants_trust()) {
        throw base::Error(base::ErrorKind::usage,
                          "a signature is trusted for the manifest that is not to be looked at",
                          "leave out --trust or --renew-manifest");
    }
    SignResult result;
    result.output = request.output.empty() ? request.location : request.output;
    PackageWriterOptions options;
    options.digest = request.digest;
    if (request.output == "-") {
        base::FdSink out(STDOUT_FILENO, "standard output");
        PackageWriter writer(out, options);
        write_signed_ova(request, signer, writer, result);
        return result;
    }
    if (request.output.empty()) {
        if (const auto descriptor = find_folder_descriptor(request.location)) {
            sign_folder(request, *descriptor, signer, result);
            return result;
        }
        require_plain_ova(request.location);
    }
    // The user's own link stays a link: what it leads to is replaced.
    const fs::path path =
        request.output.empty() ? fs::canonical(request.location) : fs::path(request.output);
    base::AtomicFile file(path, mode_of(path));
    PackageWriter writer(file.fd(), result.output, options);
    write_signed_ova(request, signer, writer, result);
    file.commit();
    return result;
}

}  // namespace ovfkit
