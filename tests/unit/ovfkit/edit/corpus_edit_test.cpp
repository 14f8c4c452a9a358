// SPDX-License-Identifier: Apache-2.0
// Edits of descriptors from the field: the reader sees the change and nothing else.
#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/edit/text_diff.h"
#include "tests/support/catch.h"
#include "tests/support/corpus.h"
#include "tests/unit/ovfkit/edit/edit_samples.h"

namespace {

struct Sample {
    std::string path;
    std::string text;
    ovfkit::Envelope envelope;
};

std::vector<Sample> accepted(const std::filesystem::path& corpus) {
    std::vector<Sample> samples;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
        if (!entry.is_regular_file() || entry.path().extension() != ".ovf") {
            continue;
        }
        const std::string text = base::read_file(entry.path());
        try {
            samples.push_back({entry.path(), text, ovfkit::read_envelope(text, "x.ovf")});
        } catch (const base::Error&) {
            continue;  // judged by the reader's own tests
        }
    }
    return samples;
}

ovfkit::VirtualSystem& first_system(ovfkit::Envelope& envelope) {
    return const_cast<ovfkit::VirtualSystem&>(*ovfkit::all_systems(envelope).front());
}

long changed_lines(const std::string& before, const std::string& after) {
    const std::string diff = ovfkit::edit::unified_diff(before, after, "x");
    long lines = 0;
    for (std::size_t at = diff.find("@@"); at < diff.size(); at = diff.find('\n', at) + 1) {
        lines += diff[at] == '-' || diff[at] == '+' ? 1 : 0;
    }
    return lines;
}

}  // namespace

TEST_CASE("an annotation changes the annotation alone", "[ovfkit][edit][corpus]") {
    const auto corpus = tests::find_corpus();
    if (!corpus) {
        return;
    }
    int taken = 0;
    for (Sample& sample : accepted(*corpus)) {
        if (ovfkit::all_systems(sample.envelope).empty()) {
            continue;
        }
        INFO(sample.path);
        ovfkit::VirtualSystem& system = first_system(sample.envelope);
        const bool had_one = sample.text.find("AnnotationSection") != std::string::npos;
        const std::string after =
            tests::edited(sample.text, {{"system", system.id}, {"annotation", "edited"}});
        system.annotation = "edited";
        system.message_ids.erase("Annotation");  // the new text has no translation
        CHECK(ovfkit::read_envelope(after, "x.ovf") == sample.envelope);
        if (!had_one && sample.text.find("\n") != std::string::npos &&
            sample.text.starts_with("<")) {
            CHECK(changed_lines(sample.text, after) <= 6);
        }
        ++taken;
    }
    CHECK(taken > 80);
}

TEST_CASE("cpus and memory are what the reader says afterwards", "[ovfkit][edit][corpus]") {
    const auto corpus = tests::find_corpus();
    if (!corpus) {
        return;
    }
    int taken = 0;
    for (Sample& sample : accepted(*corpus)) {
        const auto systems = ovfkit::all_systems(sample.envelope);
        if (systems.empty() || systems.front()->hardware.empty()) {
            continue;
        }
        INFO(sample.path);
        const std::string configuration = ovfkit::default_configuration(sample.envelope);
        std::string after;
        try {
            after = tests::edited(sample.text, {{"system", systems.front()->id},
                                                {"configuration", configuration},
                                                {"cpus", "3"},
                                                {"memory", "1792MiB"}});
        } catch (const base::Error& error) {
            // Bounds of the descriptor itself, or nothing to copy.
            const bool understood = error.message().find("allows") != std::string::npos ||
                                    error.kind() == base::ErrorKind::not_found;
            CHECK(understood);
            continue;
        }
        const auto envelope = ovfkit::read_envelope(after, "x.ovf");
        const ovfkit::VirtualSystem& system = *ovfkit::all_systems(envelope).front();
        CHECK(ovfkit::cpus_of(system, configuration) == 3);
        CHECK(ovfkit::memory_bytes_of(system, configuration) == std::uint64_t{1792} << 20U);
        CHECK(envelope.disks == sample.envelope.disks);
        CHECK(envelope.networks == sample.envelope.networks);
        CHECK(system.products == systems.front()->products);
        CHECK(system.unknown_sections == systems.front()->unknown_sections);
        ++taken;
    }
    CHECK(taken > 60);
}

TEST_CASE("what is added and removed again leaves the meaning", "[ovfkit][edit][corpus]") {
    const auto corpus = tests::find_corpus();
    if (!corpus) {
        return;
    }
    int taken = 0;
    for (const Sample& sample : accepted(*corpus)) {
        const auto systems = ovfkit::all_systems(sample.envelope);
        if (systems.empty() || systems.front()->hardware.empty() ||
            systems.front()->hardware.front().items.empty()) {
            continue;
        }
        INFO(sample.path);
        const std::string nic = std::to_string(ovfkit::nics_of(*systems.front(), "").size() + 1);
        const std::string with =
            tests::edited(sample.text, {{"system", systems.front()->id},
                                        {"add-network", "edit-net"},
                                        {"add-nic", "edit-net,name=edit-nic"},
                                        {"add-disk", "size=1GiB,id=edit-disk"}});
        const auto more = ovfkit::read_envelope(with, "x.ovf");
        CHECK(more.disks.size() == sample.envelope.disks.size() + 1);
        CHECK(more.networks.size() == sample.envelope.networks.size() + 1);
        const std::string without = tests::edited(with, {{"system", systems.front()->id},
                                                         {"remove-disk", "edit-disk"},
                                                         {"remove-nic", "edit-nic"},
                                                         {"remove-network", "edit-net"}});
        const auto again = ovfkit::read_envelope(without, "x.ovf");
        CHECK(again.disks == sample.envelope.disks);
        CHECK(again.networks == sample.envelope.networks);
        CHECK(again.files == sample.envelope.files);
        ++taken;
    }
    CHECK(taken > 60);
}
