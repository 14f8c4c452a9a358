// SPDX-License-Identifier: Apache-2.0
// CPUs and memory: the item whose quantity holds, for all configurations or for one. An item for
// one configuration replaces the one for all, so it is made as a copy. DSP0243 8.3, 9.8.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "ovfkit/descriptor/hardware.h"
#include "ovfkit/descriptor/units.h"
#include "ovfkit/edit/edit_steps.h"
#include "ovfkit/edit/hardware_items.h"

namespace ovfkit::edit {

using base::Error;
using base::ErrorKind;

namespace {

struct Quantity {
    int type;
    std::string_view what;  // "cpus", "memory"
    std::string_view item;  // the name of a new item
    std::string_view unit;  // of a new item; empty: none
};

constexpr Quantity kCpus{resource::kProcessor, "cpus", "Processors", "hertz * 10^6"};
constexpr Quantity kMemory{resource::kMemory, "memory", "Memory", "byte * 2^20"};

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

EditableElement& item_of_configuration(HardwareItems& items, const Quantity& quantity,
                                       const std::string& configuration) {
    EditableElement* general = nullptr;
    for (EditableElement* item : items.of_type(quantity.type)) {
        std::vector<std::string> words = HardwareItems::configurations_of(*item);
        if (words.empty()) {
            general = item;
        } else if (contains(words, configuration)) {
            if (words.size() > 1) {
                EditableElement& own = items.section().add_copy_after(item, *item);
                own.set_attribute("configuration", configuration);
                std::erase(words, configuration);
                item->set_attribute("configuration", fmt::format("{}", fmt::join(words, " ")));
                return own;
            }
            return *item;
        }
    }
    if (general == nullptr) {
        throw Error(ErrorKind::not_found,
                    fmt::format("the machine has no {} in configuration '{}'", quantity.what,
                                configuration),
                    fmt::format("set the {} for all configurations first", quantity.what));
    }
    EditableElement& own = items.section().add_copy_after(general, *general);
    own.set_attribute("configuration", configuration);
    return own;
}

EditableElement& item_for_all(EditSession& session, HardwareItems& items,
                              const Quantity& quantity) {
    EditableElement* general = nullptr;
    std::vector<std::string> configured;
    for (EditableElement* item : items.of_type(quantity.type)) {
        const auto words = HardwareItems::configurations_of(*item);
        if (words.empty()) {
            general = item;
        }
        configured.insert(configured.end(), words.begin(), words.end());
    }
    if (general == nullptr && !configured.empty()) {
        throw Error(
            ErrorKind::usage,
            fmt::format("the {} depend on the configuration, and none was chosen", quantity.what),
            fmt::format("name one before: --configuration {}",
                        fmt::join(configured, ", --configuration ")));
    }
    if (general == nullptr) {
        general = &items.add(quantity.type, quantity.item);
        items.set_text(*general, "AllocationUnits", quantity.unit);
    }
    if (!configured.empty()) {
        session.note(fmt::format("these configurations keep their own {}: {}", quantity.what,
                                 fmt::join(configured, ", ")));
    }
    return *general;
}

EditableElement& quantity_item(EditSession& session, HardwareItems& items,
                               const Quantity& quantity) {
    return session.configuration().empty()
               ? item_for_all(session, items, quantity)
               : item_of_configuration(items, quantity, session.configuration());
}

// In bytes for memory.
std::optional<std::uint64_t> amount_of(const EditableElement& item, const Quantity& quantity) {
    const auto number = number_of(HardwareItems::text_of(item, "VirtualQuantity"));
    if (quantity.type != resource::kMemory || !number) {
        return number;
    }
    const std::string units = HardwareItems::text_of(item, "AllocationUnits");
    const auto factor = units.empty() ? base::kMiB : unit_factor(units);  // as the field means it
    return factor ? multiply(*number, *factor) : std::nullopt;
}

void check_bounds(EditSession& session, const HardwareItems& items, const Quantity& quantity,
                  std::uint64_t amount, const std::string& shown) {
    for (const EditableElement* item : items.bounds_of(quantity.type)) {
        const auto words = HardwareItems::configurations_of(*item);
        const auto limit = amount_of(*item, quantity);
        if (!limit || (!words.empty() && !contains(words, session.configuration()))) {
            continue;
        }
        const bool is_minimum = attribute_of(*item, "bound") == "min";
        if (is_minimum ? amount < *limit : amount > *limit) {
            throw Error(
                ErrorKind::invalid_input,
                fmt::format("{} {} is {} what the descriptor allows ({} {})", shown, quantity.what,
                            is_minimum ? "below" : "above", is_minimum ? "at least" : "at most",
                            quantity.type == resource::kMemory ? base::format_byte_size(*limit)
                                                               : std::to_string(*limit)));
        }
    }
}

// "8192MB of memory", "8 GiB of memory": names that say the old number.
void rename_number(HardwareItems& items, EditableElement& item, const std::string& before,
                   const std::string& after, std::string_view follows) {
    const std::string name = HardwareItems::text_of(item, "ElementName");
    if (name.starts_with(before) &&
        std::string_view(name).substr(before.size()).starts_with(follows)) {
        items.set_text(item, "ElementName", after + name.substr(before.size()));
    }
}

// "2 virtual CPU(s)", "1 virtual CPU", "2 CPUs", "2 vCPU".
void rename_cpus(HardwareItems& items, EditableElement& item, const std::string& before,
                 const std::string& after) {
    for (const std::string_view what : {" virtual CPU", " CPU", " vCPU"}) {
        for (const std::string_view plural : {"", "s"}) {
            const std::string words = fmt::format("{}{}", what, plural);
            if (HardwareItems::text_of(item, "ElementName") == before + words) {
                items.set_text(item, "ElementName",
                               fmt::format("{}{}{}", after, what, after == "1" ? "" : "s"));
                return;
            }
        }
        rename_number(items, item, before, after, fmt::format("{}(s)", what));
    }
}

std::vector<HardwareItems> require_hardware(EditSession& session) {
    EditableElement& system = session.machine();
    std::vector<HardwareItems> all = hardware_of(session.document(), system);
    if (all.empty()) {
        session.document().add_section(system, "VirtualHardwareSection",
                                       "The virtual hardware of the machine");
        all = hardware_of(session.document(), system);
    }
    return all;
}

}  // namespace

void set_cpus(EditSession& session, const EditStep& step) {
    const auto count = number_of(step.value);
    if (!count || *count == 0 || *count > 4096) {
        throw Error(ErrorKind::usage, fmt::format("'{}' is no number of CPUs", step.value),
                    "1 to 4096");
    }
    for (HardwareItems& items : require_hardware(session)) {
        check_bounds(session, items, kCpus, *count, step.value);
        EditableElement& item = quantity_item(session, items, kCpus);
        const std::string before = HardwareItems::text_of(item, "VirtualQuantity");
        items.set_text(item, "VirtualQuantity", std::to_string(*count));
        rename_cpus(items, item, before, std::to_string(*count));
    }
}

void set_memory(EditSession& session, const EditStep& step) {
    const std::uint64_t bytes = base::parse_byte_size(step.value);
    if (bytes == 0) {
        throw Error(ErrorKind::usage, "a machine without memory cannot start");
    }
    for (HardwareItems& items : require_hardware(session)) {
        check_bounds(session, items, kMemory, bytes, base::format_byte_size(bytes));
        EditableElement& item = quantity_item(session, items, kMemory);
        const std::string before = HardwareItems::text_of(item, "VirtualQuantity");
        const auto bytes_before = amount_of(item, kMemory);
        const std::string units = HardwareItems::text_of(item, "AllocationUnits");
        std::uint64_t factor = units.empty() ? 0 : unit_factor(units).value_or(0);
        if (factor == 0 || bytes % factor != 0) {
            factor = bytes % base::kMiB == 0   ? base::kMiB
                     : bytes % base::kKiB == 0 ? base::kKiB
                                               : 1;
            items.set_text(item, "AllocationUnits",
                           factor == base::kMiB   ? "byte * 2^20"
                           : factor == base::kKiB ? "byte * 2^10"
                                                  : "byte");
        }
        const std::string after = std::to_string(bytes / factor);
        items.set_text(item, "VirtualQuantity", after);
        rename_number(items, item, before, after, "MB of memory");
        if (bytes_before) {
            rename_number(items, item, base::format_byte_size(*bytes_before),
                          base::format_byte_size(bytes), " of memory");
        }
    }
}

}  // namespace ovfkit::edit
