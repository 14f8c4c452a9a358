// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/packages/apk.h"

#include "assembler/introspect/system/text.h"

namespace assembler::introspect {

void read_apk(Reading& reading, PackageDatabase& database) {
    constexpr std::string_view kPath = "/lib/apk/db/installed";
    constexpr std::uint64_t kMaxBytes = std::uint64_t{32} << 20U;
    if (!reading.tree().resolve(kPath)) {
        return;
    }
    const std::string text = reading.tree().read(kPath, kMaxBytes);
    std::vector<PackageFact>& packages = reading.facts().packages;
    std::uint32_t number = 0;
    std::string folder;
    bool in_package = false;
    for (const Line& line : lines_of(text)) {
        if (line.text.size() < 2 || line.text[1] != ':') {
            in_package = in_package && !line.text.empty();
            continue;
        }
        const std::string value(line.text.substr(2));
        const char field = line.text[0];
        if (field == 'P') {
            packages.push_back({.name = value});
            number = database.add_package(value, value == "alpine-base" || value == "musl");
            in_package = true;
        } else if (field == 'V' && in_package) {
            packages.back().version = value;
        } else if (field == 'A' && in_package) {
            packages.back().architecture = value;
        } else if (field == 'F') {
            folder = "/" + value;
        } else if (field == 'R' && in_package) {
            database.add_file(number, folder + (folder == "/" ? "" : "/") + value);
        }
    }
}

}  // namespace assembler::introspect
