// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/package_reader.h"

#include <algorithm>
#include <ctime>
#include <exception>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/package/delivery.h"
#include "ovfkit/package/look_ahead.h"
#include "ovfkit/package/manifest_check.h"
#include "ovfkit/package/parallel_tee.h"
#include "ovfkit/package/reference_check.h"
#include "ovfkit/package/signature_check.h"
#include "ovfkit/package/tar/member_name.h"
#include "ovfkit/package/verdict.h"

namespace ovfkit {

void PackageHandler::close_member(const std::string& /*name*/,
                                  std::unique_ptr<base::ByteSink> /*sink*/) {
}

void PackageHandler::on_text(const std::string& /*name*/, const std::string& /*text*/) {
}

void PackageHandler::on_signature(const SignatureReport& /*signature*/) {
}

void PackageHandler::on_progress(std::uint64_t /*done*/, std::uint64_t /*total*/) {
}

namespace {

constexpr std::size_t kBuffer = 1U << 20U;
constexpr std::uint64_t kWorthAThread = 8 * kBuffer;  // smaller members are hashed as they come

// One reading of one package. The public function below tells the story; these are its steps.
class Reading {
  public:
    Reading(base::ByteSource& source, PackageHandler& handler, const VerifyPolicy& policy)
        : source_(source),
          handler_(handler),
          policy_(policy),
          verdict_(policy, report_),
          manifest_(verdict_, report_),
          tar_(source, policy.tar),
          total_(source.size()),
          buffer_((ParallelTee::kDepth + 1) * kBuffer) {
        report_.source = source.name();
    }

    void look_ahead_if_file();
    void pass_all_members();
    void check_completeness();
    PackageReport finish();

  private:
    struct HeldMember {
        PackageMember record;
        std::string data;
    };

    void take_descriptor(const PackageText& text);
    void read_any_descriptor(const PackageText& text);
    void take_certificate(const PackageText& text);
    void enter_folder(const std::string& folder);
    void take_text(const PackageText& text);
    void check_signature_once();
    void pass_text_member(const TarMember& member);
    void pass_data_member(const TarMember& member);
    void hold_member(const TarMember& member);
    void deliver_held_members();
    Delivery& delivery_for(const std::string& name, std::uint64_t size);
    void deliver(const std::string& name, std::uint64_t size,
                 const std::function<void(base::ByteSink&)>& pump);
    void end_delivery();
    bool is_plain_file(std::string_view name) const;
    void show_progress() { handler_.on_progress(tar_.position(), total_); }

    base::ByteSource& source_;
    PackageHandler& handler_;
    const VerifyPolicy& policy_;
    PackageReport report_;
    Verdict verdict_;
    ManifestCheck manifest_;
    TarReader tar_;
    std::uint64_t total_;
    std::vector<std::byte> buffer_;
    std::optional<PackageText> descriptor_;
    std::optional<PackageText> certificate_;
    std::string folder_;
    std::vector<std::string> passed_over_;  // manifest and certificate that nobody looks at
    Envelope envelope_;
    bool descriptor_delivered_ = false;
    bool signature_checked_ = false;
    std::vector<HeldMember> held_;  // members of a stream before its descriptor
    std::optional<Delivery> delivery_;
    std::exception_ptr held_failure_;
};

void Reading::look_ahead_if_file() {
    LookAhead ahead = look_ahead(source_, policy_);
    // The order matters: first whether the texts are what was signed, then what they say.
    if (ahead.manifest) {
        manifest_.take(*ahead.manifest);
    }
    if (ahead.certificate) {
        take_certificate(*ahead.certificate);
    }
    check_signature_once();
    if (ahead.descriptor) {
        enter_folder(ahead.folder);
        take_descriptor(*ahead.descriptor);
    }
}

// The package is what lies in the folder of its descriptor.
void Reading::enter_folder(const std::string& folder) {
    folder_ = folder;
    if (!folder_.empty()) {
        verdict_.note("in_folder",
                      fmt::format("the package lies in the folder '{}' of the archive; "
                                  "other importers refuse that",
                                  folder_));
    }
}

void Reading::take_descriptor(const PackageText& text) {
    if (descriptor_) {
        if (descriptor_->name != text.name) {
            verdict_.fail(fmt::format("there are two descriptors, '{}' and '{}'", descriptor_->name,
                                      text.name),
                          "a package holds exactly one .ovf file");
        } else if (descriptor_->text != text.text) {
            throw base::Error(
                base::ErrorKind::conflict,
                fmt::format("{} changed while it was read", quoted_source(source_.name())));
        }
        return;
    }
    descriptor_ = text;
    report_.descriptor_name = text.name;
    manifest_.check_early(text);
    if (policy_.any_descriptor) {
        read_any_descriptor(text);
    } else {
        envelope_ = base::in_context(quoted_source(source_.name()),
                                     [&] { return read_envelope(text.text, text.name); });
    }
    manifest_.check_base_name(text.name);
    handler_.on_descriptor(text.name, text.text, envelope_);
    descriptor_delivered_ = true;
}

// The handler judges the text; what could be read of it serves to check the rest.
void Reading::read_any_descriptor(const PackageText& text) {
    try {
        envelope_ = examine_envelope(text.text, text.name).envelope;
    } catch (const base::Error& error) {
        if (!blames_content(error)) {
            throw;
        }
    }
}

void Reading::take_certificate(const PackageText& text) {
    if (!certificate_) {
        certificate_ = text;
    } else if (certificate_->name != text.name) {
        verdict_.fail(fmt::format("there are two certificate files, '{}' and '{}'",
                                  certificate_->name, text.name));
    } else if (certificate_->text != text.text) {
        throw base::Error(base::ErrorKind::conflict, fmt::format("{} changed while it was read",
                                                                 quoted_source(source_.name())));
    }
}

// As soon as both texts are there: for a file before any data, for a stream when it comes.
void Reading::check_signature_once() {
    if (signature_checked_ || !certificate_ || !manifest_.text()) {
        return;
    }
    signature_checked_ = true;
    check_signature(*certificate_, *manifest_.text(), manifest_.is_weak(), std::time(nullptr),
                    verdict_, report_.signature);
    handler_.on_signature(report_.signature);
}

// A .mf or .cert that the descriptor lists as a file of its own is ordinary data.
bool Reading::is_plain_file(std::string_view name) const {
    if (is_descriptor_name(name)) {
        return false;
    }
    const bool special = is_manifest_name(name) || is_certificate_name(name);
    return !special || (descriptor_delivered_ && find_file_of_member(envelope_, name) != nullptr);
}

void Reading::pass_all_members() {
    while (std::optional<TarMember> member = tar_.next()) {
        base::interrupt().check();
        if (!descriptor_ && is_descriptor_name(member->name)) {
            enter_folder(folder_of(member->name));
        }
        member->name = without_folder(member->name, folder_);
        if (!is_plain_file(member->name)) {
            pass_text_member(*member);
            deliver_held_members();
        } else if (descriptor_delivered_) {
            pass_data_member(*member);
        } else {
            hold_member(*member);
        }
        show_progress();
    }
    end_delivery();
    report_.total_bytes = tar_.position();
}

void Reading::pass_text_member(const TarMember& member) {
    const bool is_descriptor = is_descriptor_name(member.name);
    const std::uint64_t limit = is_descriptor ? policy_.descriptor_bytes : policy_.manifest_bytes;
    const PackageText text{member.name, read_text_member(tar_, member, limit, source_.name())};
    MemberDigests digests = MemberDigests::all();  // small, and often before the manifest
    digests.write(base::as_bytes(text.text));
    if (is_descriptor && !report_.members.empty()) {
        verdict_.note("descriptor_not_first",
                      "the descriptor is not the first member; other importers refuse that");
    }
    report_.members.push_back({member.name, member.size, digests.sha256(), false});
    manifest_.add(member.name, digests, is_descriptor);
    if (is_descriptor) {
        take_descriptor(text);
        check_signature_once();
    } else {
        take_text(text);
    }
}

// Manifest or certificate.
void Reading::take_text(const PackageText& text) {
    const bool is_manifest = is_manifest_name(text.name);
    if (policy_.ignore_manifest || (policy_.ignore_signature && !is_manifest)) {
        passed_over_.push_back(text.name);
        return;
    }
    handler_.on_text(text.name, text.text);
    if (is_manifest) {
        manifest_.take(text);
    } else {
        take_certificate(text);
    }
    check_signature_once();
}

void Reading::hold_member(const TarMember& member) {
    std::uint64_t held = 0;
    for (const HeldMember& other : held_) {
        held += other.data.size();
    }
    if (member.size > policy_.buffered_bytes - std::min(held, policy_.buffered_bytes)) {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("{}: the descriptor comes after '{}' ({}), too late for a stream",
                        quoted_source(source_.name()), member.name,
                        base::format_byte_size(member.size)),
            source_.seekable_fd() < 0 && source_.size() == 0 && source_.name() != "standard input"
                ? "unpack it first; a package starts with its descriptor"
                : "save it to a file and give the file; a package starts with its descriptor");
    }
    held_.push_back({{member.name, member.size, "", false},
                     read_text_member(tar_, member, policy_.buffered_bytes, source_.name())});
    // Its place in the report is the one in the stream; digests follow with the delivery.
    report_.members.push_back(held_.back().record);
}

void Reading::deliver_held_members() {
    if (!descriptor_delivered_) {
        return;
    }
    std::vector<HeldMember> files;
    for (HeldMember& member : held_) {
        const auto record = std::find_if(
            report_.members.begin(), report_.members.end(),
            [&](const PackageMember& other) { return other.name == member.record.name; });
        member.record.name = without_folder(member.record.name, folder_);
        record->name = member.record.name;
        if (is_plain_file(member.record.name)) {
            files.push_back(std::move(member));
            continue;
        }
        // Only now it shows that this lies beside the descriptor.
        record->sha256 = base::digest_hex(base::DigestAlgorithm::sha256, member.data);
        take_text({member.record.name, member.data});
    }
    held_.clear();
    for (const HeldMember& member : files) {
        deliver(member.record.name, member.record.size,
                [&](base::ByteSink& sink) { sink.write(base::as_bytes(member.data)); });
    }
}

void Reading::pass_data_member(const TarMember& member) {
    report_.members.push_back({member.name, member.size, "", false});
    deliver(member.name, member.size, [&](base::ByteSink& sink) {
        // Buffers in turn: the digests may lie behind, see ParallelTee.
        for (std::size_t turn = 0;; turn = (turn + 1) % (ParallelTee::kDepth + 1)) {
            const auto buffer = std::span(buffer_).subspan(turn * kBuffer, kBuffer);
            const std::size_t got = tar_.read(buffer);
            if (got == 0) {
                break;
            }
            base::interrupt().check();
            sink.write(buffer.first(got));
            show_progress();
        }
    });
}

// A chunk goes on with the file it belongs to, everything else starts one.
Delivery& Reading::delivery_for(const std::string& name, std::uint64_t size) {
    const std::optional<ChunkName> chunk =
        handler_.wants_chunks() ? std::nullopt : find_chunk(envelope_, name);
    if (chunk && delivery_ && delivery_->next_chunk_of(*chunk) == chunk->index) {
        return *delivery_;
    }
    const std::uint64_t expected =
        chunk && delivery_ ? delivery_->next_chunk_of(*chunk).value_or(0) : 0;
    end_delivery();
    if (chunk && chunk->index != 0) {
        verdict_.fail(
            chunk->index > expected
                ? fmt::format("chunk {} of file '{}' is missing", expected, chunk->name)
                : fmt::format("chunk {} of file '{}' is out of order", chunk->index, chunk->name),
            "chunks must follow each other, from .000000000 on");
        delivery_.emplace(nullptr, name, size);
        return *delivery_;
    }
    delivery_.emplace(&handler_, name, size, chunk);
    return *delivery_;
}

void Reading::deliver(const std::string& name, std::uint64_t size,
                      const std::function<void(base::ByteSink&)>& pump) {
    Delivery& delivery = delivery_for(name, size);
    MemberDigests digests = manifest_.digests_for(name);
    if (size < kWorthAThread) {
        TeeSink tee(digests, delivery.sink());
        pump(tee);
    } else {
        ParallelTee tee(digests, delivery.sink());
        pump(tee);
        tee.finish();
    }
    const auto record =
        std::find_if(report_.members.begin(), report_.members.end(),
                     [&](const PackageMember& member) { return member.name == name; });
    record->sha256 = digests.sha256();
    const bool matches = manifest_.add(name, digests, true);
    delivery.end_member(matches, record->in_manifest);
    if (!delivery.joined()) {
        end_delivery();
    }
}

void Reading::end_delivery() {
    if (!delivery_) {
        return;
    }
    delivery_->close();
    if (delivery_->joined()) {
        report_.joined.push_back(*delivery_->joined());
    }
    const std::exception_ptr failure = delivery_->failure();
    const bool matches = delivery_->matches();
    delivery_.reset();
    if (failure && manifest_.text() && matches && !policy_.collect_failures) {
        std::rethrow_exception(failure);
    }
    if (failure && !held_failure_) {
        held_failure_ = failure;
    }
}

void Reading::check_completeness() {
    if (!descriptor_) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("{}: there is no descriptor (a file named .ovf) in it",
                                      quoted_source(source_.name())),
                          "it is a tar archive, but no OVA");
    }
    manifest_.conclude();
    if (certificate_ && !manifest_.text()) {
        verdict_.fail(fmt::format("'{}' is there, but the manifest that it signs is missing",
                                  certificate_->name));
        report_.signature.state = CheckState::failed;
    }
    if (policy_.wants_trust() && report_.manifest.state == CheckState::partial) {
        report_.signature.trusted = false;
        report_.signature.why_not_trusted = "the signature does not cover every file";
        verdict_.fail(fmt::format("the signature does not cover '{}'",
                                  fmt::join(report_.manifest.unlisted, "', '")),
                      "what is trusted must be covered whole, --lax or not");
    }
    if (!certificate_ && (policy_.require_signature || policy_.wants_trust())) {
        verdict_.fail("the package is not signed",
                      "ask its maker for a signed one, or check it without --trust");
    }
    std::vector<std::string> special = passed_over_;
    special.push_back(descriptor_->name);
    if (manifest_.text()) {
        special.push_back(manifest_.text()->name);
    }
    if (certificate_) {
        special.push_back(certificate_->name);
    }
    check_references(envelope_, report_.members, special, verdict_);
    report_.tar = tar_.shape();
    for (const PackageFinding& oddity : tar_.oddities()) {
        verdict_.note(oddity.code, oddity.text);
    }
}

PackageReport Reading::finish() {
    if (held_failure_) {
        std::rethrow_exception(held_failure_);
    }
    return std::move(report_);
}

}  // namespace

PackageReport read_package(base::ByteSource& source, PackageHandler& handler,
                           const VerifyPolicy& policy) {
    Reading reading(source, handler, policy);
    // A regular file: descriptor, manifest and signature first, wherever they stand.
    reading.look_ahead_if_file();
    // The one pass: every byte is hashed, and what is data goes to the handler.
    reading.pass_all_members();
    // What only the end can tell: late manifest, missing and surplus files, the signature.
    reading.check_completeness();
    // Beyond this point every check has been passed, or is in the report's failures.
    return reading.finish();
}

}  // namespace ovfkit
