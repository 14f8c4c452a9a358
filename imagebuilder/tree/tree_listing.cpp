// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/tree_listing.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>
#include <map>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "imagebuilder/tree/sandbox.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

// type inode links ctime mtime size mode uid gid path
constexpr const char* kFormat = R"(%y %i %n %C@ %T@ %s %m %U %G %P\0)";
constexpr std::size_t kLargestListing = std::size_t{1} << 30U;

// '/' before any other letter: a folder's content follows it at once.
bool comes_before(std::string_view a, std::string_view b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        const auto rank = [](char c) {
            return c == '/' ? 0 : static_cast<int>(static_cast<unsigned char>(c));
        };
        return rank(x) < rank(y);
    });
}

std::uint64_t number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) {
        throw base::Error(base::ErrorKind::external,
                          fmt::format("find printed '{}' for a number", text));
    }
    return number;
}

std::string_view take_word(std::string_view& text) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) {
        throw base::Error(base::ErrorKind::external, "find printed an incomplete line");
    }
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space + 1);
    return word;
}

ListedFile parse_line(std::string_view line) {
    ListedFile file;
    std::string_view rest = line;
    file.type = take_word(rest).front();
    const std::string_view stamped = rest;
    file.inode = number_of(take_word(rest));
    file.links = number_of(take_word(rest));
    for (int field = 0; field < 6; ++field) {
        take_word(rest);
    }
    file.stamp = stamped.substr(0, stamped.size() - rest.size());
    file.path = rest.empty() ? "." : "./" + std::string(rest);
    return file;
}

// "1700000000.1234567890": the third word of a stamp, as nanoseconds.
std::int64_t change_time(const ListedFile& file) {
    std::string_view rest = file.stamp;
    take_word(rest);
    take_word(rest);
    const std::string_view time = take_word(rest);
    const std::size_t dot = std::min(time.find('.'), time.size());
    std::string fraction(time.substr(std::min(dot + 1, time.size())));
    fraction.resize(9, '0');
    return static_cast<std::int64_t>(number_of(time.substr(0, dot))) * 1'000'000'000 +
           static_cast<std::int64_t>(number_of(fraction));
}

// The kernel stamps files by a clock of some milliseconds; two changes in one tick look alike.
void wait_for_next_tick(const TreeListing& listing) {
    std::int64_t newest = 0;
    for (const ListedFile& file : listing) {
        newest = std::max(newest, change_time(file));
    }
    constexpr int kMostRounds = 100;  // of 1 ms: a file from the future does not stop us
    for (int round = 0; round < kMostRounds; ++round) {
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
        if (std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec > newest) {
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

bool is_below(std::string_view path, std::string_view folder) {
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

// Which of `after` are stored, by index.
class Marks {
  public:
    explicit Marks(const TreeListing& after) : after_(after), on_(after.size()) {}
    void set(std::size_t index) { on_[index] = true; }
    bool operator[](std::size_t index) const { return on_[index]; }

    // A file with several names is stored with all of them, for its link would lead to another.
    void spread_to_links() {
        std::map<std::uint64_t, bool> changed;
        for (std::size_t i = 0; i < after_.size(); ++i) {
            if (on_[i] && !after_[i].is_folder() && after_[i].links > 1) {
                changed[after_[i].inode] = true;
            }
        }
        for (std::size_t i = 0; i < after_.size(); ++i) {
            on_[i] = on_[i] || (!after_[i].is_folder() && changed.contains(after_[i].inode));
        }
    }
    // Unpacking touches the folders: their times have to be set again.
    void spread_to_folders() {
        std::vector<std::size_t> path;  // the folders that lead to i
        for (std::size_t i = 0; i < after_.size(); ++i) {
            while (!path.empty() && !is_below(after_[i].path, after_[path.back()].path)) {
                path.pop_back();
            }
            if (on_[i]) {
                for (const std::size_t folder : path) {
                    on_[folder] = true;
                }
            }
            if (after_[i].is_folder()) {
                path.push_back(i);
            }
        }
    }

  private:
    const TreeListing& after_;
    std::vector<bool> on_;
};

void add_removed(TreeDifference& difference, const std::string& path) {
    if (difference.removed.empty() || !is_below(path, difference.removed.back())) {
        difference.removed.push_back(path);
    }
}

}  // namespace

TreeListing parse_listing(std::string_view text) {
    TreeListing listing;
    while (!text.empty()) {
        const std::size_t end = text.find('\0');
        if (end == std::string_view::npos) {
            throw base::Error(base::ErrorKind::external, "find printed an incomplete line");
        }
        ListedFile file = parse_line(text.substr(0, end));
        if (!file.path.starts_with("./dev/")) {
            listing.push_back(std::move(file));
        }
        text.remove_prefix(end + 1);
    }
    std::sort(listing.begin(), listing.end(), [](const ListedFile& a, const ListedFile& b) {
        return comes_before(a.path, b.path);
    });
    return listing;
}

TreeListing list_tree(const fs::path& tree) {
    base::Command find = command_as_owner({"find", tree.string(), "-xdev", "-printf", kFormat});
    find.env = {{"LC_ALL", "C"}};
    find.stdout_limit = kLargestListing;
    TreeListing listing = parse_listing(base::run_checked(find).out);
    wait_for_next_tick(listing);
    return listing;
}

TreeDifference compare(const TreeListing& before, const TreeListing& after) {
    TreeDifference difference;
    Marks marks(after);
    std::vector<bool> was_folder(after.size());
    std::size_t b = 0;
    std::size_t a = 0;
    while (b < before.size() || a < after.size()) {
        if (a == after.size() ||
            (b < before.size() && comes_before(before[b].path, after[a].path))) {
            add_removed(difference, before[b++].path);
        } else if (b == before.size() || comes_before(after[a].path, before[b].path)) {
            marks.set(a++);
        } else {
            was_folder[a] = before[b].is_folder() && after[a].is_folder();
            if (before[b].type != after[a].type) {
                add_removed(difference, before[b].path);
                marks.set(a);
            } else if (before[b].stamp != after[a].stamp) {
                marks.set(a);
            }
            ++a;
            ++b;
        }
    }
    marks.spread_to_links();
    marks.spread_to_folders();
    for (std::size_t i = 0; i < after.size(); ++i) {
        if (marks[i]) {
            difference.stored.push_back(after[i].path);
            if (was_folder[i]) {
                difference.folders.push_back(after[i].path);
            }
        }
    }
    return difference;
}

}  // namespace imagebuilder
