// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/packet/dns.h"

#include "tests/support/dns_client.h"
#include "tests/support/network_fixture.h"

using namespace hvruntime::net;
using Strings = std::vector<std::string>;

namespace {

DnsZone::Finding look_up(const std::string& name, unsigned type) {
    const DnsZone zone(tests::two_machines(), *find_subnet("10.84.0.0/24"));
    const Bytes question = tests::build_dns_question(name, type);
    const DnsReading reading = read_dns_query(question);
    REQUIRE(reading.query);
    return zone.look_up(*reading.query);
}

tests::DnsAnswerFields resolve(const std::string& name, unsigned type, bool edns = false) {
    const DnsReading reading = read_dns_query(tests::build_dns_question(name, type, edns));
    REQUIRE(reading.query);
    return tests::read_dns_answer(build_dns_answer(*reading.query, look_up(name, type)));
}

}  // namespace

TEST_CASE("names resolve bare, below each domain, by alias and in any case", "[net][dns]") {
    for (const char* name : {"db", "db.shop1", "db.guestbook", "database", "DB.Shop1"}) {
        CHECK(resolve(name, tests::kDnsA).records == Strings{"10.84.0.10"});
    }
    CHECK(resolve("app.guestbook", tests::kDnsA).records == Strings{"10.84.1.10"});
    // web has an address here: the one on the other network must not be given out.
    CHECK(resolve("web", tests::kDnsA).records == Strings{"10.84.0.11"});
}

TEST_CASE("a name that exists without the type asked for is an empty answer", "[net][dns]") {
    const auto answer = resolve("db.shop1", tests::kDnsAaaa);
    CHECK(answer.code == 0);
    CHECK(answer.records.empty());
    CHECK(resolve("guestbook", tests::kDnsA).code == 0);
}

TEST_CASE("unknown names in our domains and bare ones do not exist", "[net][dns]") {
    for (const char* name : {"nobody.shop1", "a.db.guestbook", "nobody"}) {
        CHECK(look_up(name, tests::kDnsA).verdict == DnsZone::Verdict::no_such_name);
        CHECK(resolve(name, tests::kDnsA).code == 3);
    }
    for (const char* name : {"example.org", "notshop1.org", "guestbook.example.org"}) {
        CHECK(look_up(name, tests::kDnsA).verdict == DnsZone::Verdict::forward);
    }
}

TEST_CASE("addresses of the subnet have names, others are asked for elsewhere", "[net][dns]") {
    CHECK(resolve("10.0.84.10.in-addr.arpa", tests::kDnsPtr).records == Strings{"db.shop1"});
    CHECK(resolve("77.0.84.10.in-addr.arpa", tests::kDnsPtr).code == 3);
    CHECK(look_up("8.8.8.8.in-addr.arpa", tests::kDnsPtr).verdict == DnsZone::Verdict::forward);
}

TEST_CASE("an EDNS question gets an EDNS answer", "[net][dns]") {
    CHECK(resolve("db", tests::kDnsA, true).additionals == 1);
    CHECK(resolve("db", tests::kDnsA, false).additionals == 0);
}

TEST_CASE("malformed questions are told so, answers are not answered", "[net][dns]") {
    Bytes question = tests::build_dns_question("db.shop1", tests::kDnsA);
    for (std::size_t size = 12; size < question.size(); ++size) {
        const DnsReading cut = read_dns_query(ByteView(question).first(size));
        CHECK_FALSE(cut.query);
        CHECK(cut.code == DnsCode::format_error);
    }
    for (std::size_t size = 0; size < 12; ++size) {
        const DnsReading cut = read_dns_query(ByteView(question).first(size));
        CHECK_FALSE(cut.query);
        CHECK_FALSE(cut.code);
    }
    question[2] |= 0x80U;
    CHECK_FALSE(read_dns_query(question).code);
    question[2] = 0x20;
    CHECK(read_dns_query(question).code == DnsCode::not_implemented);
}

TEST_CASE("only the answer to our own question is taken", "[net][dns]") {
    const Bytes asked = tests::build_dns_question("example.org", tests::kDnsA);
    const DnsQuery query = *read_dns_query(asked).query;
    Bytes answer = asked;
    answer[0] = 0xab;
    answer[1] = 0xcd;
    answer[2] |= 0x80U;
    CHECK(is_answer_to(answer, 0xabcd, query));
    CHECK_FALSE(is_answer_to(answer, 0xabce, query));
    const DnsQuery other =
        *read_dns_query(tests::build_dns_question("example.com", tests::kDnsA)).query;
    CHECK_FALSE(is_answer_to(answer, 0xabcd, other));

    const Bytes relayed = relay_dns_answer(answer, query, 1472);
    CHECK(relayed.size() == answer.size());
    CHECK_FALSE(tests::read_dns_answer(relayed).truncated);
    answer.resize(2000);
    const Bytes cut = relay_dns_answer(answer, query, 1472);
    CHECK(cut.size() == asked.size());
    CHECK(tests::read_dns_answer(cut).truncated);
}
