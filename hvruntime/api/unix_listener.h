// SPDX-License-Identifier: Apache-2.0
// A listening unix socket with mode 0600 under a path. The path is ours from construction to
// destruction (a lock file beside it), then it is removed.
#pragma once

#include <filesystem>

#include <sys/types.h>

#include "base/fd.h"
#include "base/file.h"

namespace hvruntime {

class UnixListener {
  public:
    // A socket file that nobody listens on is replaced; Error(conflict) when somebody does.
    explicit UnixListener(std::filesystem::path path);
    UnixListener(const UnixListener&) = delete;
    UnixListener& operator=(const UnixListener&) = delete;
    ~UnixListener();
    int fd() const { return fd_.get(); }

  private:
    std::filesystem::path path_;
    base::FileLock lock_;
    base::UniqueFd fd_;
};

struct Peer {
    pid_t pid = 0;
    uid_t uid = 0;
};
// Who is at the other end of a connected unix socket (SO_PEERCRED).
Peer peer_of(int connection_fd);
// The other end was closed, or shut down for writing.
bool peer_is_gone(int connection_fd);

}  // namespace hvruntime
