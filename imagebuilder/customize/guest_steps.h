// SPDX-License-Identifier: Apache-2.0
// Applies steps to a system that libguestfs has mounted for writing: programs run in it, in the
// small machine. Files go in through a folder of the guest that is in memory (/run) and gone
// afterwards. One thread; borrows the session.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "imagebuilder/guestfs/guestfish_session.h"
#include "imagebuilder/tree/steps.h"

namespace imagebuilder {

// The script of a program in the guest: a clean environment, its input and output in files of the
// staging folder. It prints how the program ended, then the end of what it printed. Pure.
std::string guest_script(const std::vector<std::string>& argv);

struct GuestAnswer {
    int status = 0;
    std::string output;
};
// Throws external for what is no answer: the guest's shell may be anything. Pure.
GuestAnswer parse_guest_answer(std::string_view text);

class GuestSteps {
  public:
    // `work` is a folder of this host for files on their way.
    GuestSteps(GuestfishSession& session, std::filesystem::path work,
               std::function<void(std::string_view)> on_output);

    // The end of what the program printed (64 KiB). Failing is an external error with its last 40
    // lines; `what` is for it.
    std::string run(const TreeCommand& command, std::string_view what);
    // No packages: those are commands by then. Copies belong to root.
    void apply(const std::filesystem::path& folder, const Step& step);
    // Files of this host into a folder of the guest, which is made.
    void add_files(const std::filesystem::path& from, const std::vector<std::string>& names,
                   const std::string& folder);
    void enable_firstboot(const std::vector<std::string>& commands);
    // Nothing of ours is in the guest afterwards; freed blocks are given back.
    void finish();

  private:
    void upload_text(const std::string& text, const std::string& to);
    void copy(const std::filesystem::path& folder, const CopyFiles& copy);
    void copy_file(const std::filesystem::path& from, const std::string& to, unsigned mode);

    GuestfishSession& session_;
    std::filesystem::path work_;
    std::function<void(std::string_view)> on_output_;
};

}  // namespace imagebuilder
