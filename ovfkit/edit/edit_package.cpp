// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/edit_package.h"

#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "ovfkit/edit/folder_edit.h"
#include "ovfkit/edit/graft.h"
#include "ovfkit/edit/member_relay.h"
#include "ovfkit/edit/package_surroundings.h"
#include "ovfkit/edit/references.h"
#include "ovfkit/edit/text_diff.h"
#include "ovfkit/package/folder_writer.h"
#include "ovfkit/package/package_copy.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit::edit {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

std::string stem_of(const std::string& path) {
    return fs::path(path).stem().string();
}

// One editing of one package; the descriptor is known only when the reader meets it.
class PackageEdit {
  public:
    PackageEdit(const EditPackageOptions& options, fs::path scratch)
        : options_(options), scratch_(std::move(scratch)) {}

    // All steps on this text; the session is complete afterwards.
    std::string change(const std::string& name, const std::string& text) {
        session_.emplace(
            text, name,
            surroundings_of(options_.input, options_.policy, scratch_, options_.dry_run));
        const bool was_single = DescriptorDocument::is_system(session_->document().content());
        for (const std::string& other : options_.merged) {
            session_->apply({"add-machine", other, {}, "merging '" + other + "'"});
        }
        if (was_single && !options_.merged.empty()) {
            name_collection();
        }
        for (const EditStep& step : options_.steps) {
            session_->apply(step);
        }
        std::string after = session_->finish();
        if (options_.chunk_bytes != 0) {
            after = with_chunk_size(after, name, options_.chunk_bytes);
        }
        diff_ = unified_diff(text, after, name);
        return after;
    }

    std::optional<std::string> member_kept(const std::string& name) const {
        const bool gone = session_->removed_members().contains(split_chunk_name(name).first);
        return gone ? std::nullopt : std::optional(name);
    }

    // What the steps brought, after everything that was there.
    void add_new_members(PackageWriter& writer) const {
        for (const AddedFile& added : session_->added_files()) {
            base::in_context(fmt::format("adding '{}'", added.path), [&] {
                const std::uint64_t bytes = base::file_size(added.path);
                base::FdSource source(base::open_regular(added.path), added.path);
                writer.add_member(added.member, bytes,
                                  [&](base::ByteSink& sink) { pump(source, sink); });
            });
        }
        for (const GraftedPackage& package : session_->grafted()) {
            base::in_context(fmt::format("merging '{}'", package.location),
                             [&] { add_grafted(writer, package); });
        }
    }

    const EditSession& session() const { return *session_; }
    const std::string& diff() const { return diff_; }

  private:
    void name_collection() {
        DescriptorDocument& document = session_->document();
        const std::string wanted =
            stem_of(options_.output.empty() ? options_.input : options_.output);
        auto taken = ids_of(document.systems(), "id");
        document.content().set_attribute("id", free_name(wanted, taken));
    }

    static void pump(base::ByteSource& source, base::ByteSink& sink) {
        std::vector<std::byte> buffer(std::size_t{1} << 20U);
        while (const std::size_t got = source.read(buffer)) {
            base::interrupt().check();
            sink.write(std::span(buffer).first(got));
        }
    }

    void add_grafted(PackageWriter& writer, const GraftedPackage& package) const {
        MemberRelay relay(
            [&](const std::string& name, const std::string& text) {
                if (text != package.descriptor_text) {
                    throw Error(ErrorKind::conflict,
                                fmt::format("'{}' changed while it was read", name));
                }
            },
            [&](const std::string& member) {
                const auto [file, chunk] = split_chunk_name(member);
                auto known = package.members.find(member);
                if (known != package.members.end()) {
                    return std::vector<RelayTarget>{{&writer, known->second}};
                }
                known = package.members.find(file);
                return known == package.members.end()
                           ? std::vector<RelayTarget>{}
                           : std::vector<RelayTarget>{{&writer, known->second + chunk}};
            },
            options_.on_progress);
        const auto source = open_package(package.location);
        read_package(*source, relay, options_.policy);
    }

    const EditPackageOptions& options_;
    fs::path scratch_;
    std::optional<EditSession> session_;
    std::string diff_;
};

CopyResult copy_edited(const EditPackageOptions& options, PackageEdit& edit,
                       PackageWriter& writer) {
    CopyPlan plan;
    plan.on_descriptor = [&](const std::string& name, const std::string& text,
                             const Envelope& /*envelope*/) {
        return std::optional(edit.change(name, text));
    };
    plan.on_member = [&](const std::string& name, std::uint64_t /*size*/) {
        return edit.member_kept(name);
    };
    plan.on_progress = options.on_progress;
    plan.join_chunks = options.chunk_bytes != 0;
    const auto source = open_package(options.input);
    CopyResult copied = copy_package(*source, options.policy, writer, plan);
    edit.add_new_members(writer);
    writer.finish(options.signer);
    return copied;
}

PackageWriterOptions writing_of(const EditPackageOptions& options) {
    return {.digest = options.digest, .chunk_bytes = options.chunk_bytes};
}

unsigned mode_of(const fs::path& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0644U;
}

CopyResult edit_to_archive(const EditPackageOptions& options, const std::string& output,
                           PackageEdit& edit) {
    base::AtomicFile file(output, mode_of(output));
    PackageWriter writer(file.fd(), output, writing_of(options));
    CopyResult copied = copy_edited(options, edit, writer);
    file.commit();
    return copied;
}

// One pass: every size is known from the source.
CopyResult edit_to_pipe(const EditPackageOptions& options, PackageEdit& edit) {
    base::FdSink out(STDOUT_FILENO, "standard output");
    PackageWriter writer(out, writing_of(options));
    return copy_edited(options, edit, writer);
}

CopyResult edit_to_folder(const EditPackageOptions& options, PackageEdit& edit) {
    const fs::path target = fs::absolute(options.output).lexically_normal();
    require_absent(target);
    base::TempDir folder(folder_above(target), ".muster-edit");
    PackageWriter writer(std::make_unique<FolderWriter>(folder.path().string()),
                         writing_of(options));
    CopyResult copied = copy_edited(options, edit, writer);
    publish_folder(folder, target);
    return copied;
}

PackageReport edit_in_folder(const EditPackageOptions& options, const std::string& descriptor,
                             PackageEdit& edit) {
    FolderEdit folder(descriptor, options.policy, options.digest);
    folder.read(
        [&](const std::string& name, const std::string& text) { return edit.change(name, text); },
        options.on_progress);
    folder.leave_out([&](const std::string& member) { return !edit.member_kept(member); });
    PackageWriter additions(folder.staging(), {.digest = options.digest});
    edit.add_new_members(additions);
    folder.commit(additions.entries(), options.signer);
    return folder.report();
}

void describe(const EditPackageOptions& options, const PackageReport& source,
              EditPackageResult& result) {
    const bool had_manifest = source.manifest.state != CheckState::absent;
    const bool was_signed = source.signature.state != CheckState::absent;
    result.manifest =
        fmt::format("{} ({})", had_manifest ? "renewed" : "added", base::to_string(options.digest));
    if (options.signer != nullptr) {
        result.signature = fmt::format("made by {}", options.signer->chain.front().info().subject);
    } else {
        result.signature = was_signed ? "dropped" : "none";
        result.signature_lost = was_signed;
    }
    if (std::string text = unchecked_sentence(source); !text.empty()) {
        result.notes.push_back(std::move(text));
    }
}

EditPackageResult run_dry(const EditPackageOptions& options, PackageEdit& edit) {
    const auto [name, text] = read_descriptor_of(options.input, options.policy);
    edit.change(name, text);
    return {.diff = edit.diff(), .notes = edit.session().notes()};
}

}  // namespace

EditPackageResult edit_package(const EditPackageOptions& options) {
    const bool to_pipe = options.output == "-";
    const base::TempDir scratch(options.output.empty() || options.dry_run || to_pipe
                                    ? fs::path()
                                    : folder_above(fs::absolute(options.output)),
                                ".muster-edit");
    PackageEdit edit(options, scratch.path());
    if (options.dry_run) {
        return run_dry(options, edit);
    }
    const auto descriptor = find_folder_descriptor(options.input);
    const bool in_place = options.output.empty();
    if (in_place && (options.input == "-" || options.input.find("://") != std::string::npos)) {
        throw Error(ErrorKind::usage, "a stream cannot be edited in place", "name the result: -o");
    }
    EditPackageResult result;
    PackageReport source;
    if (in_place && descriptor && options.chunk_bytes != 0) {
        throw Error(ErrorKind::unsupported, "the files of a folder are not cut in place",
                    "name the result: -o FOLDER, or -o FILE.ova");
    }
    if (in_place && descriptor) {
        source = edit_in_folder(options, *descriptor, edit);
    } else if (to_pipe) {
        source = edit_to_pipe(options, edit).source;
    } else if (!in_place && !has_extension(options.output, ".ova")) {
        source = edit_to_folder(options, edit).source;
    } else {
        source = edit_to_archive(options, in_place ? options.input : options.output, edit).source;
    }
    result.output = in_place ? options.input : options.output;
    result.diff = edit.diff();
    result.notes = edit.session().notes();
    describe(options, source, result);
    return result;
}

}  // namespace ovfkit::edit
