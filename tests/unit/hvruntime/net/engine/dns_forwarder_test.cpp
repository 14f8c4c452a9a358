// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/engine/dns_forwarder.h"

#include "base/file.h"
#include "tests/support/dns_client.h"

using namespace hvruntime::net;

TEST_CASE("nameservers are read from resolv.conf, at most three", "[net][dns]") {
    const auto servers = parse_nameservers(
        "# comment\nsearch example.org\nnameserver 192.0.2.1\nnameserver\t2001:db8::1 # second\n"
        "nameserverx 192.0.2.9\nnameserver\nnameserver 192.0.2.3\nnameserver 192.0.2.4");
    CHECK(servers == std::vector<std::string>{"192.0.2.1", "2001:db8::1", "192.0.2.3"});
    CHECK(parse_nameservers("").empty());
}

TEST_CASE("without a resolver a question fails at once", "[net][dns]") {
    const base::TempDir dir;
    std::vector<Bytes> answers;
    DnsForwarder forwarder(
        (dir.path() / "none").string(), 1472,
        [&](const Endpoint&, const Bytes& payload) { answers.push_back(payload); });
    const Bytes question = tests::build_dns_question("example.org", tests::kDnsA);
    forwarder.ask({}, *read_dns_query(question).query, question, Clock::now());
    REQUIRE(answers.size() == 1);
    CHECK(tests::read_dns_answer(answers[0]).code == 2);
    CHECK(forwarder.open_questions() == 0);
}
