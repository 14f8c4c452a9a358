// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/edit_session.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/edit/edit_steps.h"
#include "ovfkit/package/reference_check.h"

namespace ovfkit::edit {

using base::Error;
using base::ErrorKind;

EditSession::EditSession(std::string_view text, const std::string& name,
                         EditSurroundings surroundings)
    : original_(text), name_(name), document_(text, name), surroundings_(std::move(surroundings)) {
}

void EditSession::apply(const EditStep& step) {
    const Operation& operation = require_operation(step);
    base::in_context(step.origin, [&] { operation.run(*this, step); });
}

std::string EditSession::finish() const {
    std::string text = document_.text();
    const EnvelopeReading after = examine_envelope(text, name_);
    if (has_errors(after.diagnostics)) {
        const EnvelopeReading before = examine_envelope(original_, name_);
        const auto known = [&](const Diagnostic& found) {
            return std::any_of(before.diagnostics.begin(), before.diagnostics.end(),
                               [&](const Diagnostic& old) {
                                   return old.code == found.code && old.text == found.text;
                               });
        };
        Diagnostics fresh = after.diagnostics;
        std::erase_if(fresh, known);
        if (has_errors(fresh)) {
            Error error = error_of_diagnostics(fresh, name_);
            error.add_context("the edited descriptor would be wrong");
            throw error;
        }
    }
    return text;
}

EditableElement& EditSession::machine() {
    if (selected_ != nullptr) {
        return *selected_;
    }
    const auto systems = document_.systems();
    if (systems.size() == 1) {
        return *systems.front();
    }
    throw Error(ErrorKind::usage, "there are several machines, and none was chosen",
                fmt::format("name one before: --system {}",
                            fmt::join(ids_of(systems, "id"), ", --system ")));
}

EditableElement& EditSession::machine_or_top() {
    return selected_ != nullptr ? *selected_ : document_.content();
}

void EditSession::select_system(const std::string& id) {
    selected_ = &document_.require_system(id);
}

void EditSession::select_configuration(const std::string& id) {
    const EditableElement* section =
        document_.find_section(document_.envelope(), "DeploymentOptionSection");
    const auto ids = section == nullptr ? std::vector<std::string>{}
                                        : ids_of(section->children("Configuration"), "id");
    if (!id.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) {
        throw Error(ErrorKind::not_found, fmt::format("there is no configuration '{}'", id),
                    ids.empty() ? "the descriptor has none"
                                : fmt::format("there are: {}", fmt::join(ids, ", ")));
    }
    configuration_ = id;
}

void EditSession::add_file(AddedFile file) {
    added_files_.push_back(std::move(file));
}

void EditSession::remove_member(const std::string& href) {
    FileReference file;
    file.href = href;
    const auto names = member_names_of(file);
    const auto removed = std::erase_if(
        added_files_, [&](const AddedFile& added) { return contains(names, added.member); });
    for (GraftedPackage& package : grafted_) {
        std::erase_if(package.members,
                      [&](const auto& pair) { return contains(names, pair.second); });
    }
    if (removed == 0) {
        removed_members_.insert(names.begin(), names.end());
    }
}

std::vector<std::string> EditSession::member_names() const {
    std::vector<std::string> names = ids_of(document_.files(), "href");
    const std::string stem = name_.ends_with(".ovf") ? name_.substr(0, name_.size() - 4) : name_;
    for (const char* extension : {".ovf", ".mf", ".cert"}) {
        names.push_back(stem + extension);
    }
    return names;
}

void EditSession::add_grafted(GraftedPackage package) {
    if (surroundings_.read_digests && digests_) {
        for (const auto& [member, digest] : surroundings_.read_digests(package.location)) {
            const auto ours = package.members.find(member);
            if (ours != package.members.end()) {
                digests_->emplace(digest, ours->second);
            }
        }
    }
    grafted_.push_back(std::move(package));
}

std::map<std::string, std::string> EditSession::find_same_members(const std::string& location) {
    std::map<std::string, std::string> same;
    // In the drafts of OVF a file is of one disk only.
    if (!surroundings_.read_digests || document_.dialect() == Dialect::ovf09) {
        return same;
    }
    if (!digests_) {
        digests_.emplace();
        for (const auto& [member, digest] : surroundings_.read_digests("")) {
            digests_->emplace(digest, member);
        }
    }
    for (const auto& [member, digest] : surroundings_.read_digests(location)) {
        const auto ours = digests_->find(digest);
        if (ours != digests_->end() && !removed_members_.contains(ours->second)) {
            same[member] = ours->second;
        }
    }
    return same;
}

}  // namespace ovfkit::edit
