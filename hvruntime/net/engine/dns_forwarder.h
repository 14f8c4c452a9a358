// SPDX-License-Identifier: Apache-2.0
// Asks the host's resolver (nameservers of resolv.conf) what our zone does not know. Each question
// has a UDP socket of its own, so ports are random; the next server is asked after two seconds; the
// number of open questions is bounded. Not thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "hvruntime/net/engine/poll_set.h"
#include "hvruntime/net/packet/dns.h"
#include "hvruntime/net/packet/frame.h"

namespace hvruntime::net {

// The addresses of `nameserver` lines, at most three (resolv.conf(5)); IPv4 and IPv6 texts.
std::vector<std::string> parse_nameservers(std::string_view resolv_conf);

class DnsForwarder {
  public:
    using Answer = std::function<void(const Endpoint& client, const Bytes& payload)>;
    DnsForwarder(std::string resolv_conf, std::size_t largest_answer, Answer answer)
        : resolv_conf_(std::move(resolv_conf)),
          largest_answer_(largest_answer),
          answer_(std::move(answer)) {}

    void ask(const Endpoint& client, DnsQuery query, ByteView payload, TimePoint now);
    void add_polls(PollSet& polls);
    void handle(const PollSet& polls, TimePoint now);
    std::size_t open_questions() const { return questions_.size(); }

  private:
    struct Question {
        Endpoint client;
        DnsQuery query;
        Bytes payload;  // with our id
        std::uint16_t id = 0;
        std::vector<std::string> servers;  // not asked yet
        base::UniqueFd socket;
        TimePoint deadline;  // of the server that was asked
        std::size_t poll_index = 0;
        bool polled = false;
    };
    bool ask_next(Question& question, TimePoint now);
    bool receive(Question& question);  // true: done
    void fail(const Question& question);

    std::string resolv_conf_;
    std::size_t largest_answer_;
    Answer answer_;
    std::vector<Question> questions_;
};

}  // namespace hvruntime::net
