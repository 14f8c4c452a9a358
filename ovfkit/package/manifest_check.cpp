// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/manifest_check.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

using base::DigestAlgorithm;

MemberDigests::MemberDigests(const std::vector<DigestAlgorithm>& algorithms) {
    running_.emplace(DigestAlgorithm::sha256, base::Digest(DigestAlgorithm::sha256));
    for (const DigestAlgorithm algorithm : algorithms) {
        running_.emplace(algorithm, base::Digest(algorithm));
    }
}

MemberDigests MemberDigests::all() {
    return MemberDigests({DigestAlgorithm::sha1, DigestAlgorithm::sha384, DigestAlgorithm::sha512});
}

void MemberDigests::write(std::span<const std::byte> data) {
    for (auto& [algorithm, digest] : running_) {
        digest.update(data);
    }
}

const std::map<DigestAlgorithm, std::string>& MemberDigests::values() {
    for (auto& [algorithm, digest] : running_) {
        values_.emplace(algorithm, digest.finish_hex());
    }
    running_.clear();
    return values_;
}

namespace {

std::optional<Manifest> find_lax_manifest(const PackageText& text) {
    try {
        return parse_manifest(text.text, text.name, true);
    } catch (const base::Error&) {
        return std::nullopt;  // the strict reading says what is wrong
    }
}

}  // namespace

void ManifestCheck::fail(const std::string& text, const std::string& hint) {
    report_.manifest.state = CheckState::failed;
    verdict_.fail(text, hint);
}

void ManifestCheck::flaw(const std::string& code, const std::string& text) {
    if (!verdict_.policy().lax) {
        report_.manifest.state = CheckState::failed;
    }
    verdict_.flaw(code, text);
}

// No digest covers the member.
void ManifestCheck::miss(const std::string& name) {
    ManifestReport& manifest = report_.manifest;
    if (std::find(manifest.unlisted.begin(), manifest.unlisted.end(), name) !=
        manifest.unlisted.end()) {
        return;  // a text that was looked at ahead
    }
    manifest.unlisted.push_back(name);
    if (manifest.state == CheckState::ok) {
        manifest.state = CheckState::partial;
    }
    flaw("not_listed", fmt::format("member '{}' is not listed in the manifest", name));
}

// Of a strict reading that fails at what a lax one lets pass, the rest is compared all the same.
bool ManifestCheck::understand(const PackageText& text) {
    const bool lax = verdict_.policy().lax;
    try {
        manifest_ = parse_manifest(text.text, text.name, lax);
        return true;
    } catch (const base::Error& error) {
        const auto rest = lax ? std::nullopt : find_lax_manifest(text);
        if (!rest) {
            fail(error.message(), error.hint());
            return false;
        }
        flaw("manifest_line", error.message());
        manifest_ = *rest;
        return true;
    }
}

void ManifestCheck::take(const PackageText& text) {
    if (text_) {
        if (text_->name != text.name) {
            fail(fmt::format("there are two manifests, '{}' and '{}'", text_->name, text.name));
        } else if (text_->text != text.text) {
            throw base::Error(
                base::ErrorKind::conflict,
                fmt::format("{} changed while it was read", quoted_source(report_.source)));
        }
        return;
    }
    text_ = text;
    report_.manifest.name = text.name;
    report_.manifest.state = CheckState::ok;  // until something is wrong
    usable_ = understand(text);
    if (!usable_) {
        return;
    }
    std::set<DigestAlgorithm> algorithms;
    for (const ManifestEntry& entry : manifest_.entries) {
        by_file_.emplace(entry.file, &entry);
        algorithms.insert(entry.algorithm);
    }
    for (const DigestAlgorithm algorithm : algorithms) {
        report_.manifest.algorithms.emplace_back(base::to_string(algorithm));
    }
    if (verdict_.policy().lax) {
        for (const std::string& line : manifest_.ignored_lines) {
            verdict_.note("manifest_line", fmt::format("manifest line not understood: '{}'", line));
        }
    }
    if (is_weak()) {
        verdict_.note("weak_digest",
                      "the manifest uses SHA1, which shows accidents but can be forged");
    }
    for (const Seen& seen : seen_) {  // members of a stream whose manifest comes late
        compare(seen);
    }
}

bool ManifestCheck::is_weak() const {
    return std::any_of(by_file_.begin(), by_file_.end(), [&](const auto& item) {
        const auto [first, last] = by_file_.equal_range(item.first);
        return std::all_of(first, last, [](const auto& other) {
            return other.second->algorithm == DigestAlgorithm::sha1;
        });
    });
}

MemberDigests ManifestCheck::digests_for(const std::string& name) const {
    std::vector<DigestAlgorithm> algorithms;
    if (text_) {
        const auto [first, last] = by_file_.equal_range(name);
        std::transform(first, last, std::back_inserter(algorithms),
                       [](const auto& item) { return item.second->algorithm; });
        return MemberDigests(algorithms);
    }
    algorithms.push_back(DigestAlgorithm::sha1);
    if (verdict_.policy().any_algorithm) {
        algorithms.push_back(DigestAlgorithm::sha384);
        algorithms.push_back(DigestAlgorithm::sha512);
    }
    return MemberDigests(algorithms);
}

bool ManifestCheck::add(const std::string& name, MemberDigests& digests, bool must_be_listed) {
    seen_.push_back({name, digests.values(), must_be_listed});
    return !text_ || compare(seen_.back());
}

void ManifestCheck::check_early(const PackageText& text) {
    if (!text_ || verdict_.policy().collect_failures) {
        return;
    }
    MemberDigests digests = MemberDigests::all();
    digests.write(base::as_bytes(text.text));
    compare({text.name, digests.values(), true});
}

void ManifestCheck::check_base_name(const std::string& descriptor_name) {
    if (text_ && has_extension(descriptor_name, ".ovf") &&
        text_->name.substr(0, text_->name.size() - 3) !=
            descriptor_name.substr(0, descriptor_name.size() - 4)) {
        verdict_.note("manifest_name",
                      fmt::format("the manifest '{}' is not named after the descriptor '{}'",
                                  text_->name, descriptor_name));
    }
}

bool ManifestCheck::compare(const Seen& seen) {
    if (!usable_) {
        return true;
    }
    const auto [first, last] = by_file_.equal_range(seen.name);
    if (first == last) {
        if (seen.must_be_listed) {
            miss(seen.name);
        }
        return true;
    }
    for (auto item = first; item != last; ++item) {
        const ManifestEntry& entry = *item->second;
        const auto found = seen.digests.find(entry.algorithm);
        const std::string_view algorithm = base::to_string(entry.algorithm);
        if (found == seen.digests.end()) {
            fail(fmt::format("the manifest comes after '{}' and wants its {} digest, which was not "
                             "taken while it streamed by",
                             seen.name, algorithm),
                 "save the package to a file and give the file");
            return false;
        }
        if (found->second != entry.digest) {
            fail(fmt::format("member '{}' does not match the manifest ({} expected {}, found {})",
                             seen.name, algorithm, entry.digest, found->second),
                 "the file was damaged or changed: get it from its maker again");
            return false;
        }
    }
    const auto member =
        std::find_if(report_.members.begin(), report_.members.end(),
                     [&](const PackageMember& other) { return other.name == seen.name; });
    if (member != report_.members.end()) {
        member->in_manifest = true;
    }
    return true;
}

void ManifestCheck::conclude() {
    if (!text_) {
        verdict_.note("no_manifest",
                      "there is no manifest: nothing shows whether the files are complete and "
                      "unchanged");
        return;
    }
    std::set<std::string> present;
    for (const Seen& seen : seen_) {
        present.insert(seen.name);
    }
    for (auto item = by_file_.begin(); item != by_file_.end();
         item = by_file_.upper_bound(item->first)) {
        if (present.count(item->first) == 0 && !is_archiver_litter(item->first)) {
            flaw("listed_missing",
                 fmt::format("the manifest lists '{}', which is not in the package", item->first));
        }
    }
}

}  // namespace ovfkit
