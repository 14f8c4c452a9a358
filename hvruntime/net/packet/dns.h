// SPDX-License-Identifier: Apache-2.0
// DNS (RFC 1035, EDNS 6891) as a network's own server speaks it: answers for the names of one
// deployment, and the decision whether anything else is asked of the host's resolver. Pure; input
// is untrusted.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hvruntime/net/packet/address.h"
#include "hvruntime/net/packet/wire.h"
#include "hvruntime/net/switch_spec.h"

namespace hvruntime::net {

constexpr std::uint16_t kDnsPort = 53;

struct DnsQuery {
    std::uint16_t id = 0;
    bool recursion_desired = false;
    bool edns = false;
    std::size_t answer_limit = 512;  // what the client takes in one datagram
    std::string name;                // lower case, without the final dot
    std::uint16_t type = 0;
    std::uint16_t dns_class = 0;
    Bytes question;  // as asked, to be repeated in the answer
};

enum class DnsCode : std::uint8_t {
    no_error = 0,
    format_error = 1,
    server_failure = 2,
    no_such_name = 3,
    not_implemented = 4,
    refused = 5,
};

// What a datagram to port 53 is.
struct DnsReading {
    std::optional<DnsQuery> query;  // else: see code
    std::optional<DnsCode> code;    // answer with this error; neither: no answer at all
};
DnsReading read_dns_query(ByteView payload);

// The names and addresses of one network, and the domains that are ours to answer for.
class DnsZone {
  public:
    DnsZone(const SwitchSpec& spec, Subnet subnet);

    enum class Verdict { answer, no_such_name, forward };
    struct Finding {
        Verdict verdict = Verdict::forward;
        std::vector<Ipv4Address> addresses;  // for A
        std::string pointer;                 // for PTR
    };
    Finding look_up(const DnsQuery& query) const;

  private:
    void add(const std::string& name, Ipv4Address ip);
    Finding look_up_pointer(Ipv4Address ip) const;

    Subnet subnet_;
    std::vector<std::string> domains_;
    std::map<std::string, std::vector<Ipv4Address>> addresses_;
    std::map<Ipv4Address, std::string> pointers_;
};

Bytes build_dns_answer(const DnsQuery& query, const DnsZone::Finding& finding);
Bytes build_dns_error(const DnsQuery& query, DnsCode code);
// For a query that could not be read: header only.
Bytes build_dns_error(ByteView payload, DnsCode code);

// The resolver's answer to our copy of the query: true when it repeats its id and question.
bool is_answer_to(ByteView answer, std::uint16_t id, const DnsQuery& query);
// The answer as the client gets it: its own id; cut to the question with the TC bit when it is more
// than the client takes.
Bytes relay_dns_answer(ByteView answer, const DnsQuery& query, std::size_t largest);

}  // namespace hvruntime::net
