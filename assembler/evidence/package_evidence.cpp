// SPDX-License-Identifier: Apache-2.0
#include "assembler/evidence/package_evidence.h"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/byte_size.h"
#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "imagebuilder/evidence/image_evidence.h"
#include "imagebuilder/evidence/provenance.h"
#include "ovfkit/disk/disk_reader.h"

namespace assembler {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostEvidenceBytes = 16 * base::kMiB;  // of one member
constexpr std::uint64_t kMostEvidenceInAll = 128 * base::kMiB;

const EvidenceKind* kind_of_member(std::string_view name) {
    const auto kind =
        std::find_if(kEvidenceKinds.begin(), kEvidenceKinds.end(), [&](const EvidenceKind& one) {
            return name.size() > one.ending.size() && name.ends_with(one.ending);
        });
    return kind == kEvidenceKinds.end() ? nullptr : &*kind;
}

std::string image_of_member(std::string_view name, const EvidenceKind& kind) {
    return std::string(name.substr(0, name.size() - kind.ending.size()));
}

std::string read_text_if_there(const fs::path& path) {
    return fs::exists(path) ? base::read_file(path) : "";
}

// Of a text that may be anything: what is no evidence names nothing.
bool names_digest(const std::string& text, const EvidenceKind& kind, const std::string& digest) {
    try {
        const bool enveloped = kind.content == &ImageEvidence::provenance;
        return (enveloped ? imagebuilder::payload_of_envelope(text, "provenance") : text)
                   .find(digest) != std::string::npos;
    } catch (const base::Error& error) {
        base::log(base::LogLevel::info, "assembler", "{}", error.message());
        return false;
    }
}

// Keeps what evidence passes by, and the certificate.
class EvidenceHandler : public ovfkit::PackageHandler {
  public:
    using Progress = std::function<void(std::uint64_t, std::uint64_t)>;
    explicit EvidenceHandler(const Progress& on_progress) : progress_(on_progress) {}

    void on_descriptor(const std::string& /*name*/, const std::string& /*text*/,
                       const ovfkit::Envelope& /*envelope*/) override {}
    void on_text(const std::string& name, const std::string& text) override {
        if (name.ends_with(".cert")) {
            certificate_ = text;
        }
    }
    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t /*size*/) override {
        return kind_of_member(name) == nullptr ? nullptr : std::make_unique<TextSink>(total_);
    }
    void close_member(const std::string& name, std::unique_ptr<base::ByteSink> sink) override {
        if (auto* kept = dynamic_cast<TextSink*>(sink.get())) {
            texts_[name] = kept->take();
        }
    }
    void on_progress(std::uint64_t done, std::uint64_t total) override {
        if (progress_) {
            progress_(done, total);
        }
    }

    const std::string& certificate() const { return certificate_; }
    std::string take_text(const std::string& name) { return std::move(texts_[name]); }

  private:
    // What is too long is no evidence of ours: nothing of it is kept.
    class TextSink : public base::ByteSink {
      public:
        explicit TextSink(std::uint64_t& total) : total_(total) {}
        void write(std::span<const std::byte> data) override {
            total_ += data.size();
            if (too_long_ || total_ > kMostEvidenceInAll ||
                data.size() > kMostEvidenceBytes - text_.size()) {
                too_long_ = true;
                text_.clear();
                return;
            }
            // SAFETY: std::byte seen as char.
            text_.append(reinterpret_cast<const char*>(data.data()), data.size());
        }
        std::string take() { return std::move(text_); }

      private:
        std::uint64_t& total_;
        std::string text_;
        bool too_long_ = false;
    };

    const Progress& progress_;
    std::string certificate_;
    std::map<std::string, std::string> texts_;
    std::uint64_t total_ = 0;
};

std::optional<base::Certificate> signer_of(const std::string& certificate_file) {
    try {
        auto chain = base::parse_certificates(certificate_file, "the certificate");
        return chain.empty() ? std::nullopt : std::optional(std::move(chain.front()));
    } catch (const base::Error&) {
        return std::nullopt;  // unsigned, or told by the check of the signature
    }
}

ProvenanceState state_of(const std::string& envelope,
                         const std::optional<base::Certificate>& signer) {
    if (envelope.empty()) {
        return ProvenanceState::absent;
    }
    try {
        if (imagebuilder::count_signatures(envelope, "provenance") == 0) {
            return ProvenanceState::not_signed;
        }
        return signer && imagebuilder::is_signed_by(envelope, *signer, "provenance")
                   ? ProvenanceState::by_signer
                   : ProvenanceState::by_other;
    } catch (const base::Error&) {
        return ProvenanceState::damaged;
    }
}

std::string state_text(ProvenanceState state) {
    switch (state) {
        case ProvenanceState::not_signed: return " (not signed)";
        case ProvenanceState::by_signer: return " (signed by the package's signer)";
        case ProvenanceState::by_other: return " (signed by somebody else)";
        case ProvenanceState::damaged: return " (damaged)";
        case ProvenanceState::absent: break;
    }
    return "";
}

}  // namespace

ImageEvidence evidence_of_build(const fs::path& folder) {
    ImageEvidence evidence;
    evidence.spdx = read_text_if_there(folder / imagebuilder::kSpdxFile);
    evidence.cyclonedx = read_text_if_there(folder / imagebuilder::kCycloneDxFile);
    evidence.lock = read_text_if_there(folder / imagebuilder::kLockFile);
    if (const std::string statement = read_text_if_there(folder / imagebuilder::kStatementFile);
        !statement.empty()) {
        evidence.provenance = imagebuilder::make_envelope(statement, imagebuilder::kInTotoPayload);
    }
    return evidence;
}

ImageEvidence evidence_beside(const fs::path& disk) {
    ImageEvidence evidence;
    std::string digest;
    for (const EvidenceKind& kind : kEvidenceKinds) {
        const std::string text =
            read_text_if_there(fs::path(disk).replace_extension(std::string(kind.ending)));
        if (text.empty()) {
            continue;
        }
        digest = digest.empty() ? base::sha256_of_file(disk.string()) : digest;
        if (names_digest(text, kind, digest)) {
            evidence.*kind.content = text;
        } else {
            base::log(base::LogLevel::warn, "assembler",
                      "'{}' is left out: the {} beside it is of another disk", disk.string(),
                      kind.text);
        }
    }
    return evidence;
}

void sign_evidence(ImageEvidence& evidence, const ovfkit::PackageSigner& signer) {
    if (!evidence.provenance.empty() && !signer.chain.empty()) {
        evidence.provenance = imagebuilder::add_signature(evidence.provenance, "the provenance",
                                                          signer.key, signer.chain.front());
    }
}

std::vector<PackagedEvidence> list_evidence(const ovfkit::PackageReport& report) {
    std::vector<PackagedEvidence> found;
    for (const ovfkit::PackageMember& member : report.members) {
        const EvidenceKind* kind = kind_of_member(member.name);
        if (kind == nullptr) {
            continue;
        }
        const std::string image = image_of_member(member.name, *kind);
        auto at = std::find_if(found.begin(), found.end(),
                               [&](const PackagedEvidence& one) { return one.image == image; });
        if (at == found.end()) {
            found.emplace_back();
            at = found.end() - 1;
            at->image = image;
        }
        at->kinds.emplace_back(kind->text);
    }
    return found;
}

std::string evidence_text(const PackagedEvidence& evidence) {
    std::vector<std::string> parts = evidence.kinds;
    for (std::string& part : parts) {
        part += part == "provenance" ? state_text(evidence.provenance) : "";
    }
    return fmt::format("{}: {}", evidence.image, fmt::join(parts, ", "));
}

base::Json evidence_json(const std::vector<PackagedEvidence>& evidence) {
    base::Json json = base::Json::array();
    for (const PackagedEvidence& one : evidence) {
        base::Json entry{{"image", one.image}, {"kinds", one.kinds}};
        if (one.provenance != ProvenanceState::absent) {
            entry["signed_by_signer"] = one.provenance == ProvenanceState::by_signer;
        }
        json.push_back(std::move(entry));
    }
    return json;
}

EvidenceReading read_evidence(
    base::ByteSource& source, const ovfkit::VerifyPolicy& policy,
    const std::function<void(std::uint64_t, std::uint64_t)>& on_progress) {
    EvidenceHandler handler(on_progress);
    ovfkit::VerifyPolicy collecting = policy;
    collecting.collect_failures = true;
    EvidenceReading reading;
    reading.report = ovfkit::read_package(source, handler, collecting);
    reading.evidence = list_evidence(reading.report);
    if (!reading.report.failures.empty()) {
        return reading;
    }
    const std::optional<base::Certificate> signer = signer_of(handler.certificate());
    for (PackagedEvidence& one : reading.evidence) {
        for (const EvidenceKind& kind : kEvidenceKinds) {
            one.texts.*kind.content = handler.take_text(one.image + std::string(kind.ending));
        }
        one.provenance = state_of(one.texts.provenance, signer);
    }
    return reading;
}

}  // namespace assembler
