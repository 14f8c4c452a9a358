// SPDX-License-Identifier: Apache-2.0
// Reads the descriptors of the corpus (see CONTRIBUTING.md, MUSTER_CORPUS) and compares what we say
// of each with EXPECT.tsv. A difference that is not in the list of known ones fails, and so does a
// known one that went away: the list shall stay true.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/process.h"
#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/descriptor/write_envelope.h"

namespace {

constexpr int kSkipped = 77;

struct Expectation {
    std::string path;
    bool accept = false;
    bool needs_companion = false;
};

// Path suffix and why the verdict is not ours; docs/ovf.md argues each. Where a file that is not
// in the corpus decides (needs_companion_file), the descriptor alone is right.
const std::map<std::string, std::string> kKnownDifferences{
    {"fixtures/empty.ovf", "an envelope without any content is of no use to anybody"},
    {"fixtures/invalid-property-key.ovf", "VMware's own appliances have '.' in keys: a warning"},
    {"Envelope/Pos/bare_minimal.ovf", "byte for byte the same as the one in Neg"},
    {"HttpLocators/Pos/bare_minimal_http.ovf", "byte for byte the same as the one in Neg"},
    {"Neg/identity_compression.ovf", "differs from the one in Pos by the prefix only"},
    {"Neg/invalid_createType_disk.ovf", "the fault is inside the disk file"},
    {"Neg/invalid_delta_reference_disk.ovf", "the fault is inside the disk file"},
    {"Neg/valid_no_disk.ovf", "the disk file is missing"},
    {"Neg/valid_no_disk_in_server.ovf", "the disk file is missing"},
    {"Neg/gzip_compression.ovf", "the disk file does not fit"},
    {"Neg/invalid_ref_size_neg.ovf", "the disk file is a dummy"},
    {"Neg/invalid_ref_size_null.ovf", "the disk file is a dummy"},
    {"Neg/invalid_vmdk.ovf", "the disk file is a dummy"},
};

std::vector<Expectation> read_expectations(const std::filesystem::path& corpus) {
    std::vector<Expectation> expectations;
    std::istringstream lines(base::read_file(corpus / "EXPECT.tsv"));
    std::string line;
    std::getline(lines, line);  // the heads of the columns
    while (std::getline(lines, line)) {
        std::istringstream cells(line);
        std::string path;
        std::string verdict;
        std::string basis;
        std::string companion;
        std::getline(cells, path, '\t');
        std::getline(cells, verdict, '\t');
        std::getline(cells, basis, '\t');
        std::getline(cells, companion, '\t');
        expectations.push_back({path, verdict == "accept", companion == "yes"});
    }
    return expectations;
}

// Differences that no row of EXPECT.tsv is about, or that the documentation does not argue.
int judge_list(const std::vector<Expectation>& expectations) {
    const std::string text =
        base::read_file(std::filesystem::path(MUSTER_SOURCE_DIR) / "docs/ovf.md");
    int wrong = 0;
    for (const auto& [suffix, reason] : kKnownDifferences) {
        const auto rows = std::count_if(
            expectations.begin(), expectations.end(),
            [&, end = suffix](const Expectation& row) { return row.path.ends_with(end); });
        const bool argued =
            text.find(std::filesystem::path(suffix).filename().string()) != std::string::npos;
        if (rows != 1 || !argued) {
            ++wrong;
            std::cout << fmt::format("LIST {}: {} rows, {} in docs/ovf.md\n", suffix, rows,
                                     argued ? "argued" : "not argued");
        }
    }
    return wrong;
}

// Empty: accepted.
std::string complaint_about(const std::filesystem::path& path) {
    try {
        ovfkit::read_envelope(base::read_file(path), path.filename().string());
        return "";
    } catch (const base::Error& error) {
        return error.message();
    }
}

const std::string* known_difference(const std::string& path) {
    for (const auto& [suffix, reason] : kKnownDifferences) {
        if (path.ends_with(suffix)) {
            return &reason;
        }
    }
    return nullptr;
}

int judge(const std::filesystem::path& corpus) {
    int right = 0;
    int known = 0;
    const std::vector<Expectation> expectations = read_expectations(corpus);
    int wrong = judge_list(expectations);
    for (const Expectation& expectation : expectations) {
        const std::string complaint = complaint_about(corpus / expectation.path);
        const bool agrees = complaint.empty() == expectation.accept;
        const bool is_known = known_difference(expectation.path) != nullptr;
        right += agrees ? 1 : 0;
        known += !agrees && is_known ? 1 : 0;
        if (agrees == is_known) {
            ++wrong;
            std::cout << fmt::format("{} {}: expected {}, {}\n", agrees ? "NO LONGER" : "WRONG",
                                     expectation.path, expectation.accept ? "accept" : "reject",
                                     complaint.empty() ? "accepted" : complaint);
        }
    }
    std::cout << fmt::format("{} verdicts as expected, {} known differences, {} wrong\n", right,
                             known, wrong);
    const auto all = static_cast<int>(expectations.size());
    return wrong == 0 && all > 0 && right + known == all ? 0 : 1;
}

// All namespaces of the envelope are one.
void normalise(ovfkit::xml::Element& element) {
    const auto fold = [](std::string& uri) {
        if (uri.starts_with("http://schemas.dmtf.org/ovf/") ||
            uri.starts_with("http://www.vmware.com/schema/ovf/1/")) {
            uri = "ovf";
        }
    };
    fold(element.namespace_uri);
    for (ovfkit::xml::Attribute& attribute : element.attributes) {
        fold(attribute.namespace_uri);
    }
    for (ovfkit::xml::Element& child : element.children) {
        normalise(child);
    }
}

template <typename T>
void normalise_unknown(T& owner) {
    for (ovfkit::UnknownSection& section : owner.unknown_sections) {
        section.namespace_uri = "";
        normalise(section.element);
    }
}

// OVF 1 has one kind of item and fewer fields of it.
void normalise_item(ovfkit::HardwareItem& item) {
    item.kind = ovfkit::HardwareItem::Kind::item;
    std::erase_if(item.other_values, [](const ovfkit::ItemValue& value) {
        return value.name.find("Profile") != std::string::npos ||
               value.name.find("Instruction") != std::string::npos;
    });
    std::stable_sort(item.other_values.begin(), item.other_values.end(),
                     [](const auto& a, const auto& b) { return a.name < b.name; });
}

void normalise(ovfkit::Content& content, bool version_1) {
    if (auto* system = std::get_if<ovfkit::VirtualSystem>(&content)) {
        normalise_unknown(*system);
        for (ovfkit::HardwareSection& section : system->hardware) {
            for (ovfkit::HardwareItem& item : section.items) {
                if (version_1) {
                    normalise_item(item);
                }
            }
        }
        return;
    }
    auto& collection = std::get<ovfkit::VirtualSystemCollection>(content);
    normalise_unknown(collection);
    for (ovfkit::Content& member : collection.members) {
        normalise(member, version_1);
    }
}

// What writing in that version loses on purpose.
ovfkit::Envelope normalised(ovfkit::Envelope envelope, const std::string& version) {
    const bool version_1 = !version.starts_with("2.");
    envelope.version = version;
    normalise_unknown(envelope);
    if (version_1) {
        for (ovfkit::Network& network : envelope.networks) {
            network.port_profile_uris.clear();
        }
    }
    normalise(*envelope.content, version_1);
    return envelope;
}

// True: read, written in that version ("": its own) and read again, it says the same.
bool survives(const ovfkit::Envelope& envelope, const std::string& version,
              const std::string& path) {
    const std::string text = ovfkit::write_envelope(envelope, {.version = version});
    const auto again = ovfkit::read_envelope(text, path + ", written again");
    const std::string kept = envelope.version == "0.9" ? "1.1" : envelope.version;
    const std::string wanted = version.empty() ? kept : version;
    const bool same = normalised(again, wanted) == normalised(envelope, wanted);
    const bool stable = ovfkit::write_envelope(again, {.version = version}) == text;
    if (!same || !stable) {
        std::cout << fmt::format("{} BY WRITING '{}' {}\n", same ? "UNSTABLE" : "CHANGED", version,
                                 path);
    }
    return same && stable;
}

std::filesystem::path prepare_schema(const std::filesystem::path& corpus,
                                     const std::filesystem::path& dir) {
    const auto schemas = corpus / "xen-orchestra/packages/xo-vmdk-to-vhd/src/ova-schema";
    for (const auto& entry : std::filesystem::directory_iterator(schemas)) {
        std::filesystem::create_symlink(entry.path(), dir / entry.path().filename());
    }
    const auto ours = std::filesystem::path(MUSTER_SOURCE_DIR) / "ovfkit/doc/muster-ovf-1.xsd";
    std::filesystem::create_symlink(ours, dir / ours.filename());
    return dir / ours.filename();
}

// Every accepted descriptor, read, written and read again, says the same and is valid by the
// schema of DSP8023 1.1.1 together with ours when other vendors' sections are left out.
int rewrite(const std::filesystem::path& corpus) {
    const base::TempDir dir;
    const auto schema = prepare_schema(corpus, dir.path());
    std::vector<std::string> argv{"xmllint", "--nonet", "--noout", "--schema", schema.string()};
    int wrong = 0;
    int count = 0;
    for (const Expectation& expectation : read_expectations(corpus)) {
        const auto path = corpus / expectation.path;
        if (!complaint_about(path).empty()) {
            continue;
        }
        const auto envelope = ovfkit::read_envelope(base::read_file(path), expectation.path);
        for (const std::string version : {"", "1.1", "2.1", "0.9"}) {
            // OVF 0.9 refuses what later versions allow, as two disks of one file.
            if (version != "0.9" || envelope.version == "0.9") {
                wrong += survives(envelope, version, expectation.path) ? 0 : 1;
            }
        }
        const std::string text =
            ovfkit::write_envelope(envelope, {.version = "1.1", .unknown_sections = false});
        const auto written = dir.path() / fmt::format("{}.ovf", ++count);
        base::write_file(written, text);
        argv.push_back(written.string());
    }
    const auto result = base::run(base::Command{.argv = argv});
    if (result.status != 0) {
        std::cout << "NOT VALID BY THE SCHEMA\n" << result.err.substr(0, 4000);
        ++wrong;
    }
    std::cout << fmt::format("{} descriptors written again, {} wrong\n", count, wrong);
    return wrong == 0 && count > 0 ? 0 : 1;
}

// Whatever the corpus holds, reading it must end in an envelope or in an Error.
int read_everything(const std::filesystem::path& corpus) {
    int count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
        const std::string extension = entry.path().extension().string();
        if (entry.is_regular_file() && (extension == ".ovf" || extension == ".xml")) {
            complaint_about(entry.path());
            ++count;
        }
    }
    std::cout << fmt::format("{} files read\n", count);
    return count > 0 ? 0 : 1;
}

}  // namespace

int main() {
    const char* corpus = std::getenv("MUSTER_CORPUS");
    if (corpus == nullptr || *corpus == '\0') {
        std::cout << "skipped: MUSTER_CORPUS is unset\n";
        return kSkipped;
    }
    return judge(corpus) + rewrite(corpus) + read_everything(corpus) == 0 ? 0 : 1;
}
