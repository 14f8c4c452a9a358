// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/engine/dns_forwarder.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"

namespace hvruntime::net {

namespace {

constexpr std::size_t kMostQuestions = 128;
constexpr std::size_t kMostPerClient = 32;
constexpr auto kServerTimeout = std::chrono::seconds(2);
constexpr std::size_t kMostServers = 3;

// A UDP socket connected to the server, so that the kernel drops what others send.
base::UniqueFd connect_udp(const std::string& server) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(server.c_str(), "53", &hints, &found) != 0) {
        return {};
    }
    base::UniqueFd fd(::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const bool connected = fd && ::connect(fd.get(), found->ai_addr, found->ai_addrlen) == 0;
    ::freeaddrinfo(found);
    return connected ? std::move(fd) : base::UniqueFd();
}

std::uint16_t random_id() {
    std::array<std::byte, 2> bytes{};
    base::random_bytes(bytes);
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[0]) << 8U |
                                      std::to_integer<unsigned>(bytes[1]));
}

}  // namespace

std::vector<std::string> parse_nameservers(std::string_view text) {
    std::vector<std::string> servers;
    while (!text.empty() && servers.size() < kMostServers) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        constexpr std::string_view kKey = "nameserver";
        if (!line.starts_with(kKey)) {
            continue;
        }
        line.remove_prefix(kKey.size());
        const std::size_t first = line.find_first_not_of(" \t");
        if (first == std::string_view::npos || first == 0) {
            continue;
        }
        line.remove_prefix(first);
        servers.emplace_back(line.substr(0, line.find_first_of(" \t\r#;")));
    }
    return servers;
}

void DnsForwarder::ask(const Endpoint& client, DnsQuery query, ByteView payload, TimePoint now) {
    Question question;
    question.client = client;
    question.query = std::move(query);
    question.id = random_id();
    question.payload.assign(payload.begin(), payload.end());
    question.payload[0] = static_cast<std::uint8_t>(question.id >> 8U);
    question.payload[1] = static_cast<std::uint8_t>(question.id);
    const auto of_client = [&client](const Question& other) {
        return other.client.ip == client.ip;
    };
    const auto open = std::count_if(questions_.begin(), questions_.end(), of_client);
    if (questions_.size() >= kMostQuestions || static_cast<std::size_t>(open) >= kMostPerClient) {
        fail(question);
        return;
    }
    try {  // read each time: a laptop changes its network
        question.servers = parse_nameservers(base::read_file(resolv_conf_, 65536));
    } catch (const base::Error&) {
        question.servers.clear();  // no file, no resolver: the guest is told that it failed
    }
    if (ask_next(question, now)) {
        questions_.push_back(std::move(question));
    } else {
        fail(question);
    }
}

bool DnsForwarder::ask_next(Question& question, TimePoint now) {
    question.polled = false;
    while (!question.servers.empty()) {
        question.socket = connect_udp(question.servers.front());
        question.servers.erase(question.servers.begin());
        if (question.socket &&
            ::send(question.socket.get(), question.payload.data(), question.payload.size(),
                   MSG_NOSIGNAL) == static_cast<ssize_t>(question.payload.size())) {
            question.deadline = now + kServerTimeout;
            return true;
        }
    }
    return false;
}

void DnsForwarder::fail(const Question& question) {
    answer_(question.client, build_dns_error(question.query, DnsCode::server_failure));
}

void DnsForwarder::add_polls(PollSet& polls) {
    for (Question& question : questions_) {
        question.poll_index = polls.add(question.socket.get(), POLLIN);
        question.polled = true;
        polls.wake_by(question.deadline);
    }
}

bool DnsForwarder::receive(Question& question) {
    std::array<std::uint8_t, 65535> buffer{};
    const ssize_t size = ::recv(question.socket.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            question.deadline = TimePoint::min();  // refused: ask the next server at once
        }
        return false;
    }
    const ByteView answer(buffer.data(), static_cast<std::size_t>(size));
    if (!is_answer_to(answer, question.id, question.query)) {
        return false;
    }
    answer_(question.client, relay_dns_answer(answer, question.query, largest_answer_));
    return true;
}

void DnsForwarder::handle(const PollSet& polls, TimePoint now) {
    std::erase_if(questions_, [&](Question& question) {
        if (question.polled && polls.revents(question.poll_index) != 0 && receive(question)) {
            return true;
        }
        if (question.deadline > now || ask_next(question, now)) {
            return false;
        }
        fail(question);
        return true;
    });
}

}  // namespace hvruntime::net
