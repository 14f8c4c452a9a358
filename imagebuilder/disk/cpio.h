// SPDX-License-Identifier: Apache-2.0
// Makes a cpio archive in the "newc" form, which is what the kernel unpacks as an initramfs.
// Everything belongs to root and has the time 0, so equal content gives equal bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace imagebuilder {

class CpioWriter {
  public:
    void add_directory(std::string_view path);
    void add_file(std::string_view path, std::string_view data, unsigned permissions = 0644);
    void add_symlink(std::string_view path, std::string_view target);
    void add_char_device(std::string_view path, unsigned major, unsigned minor);
    std::string finish();  // ends the archive and hands it over

  private:
    void add(std::string_view path, unsigned mode, std::string_view data, unsigned major = 0,
             unsigned minor = 0);
    std::string bytes_;
    unsigned next_inode_ = 1;
};

}  // namespace imagebuilder
