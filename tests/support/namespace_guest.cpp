// SPDX-License-Identifier: Apache-2.0
// namespace_guest SWITCH_SOCKET MACHINE_SOCKET MAC COMMAND…: runs COMMAND in a user and network
// namespace of its own whose interface `eth0` is a port of a switch: a guest with the kernel's real
// TCP/IP, without root and without QEMU. eth0 is one end of a veth pair; a packet socket on the
// other end is relayed to the datagram sockets that QEMU would use. Exits with COMMAND's status, or
// 77 when the kernel does not allow such namespaces.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include <fmt/format.h>

extern "C" {  // glibc 2.36 forgets it
#include <sys/pidfd.h>
}

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "hvruntime/net/engine/port_socket.h"

namespace {

constexpr int kSkipped = 77;

bool enter_namespaces() {
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        std::perror("namespace_guest: no user and network namespaces");
        return false;
    }
    const auto write = [](const char* path, const std::string& text) {
        const base::UniqueFd fd = base::open_file(path, O_WRONLY);
        base::write_all(fd.get(), text, path);
    };
    write("/proc/self/setgroups", "deny");
    write("/proc/self/uid_map", fmt::format("0 {} 1", uid));
    write("/proc/self/gid_map", fmt::format("0 {} 1", gid));
    return true;
}

// The kernel leaves checksums and segmentation to the "hardware" of a veth, which is us.
void turn_offloads_off(const std::string& interface) {
    const base::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    for (const int command : {ETHTOOL_STXCSUM, ETHTOOL_SSG, ETHTOOL_STSO, ETHTOOL_SGSO}) {
        ethtool_value value{static_cast<__u32>(command), 0};
        ifreq request{};
        interface.copy(request.ifr_name, IFNAMSIZ - 1);
        // SAFETY: SIOCETHTOOL takes a pointer to the command's structure as char*.
        request.ifr_data = reinterpret_cast<char*>(&value);
        if (::ioctl(fd.get(), SIOCETHTOOL, &request) != 0 && command == ETHTOOL_STXCSUM) {
            throw base::SystemError(errno, "cannot turn checksum offload off");
        }
    }
}

void make_interface(const std::string& mac) {
    const auto ip = [](std::vector<std::string> words) {
        words.insert(words.begin(), "ip");
        base::run_checked({.argv = std::move(words)});
    };
    ip({"link", "add", "eth0", "address", mac, "type", "veth", "peer", "name", "wire"});
    turn_offloads_off("eth0");
    ip({"link", "set", "lo", "up"});
    ip({"link", "set", "wire", "up"});
    ip({"link", "set", "eth0", "up"});
}

base::UniqueFd open_wire() {
    base::UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(::if_nametoindex("wire"));
    // SAFETY: the sockets API asks for sockaddr and reads it by its family.
    if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw base::SystemError(errno, "cannot open the packet socket");
    }
    packet_mreq promiscuous{};
    promiscuous.mr_ifindex = address.sll_ifindex;
    promiscuous.mr_type = PACKET_MR_PROMISC;
    ::setsockopt(fd.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous);
    return fd;
}

struct Plug {
    base::UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    socklen_t peer_size = 0;  // before peer, whose initialiser sets it
    sockaddr_storage peer{};

    Plug(const std::string& switch_path, const std::string& own_path)
        : peer(hvruntime::net::unix_address(switch_path, peer_size)) {
        socklen_t size = 0;
        const sockaddr_storage own = hvruntime::net::unix_address(own_path, size);
        ::unlink(own_path.c_str());
        // SAFETY: as above.
        if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), size) != 0) {
            throw base::SystemError(errno, "cannot make " + own_path);
        }
    }
};

// Until the child ends. Frames that cannot be sent are lost, as on a wire.
void relay(int wire, const Plug& plug, int child) {
    std::array<char, 65536> buffer{};
    while (true) {
        std::array<pollfd, 3> entries{pollfd{wire, POLLIN, 0}, pollfd{plug.fd.get(), POLLIN, 0},
                                      pollfd{child, POLLIN, 0}};
        ::poll(entries.data(), entries.size(), -1);
        if (entries[0].revents != 0) {
            sockaddr_ll from{};
            socklen_t from_size = sizeof from;
            // SAFETY: as above.
            const ssize_t size = ::recvfrom(wire, buffer.data(), buffer.size(), 0,
                                            reinterpret_cast<sockaddr*>(&from), &from_size);
            if (size > 0 && from.sll_pkttype != PACKET_OUTGOING) {
                ::sendto(plug.fd.get(), buffer.data(), static_cast<std::size_t>(size), 0,
                         reinterpret_cast<const sockaddr*>(&plug.peer), plug.peer_size);
            }
        }
        if (entries[1].revents != 0) {
            const ssize_t size = ::recv(plug.fd.get(), buffer.data(), buffer.size(), 0);
            if (size > 0) {
                [[maybe_unused]] const ssize_t lost =
                    ::send(wire, buffer.data(), static_cast<std::size_t>(size), 0);
            }
        }
        if (entries[2].revents != 0) {
            return;
        }
    }
}

int run_guest(char** argv) {
    if (!enter_namespaces()) {
        return kSkipped;
    }
    make_interface(argv[3]);
    const base::UniqueFd wire = open_wire();
    const Plug plug(argv[1], argv[2]);
    const base::ScopeExit unlink([&] { ::unlink(argv[2]); });
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::execvp(argv[4], argv + 4);
        std::perror(argv[4]);
        ::_exit(127);
    }
    const base::UniqueFd pidfd(::pidfd_open(child, 0));
    relay(wire.get(), plug, pidfd.get());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) {
        std::fputs("usage: namespace_guest SWITCH_SOCKET MACHINE_SOCKET MAC COMMAND...\n", stderr);
        return 2;
    }
    try {
        return run_guest(argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "namespace_guest: %s\n", error.what());
        return 1;
    }
}
