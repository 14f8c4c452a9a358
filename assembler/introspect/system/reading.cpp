// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/reading.h"

#include <fmt/format.h>

namespace assembler::introspect {

namespace {
constexpr std::size_t kMaxRemarks = 200;
}

std::optional<std::string> Reading::text(std::string_view path) {
    auto text = imagebuilder::read_if_there(tree_, path);
    if (!text) {
        const auto target = tree_.resolve(path);
        const auto entry = target ? tree_.find(*target) : std::nullopt;
        if (entry && entry->type == imagebuilder::TreeEntry::Type::file) {
            remark("the file is too long or damaged, and was not read",
                   {.file = std::string(path)});
        }
    }
    return text;
}

std::vector<imagebuilder::TreeEntry> Reading::list(std::string_view path) {
    std::vector<imagebuilder::TreeEntry> entries;
    part("listing it", [&] { entries = tree_.list(path); });
    return entries;
}

void Reading::remark(std::string text, Evidence evidence) {
    if (facts_.remarks.size() < kMaxRemarks) {
        facts_.remarks.push_back({std::move(text), std::move(evidence)});
    } else if (facts_.remarks.size() == kMaxRemarks) {
        facts_.remarks.push_back({"further remarks are left out", {}});
    }
}

void Reading::note_failure(std::string_view what, const base::Error& error) {
    if (error.kind() == base::ErrorKind::interrupted || error.kind() == base::ErrorKind::internal) {
        throw;
    }
    remark(fmt::format("{}: {}", what, error.message()));
}

}  // namespace assembler::introspect
