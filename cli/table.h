// SPDX-License-Identifier: Apache-2.0
// A table for people: columns aligned by two spaces, no lines. Cells may hold untrusted text;
// control characters are made visible and line breaks become spaces.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace cli {

class Table {
  public:
    explicit Table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }
    // As many cells as headings.
    void add_row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    bool empty() const { return rows_.size() == 1; }
    void print(std::ostream& out) const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

// "2.5 s", "12 s", "3 min", "5 h", "5 d": the age or length of something, in one unit.
std::string format_seconds(double seconds);
// "2026-11-20 22:15:03" in the user's time zone; "-" for 0.
std::string format_time_ms(std::int64_t since_1970_ms);

}  // namespace cli
