// SPDX-License-Identifier: Apache-2.0
// Writes XML text, indented, everything escaped. White space inside attributes survives. A
// character that XML 1.0 cannot carry (control characters, broken UTF-8) is an invalid_input error
// naming the element and the attribute. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ovfkit::xml {

class Writer {
  public:
    Writer();  // begins with the declaration

    void open(std::string_view name);  // "ovf:File", as it shall be written
    // Directly after open(), before anything inside.
    void attribute(std::string_view name, std::string_view value);
    void attribute(std::string_view name, std::uint64_t value);
    void flag(std::string_view name, bool value);  // "true" or "false"
    void text(std::string_view value);
    void close();
    // open, text, close.
    void element(std::string_view name, std::string_view value);
    void element(std::string_view name, std::uint64_t value);

    std::string finish();  // every element is closed

  private:
    void end_of_start_tag();
    std::string out_;
    std::vector<std::string> open_;
    bool in_start_tag_ = false;
    bool has_children_ = false;  // the innermost open element
};

}  // namespace ovfkit::xml
