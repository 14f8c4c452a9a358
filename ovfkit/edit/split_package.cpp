// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "ovfkit/edit/edit_package.h"
#include "ovfkit/edit/folder_edit.h"
#include "ovfkit/edit/graft.h"
#include "ovfkit/edit/member_relay.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit::edit {

namespace fs = std::filesystem;

namespace {

// One of the new packages while it is written.
struct Part {
    std::string name;  // of the package, without ".ova"
    std::vector<std::string> members;
    std::unique_ptr<base::AtomicFile> file;
    std::unique_ptr<PackageWriter> writer;
};

class Splitting {
  public:
    Splitting(const SplitOptions& options, const fs::path& folder)
        : options_(options), folder_(folder) {}

    void begin(const std::string& name, const std::string& text, SplitResult& result) {
        const DescriptorDocument document(text, name);
        const auto ids = ids_of(document.systems(), "id");
        if (ids.size() < 2) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("'{}' is the only machine of the package: there is "
                                          "nothing to split",
                                          ids.empty() ? "" : ids.front()));
        }
        for (const std::string& id : ids) {
            CutOut cut = cut_out(text, name, id);
            for (std::string& note : cut.notes) {
                if (std::find(result.notes.begin(), result.notes.end(), note) ==
                    result.notes.end()) {
                    result.notes.push_back(std::move(note));
                }
            }
            Part part{file_name_of(id), std::move(cut.members), nullptr, nullptr};
            part.file = std::make_unique<base::AtomicFile>(folder_ / (part.name + ".ova"));
            part.writer =
                std::make_unique<PackageWriter>(part.file->fd(), part.name + ".ova",
                                                PackageWriterOptions{.digest = options_.digest});
            part.writer->add_text(part.name + ".ovf", cut.text);
            parts_.push_back(std::move(part));
        }
    }

    std::vector<RelayTarget> targets_of(const std::string& member) const {
        std::vector<RelayTarget> targets;
        const std::string file = split_chunk_name(member).first;
        for (const Part& part : parts_) {
            const bool wanted =
                std::any_of(part.members.begin(), part.members.end(),
                            [&](const std::string& one) { return one == member || one == file; });
            if (wanted) {
                targets.push_back({part.writer.get(), member});
            }
        }
        return targets;
    }

    void finish(SplitResult& result) {
        for (Part& part : parts_) {
            part.writer->finish(options_.signer);
            part.file->commit();
            result.files.push_back(part.name + ".ova");
        }
    }

  private:
    // Ids come from a stranger; different ones must not become the same file.
    std::string file_name_of(const std::string& id) const {
        std::string name;
        for (const char c : id) {
            const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ||
                               c == '_' || (c == '.' && !name.empty());
            name += plain ? c : '_';
        }
        std::vector<std::string> taken;
        for (const Part& part : parts_) {
            taken.push_back(folded_name(part.name));
        }
        std::string unique = name.substr(0, 200);
        for (int i = 2; std::find(taken.begin(), taken.end(), folded_name(unique)) != taken.end();
             ++i) {
            unique = fmt::format("{}-{}", name.substr(0, 200), i);
        }
        return unique;
    }

    const SplitOptions& options_;
    fs::path folder_;
    std::vector<Part> parts_;
};

}  // namespace

SplitResult split_package(const SplitOptions& options) {
    const fs::path target = fs::absolute(options.folder).lexically_normal();
    require_absent(target);
    base::TempDir folder(folder_above(target), ".muster-split");
    SplitResult result;
    Splitting splitting(options, folder.path());
    MemberRelay relay([&](const std::string& name,
                          const std::string& text) { splitting.begin(name, text, result); },
                      [&](const std::string& member) { return splitting.targets_of(member); },
                      options.on_progress);
    const auto source = open_package(options.input);
    VerifyPolicy strict = options.policy;
    strict.collect_failures = false;
    const PackageReport report = read_package(*source, relay, strict);
    splitting.finish(result);
    publish_folder(folder, target);
    for (std::string& file : result.files) {
        file = (fs::path(options.folder) / file).string();
    }
    result.signature_lost =
        report.signature.state != CheckState::absent && options.signer == nullptr;
    return result;
}

}  // namespace ovfkit::edit
