// SPDX-License-Identifier: Apache-2.0
// One difference between two packages, and the list that the comparisons write to. A change belongs
// to a subject ("machine 'web'"); what the subject has in common is not mentioned. Values of
// passwords are never part of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace ovfkit {

struct Change {
    enum class Kind { added, removed, changed };

    Kind kind = Kind::changed;
    std::string subject;  // "package", "machine 'web'"
    std::string what;     // "memory", "property 'title'"; empty: the subject itself
    std::string before;   // empty when added
    std::string after;    // empty when removed

    bool operator==(const Change&) const = default;
};

std::string_view to_string(Change::Kind kind);
base::Json to_json(const std::vector<Change>& changes);

class Changes {
  public:
    // What is said from now on is about this.
    void set_subject(std::string subject) { subject_ = std::move(subject); }

    // Nothing happens when both are the same.
    void compare(std::string_view what, const std::string& before, const std::string& after);
    void compare_number(std::string_view what, std::uint64_t before, std::uint64_t after);
    void compare_flag(std::string_view what, bool before, bool after);
    void added(std::string_view what, std::string value = "");
    void removed(std::string_view what, std::string value = "");

    std::vector<Change> take() { return std::move(changes_); }

  private:
    std::string subject_ = "package";
    std::vector<Change> changes_;
};

// Pairs the elements of two lists that have the same key, in the order of the lists; a key stands
// once in each. on_both(a, b), on_removed(a), on_added(b).
template <typename List, typename Key, typename Both, typename Removed, typename Added>
void match(const List& before, const List& after, const Key& key, const Both& on_both,
           const Removed& on_removed, const Added& on_added) {
    const auto find = [&](const List& list, const auto& element) {
        for (const auto& candidate : list) {
            if (key(candidate) == key(element)) {
                return &candidate;
            }
        }
        return static_cast<decltype(&*list.begin())>(nullptr);
    };
    for (const auto& element : before) {
        if (const auto* other = find(after, element)) {
            on_both(element, *other);
        } else {
            on_removed(element);
        }
    }
    for (const auto& element : after) {
        if (find(before, element) == nullptr) {
            on_added(element);
        }
    }
}

}  // namespace ovfkit
