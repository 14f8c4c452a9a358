// SPDX-License-Identifier: Apache-2.0
// The two datagram sockets of one machine's NIC: one bound at the switch's path to receive, one
// connected to QEMU's path to send, which is the only way to be told when a full queue has room
// again (the kernel's is 10 datagrams). Neither end minds when the other is gone or comes back.
// The destructor removes the path. Not thread-safe.
#pragma once

#include <sys/socket.h>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "hvruntime/net/engine/poll_set.h"
#include "hvruntime/net/engine/route.h"

namespace hvruntime::net {

// Room for a batch of frames; shared by all ports of a switch.
class ReceiveBatch {
  public:
    explicit ReceiveBatch(std::size_t largest_frame);
    // Returns the number of frames that were waiting on fd, at most kSize.
    std::size_t receive(int fd);
    // A frame that was too long for its place is one byte longer than the largest.
    ByteView frame(std::size_t index) const;

    static constexpr std::size_t kSize = 32;

  private:
    std::size_t slot_;
    std::vector<std::uint8_t> space_;
    std::vector<iovec> places_;
    std::vector<mmsghdr> headers_;
};

class PortSocket {
  public:
    PortSocket(std::string switch_path, std::string machine_path);
    PortSocket(const PortSocket&) = delete;
    PortSocket& operator=(const PortSocket&) = delete;
    ~PortSocket();

    void add_polls(PollSet& polls);
    bool readable(const PollSet& polls) const { return polls.revents(receive_index_) != 0; }
    int receive_fd() const { return receiver_.get(); }
    // Sends what waited, if the machine takes it now.
    void handle(const PollSet& polls);
    // nullopt: sent or queued; else why not.
    std::optional<Drop> send(ByteView frame);
    std::size_t queued() const { return queue_.size(); }

  private:
    enum class Outcome { sent, full, absent };
    Outcome try_send(ByteView frame);
    bool connect();

    std::string switch_path_;
    std::string machine_path_;
    base::UniqueFd receiver_;
    base::UniqueFd sender_;  // empty while the machine is absent
    std::deque<Bytes> queue_;
    std::size_t receive_index_ = 0;
    std::optional<std::size_t> send_index_;
};

// AF_UNIX addresses hold 107 bytes. Throws environment naming the path when it is longer.
sockaddr_storage unix_address(const std::string& path, socklen_t& size);

}  // namespace hvruntime::net
