// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/crypto/digest.h"
#include "ovfkit/diff/diff_parts.h"

namespace ovfkit {

namespace {

std::string section_text(const ProductSection& section) {
    if (section.class_name.empty() && section.instance.empty()) {
        return section.product.empty() ? "product" : fmt::format("product '{}'", section.product);
    }
    return fmt::format("product of class '{}'{}{}", section.class_name,
                       section.instance.empty() ? "" : ", instance ", section.instance);
}

// Sections are told apart by class and instance, as the standard does.
std::string key_of(const ProductSection& section) {
    return fmt::format("{}\n{}", section.class_name, section.instance);
}

std::string shown(const Property& property, bool has_value, const std::string& value) {
    if (!has_value) {
        return "none";
    }
    return property.password ? "***" : fmt::format("'{}'", value);
}

// Of a password only whether it is another one.
void compare_default(const Property& before, const Property& after, const std::string& what,
                     Changes& changes) {
    const bool same = before.has_value == after.has_value && before.value == after.value;
    const bool secret = before.password || after.password;
    if (same) {
        return;
    }
    if (secret) {
        changes.compare(what, before.has_value ? "*** (another)" : "none",
                        after.has_value ? "***" : "none");
    } else {
        changes.compare(what, shown(before, before.has_value, before.value),
                        shown(after, after.has_value, after.value));
    }
}

std::string values_text(const Property& property) {
    std::vector<std::string> values;
    for (const ConfigurationValue& value : property.values) {
        values.push_back(
            fmt::format("{}: {}", value.configuration, property.password ? "***" : value.value));
    }
    return sorted_list(std::move(values));
}

void diff_property(const ProductSection& section, const Property& before, const Property& after,
                   Changes& changes) {
    const std::string name = fmt::format("property '{}'", environment_key(section, before));
    const auto of = [&](std::string_view part) { return fmt::format("{} of {}", part, name); };
    compare_default(before, after, of("default"), changes);
    changes.compare(of("values by configuration"), values_text(before), values_text(after));
    changes.compare(of("type"), before.type, after.type);
    changes.compare(of("qualifiers"), before.qualifiers, after.qualifiers);
    changes.compare_flag(of("secrecy"), before.password, after.password);
    changes.compare_flag(of("being set by the user"), before.user_configurable,
                         after.user_configurable);
    changes.compare_flag(of("being required"), before.required, after.required);
    changes.compare(of("category"), before.category, after.category);
    changes.compare(of("label"), before.label, after.label);
    changes.compare(of("description"), excerpt_of(before.description),
                    excerpt_of(after.description));
    changes.compare(of("template"), before.value_template, after.value_template);
    changes.compare_number(of("generated length"), before.generate_length, after.generate_length);
}

void diff_section(const ProductSection& before, const ProductSection& after, Changes& changes) {
    const std::string name = section_text(before);
    const auto compare = [&](std::string_view what, std::string ProductSection::*field) {
        changes.compare(fmt::format("{} of {}", what, name), before.*field, after.*field);
    };
    compare("name", &ProductSection::product);
    compare("vendor", &ProductSection::vendor);
    compare("version", &ProductSection::version);
    compare("full version", &ProductSection::full_version);
    compare("URL", &ProductSection::product_url);
    compare("vendor's URL", &ProductSection::vendor_url);
    compare("application's URL", &ProductSection::app_url);
    match(
        before.properties, after.properties,
        [](const Property& property) -> const std::string& { return property.key; },
        [&](const Property& a, const Property& b) { diff_property(before, a, b, changes); },
        [&](const Property& a) {
            changes.removed(fmt::format("property '{}'", environment_key(before, a)),
                            shown(a, a.has_value, a.value));
        },
        [&](const Property& b) {
            changes.added(fmt::format("property '{}'", environment_key(after, b)),
                          shown(b, b.has_value, b.value));
        });
}

}  // namespace

void diff_products(const std::vector<ProductSection>& before,
                   const std::vector<ProductSection>& after, Changes& changes) {
    match(
        before, after, key_of,
        [&](const ProductSection& a, const ProductSection& b) { diff_section(a, b, changes); },
        [&](const ProductSection& a) {
            changes.removed(section_text(a), fmt::format("{} properties", a.properties.size()));
        },
        [&](const ProductSection& b) {
            changes.added(section_text(b), fmt::format("{} properties", b.properties.size()));
        });
}

void diff_licences(const std::vector<Eula>& before, const std::vector<Eula>& after,
                   Changes& changes) {
    const std::size_t common = std::min(before.size(), after.size());
    for (std::size_t i = 0; i < common; ++i) {
        changes.compare(fmt::format("licence {}", i + 1), excerpt_of(before[i].license),
                        excerpt_of(after[i].license));
    }
    for (std::size_t i = common; i < before.size(); ++i) {
        changes.removed(fmt::format("licence {}", i + 1), excerpt_of(before[i].license));
    }
    for (std::size_t i = common; i < after.size(); ++i) {
        changes.added(fmt::format("licence {}", i + 1), excerpt_of(after[i].license));
    }
}

void diff_unknown_sections(const std::vector<UnknownSection>& before,
                           const std::vector<UnknownSection>& after, Changes& changes) {
    const auto names = [](const std::vector<UnknownSection>& sections) {
        std::vector<std::string> words;
        for (const UnknownSection& section : sections) {
            words.push_back(section.name + (section.required ? " (required)" : ""));
        }
        return sorted_list(std::move(words));
    };
    changes.compare("other sections", names(before), names(after));
}

std::string sorted_list(std::vector<std::string> words) {
    std::sort(words.begin(), words.end());
    return fmt::format("{}", fmt::join(words, ", "));
}

std::string excerpt_of(const std::string& text) {
    constexpr std::size_t kShown = 60;
    if (text.size() <= kShown) {
        return text;
    }
    std::size_t end = kShown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;  // not in the middle of a character
    }
    return fmt::format("{}… ({} bytes, SHA-256 {})", text.substr(0, end), text.size(),
                       base::digest_hex(base::DigestAlgorithm::sha256, text).substr(0, 16));
}

}  // namespace ovfkit
