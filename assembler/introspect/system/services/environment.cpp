// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "assembler/introspect/system/services/services.h"
#include "assembler/introspect/system/text.h"

namespace assembler::introspect {

namespace {

constexpr std::size_t kMaxSettings = 1000;

// Where `value` stands in `line`, if it does as one piece.
ValuePlace place_in(std::string_view line, std::string_view value, const Evidence& evidence,
                    int first_column) {
    const std::size_t at = line.find(value);
    if (value.empty() || at == std::string_view::npos || first_column == 0) {
        return {.file = evidence.file, .line = evidence.line};
    }
    return {.file = evidence.file,
            .line = evidence.line,
            .column = first_column + static_cast<int>(at),
            .length = static_cast<int>(value.size())};
}

// Environment="A=1" B=2
void add_words(const UnitValue& from, std::vector<SettingFact>& settings) {
    std::string_view left = from.value;
    int column = from.column;
    for (const std::string& word : shell_words(from.value)) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos || settings.size() >= kMaxSettings) {
            continue;
        }
        SettingFact setting{.name = word.substr(0, equals),
                            .value = word.substr(equals + 1),
                            .evidence = {.file = from.file, .line = from.line}};
        // The word is looked for behind the last one, and its value inside it.
        const std::size_t at = left.find(word);
        if (at != std::string_view::npos && column > 0) {
            setting.place = {.file = from.file,
                             .line = from.line,
                             .column = column + static_cast<int>(at + equals) + 1,
                             .length = static_cast<int>(setting.value.size())};
            column += static_cast<int>(at + word.size());
            left.remove_prefix(at + word.size());
        } else {
            setting.place = {.file = from.file, .line = from.line};
        }
        settings.push_back(std::move(setting));
    }
}

}  // namespace

std::vector<SettingFact> parse_environment_file(std::string_view text, const std::string& path) {
    std::vector<SettingFact> settings;
    std::string joined;
    int first_line = 0;
    for (const Line& line : lines_of(text)) {
        std::string_view bare = trimmed(line.text);
        if (joined.empty()) {
            if (bare.empty() || bare.front() == '#' || bare.front() == ';') {
                continue;
            }
            first_line = line.number;
        }
        const bool goes_on = bare.ends_with('\\');
        joined += goes_on ? bare.substr(0, bare.size() - 1) : bare;
        if (goes_on && joined.size() < kMaxSettings * 100) {
            continue;
        }
        std::string_view whole = joined;
        if (whole.starts_with("export ")) {
            whole.remove_prefix(7);  // no systemd takes it, but files that shells read too have it
        }
        const std::size_t equals = whole.find('=');
        if (equals != std::string_view::npos && settings.size() < kMaxSettings) {
            const std::vector<std::string> words = shell_words(whole.substr(equals + 1));
            SettingFact setting{.name = std::string(trimmed(whole.substr(0, equals))),
                                .evidence = {.file = path, .line = first_line}};
            for (const std::string& word : words) {
                setting.value += (setting.value.empty() ? "" : " ") + word;
            }
            const std::size_t in_line = line.text.find('=');
            const bool is_one_line = first_line == line.number && in_line != std::string_view::npos;
            setting.place =
                place_in(is_one_line ? line.text.substr(in_line + 1) : "", setting.value,
                         setting.evidence, is_one_line ? static_cast<int>(in_line) + 2 : 0);
            settings.push_back(std::move(setting));
        }
        joined.clear();
    }
    return settings;
}

std::vector<SettingFact> read_environment(Reading& reading, const Unit& unit) {
    std::vector<SettingFact> settings;
    for (const UnitValue& value : unit.all("Service.Environment")) {
        add_words(value, settings);
    }
    for (const UnitValue& value : unit.all("Service.EnvironmentFile")) {
        const std::string path = value.value.substr(value.value.starts_with('-') ? 1 : 0);
        if (const auto text = path.starts_with('/') ? reading.text(path) : std::nullopt) {
            for (SettingFact& setting : parse_environment_file(*text, path)) {
                settings.push_back(std::move(setting));
            }
        }
    }
    if (settings.size() > kMaxSettings) {
        settings.resize(kMaxSettings);
    }
    return settings;
}

}  // namespace assembler::introspect
