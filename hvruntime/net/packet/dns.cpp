// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/packet/dns.h"

#include <algorithm>

#include "base/letter_case.h"
#include "hvruntime/net/packet/dns_name.h"

namespace hvruntime::net {

namespace {

constexpr std::size_t kHeader = 12;
constexpr unsigned kFlagAnswer = 0x8000;
constexpr unsigned kFlagAuthoritative = 0x0400;
constexpr unsigned kFlagTruncated = 0x0200;
constexpr unsigned kFlagRecursionDesired = 0x0100;
constexpr unsigned kFlagRecursionAvailable = 0x0080;
constexpr std::uint16_t kTypeA = 1;
constexpr std::uint16_t kTypePtr = 12;
constexpr std::uint16_t kTypeAaaa = 28;
constexpr std::uint16_t kTypeOpt = 41;
constexpr std::uint16_t kTypeAny = 255;
constexpr std::uint16_t kClassInternet = 1;
constexpr std::uint32_t kTimeToLive = 10;  // machines come and go
constexpr std::size_t kEdnsSize = 1232;

// RFC 1035, 3.5: "10.0.84.10.in-addr.arpa" is 10.84.0.10.
std::optional<Ipv4Address> reverse_address(std::string_view name) {
    constexpr std::string_view kSuffix = ".in-addr.arpa";
    if (!name.ends_with(kSuffix)) {
        return std::nullopt;
    }
    const std::optional<Ipv4Address> swapped =
        find_ipv4(name.substr(0, name.size() - kSuffix.size()));
    if (!swapped) {
        return std::nullopt;
    }
    const std::uint32_t v = swapped->value;
    return Ipv4Address{(v >> 24U) | ((v >> 8U) & 0xff00U) | ((v << 8U) & 0xff0000U) | (v << 24U)};
}

void write_header(WireWriter& out, const DnsQuery& query, unsigned flags, std::size_t answers) {
    out.u16(query.id);
    out.u16(kFlagAnswer | kFlagRecursionAvailable |
            (query.recursion_desired ? kFlagRecursionDesired : 0U) | flags);
    out.u16(1);
    out.u16(static_cast<unsigned>(answers));
    out.u16(0);
    out.u16(query.edns ? 1 : 0);
    out.bytes(query.question);
}

void write_edns(WireWriter& out, const DnsQuery& query) {
    if (query.edns) {
        out.u8(0);  // the root's name
        out.u16(kTypeOpt);
        out.u16(kEdnsSize);
        out.u32(0);
        out.u16(0);
    }
}

void write_record_head(WireWriter& out, std::uint16_t type) {
    out.u16(0xc000U | kHeader);  // the question's name
    out.u16(type);
    out.u16(kClassInternet);
    out.u32(kTimeToLive);
}

}  // namespace

DnsReading read_dns_query(ByteView payload) {
    WireReader in(payload);
    DnsQuery query;
    query.id = in.u16();
    const unsigned flags = in.u16();
    const std::uint16_t questions = in.u16();
    const std::uint16_t answers = in.u16();
    const std::uint16_t authorities = in.u16();
    const std::uint16_t additionals = in.u16();
    if (!in.ok() || (flags & kFlagAnswer) != 0) {
        return {};  // an answer to a question nobody asked must not be answered
    }
    if (((flags >> 11U) & 15U) != 0) {
        return {.code = DnsCode::not_implemented};
    }
    const std::optional<std::string> name = read_dns_name(in);
    query.type = in.u16();
    query.dns_class = in.u16();
    if (!name || !in.ok() || questions != 1 || answers != 0 || authorities != 0) {
        return {.code = DnsCode::format_error};
    }
    query.name = *name;
    query.recursion_desired = (flags & kFlagRecursionDesired) != 0;
    query.question.assign(payload.begin() + kHeader,
                          payload.begin() + static_cast<std::ptrdiff_t>(in.offset()));
    if (additionals > 0 && in.u8() == 0 && in.u16() == kTypeOpt) {
        query.edns = true;
        query.answer_limit = std::clamp<std::size_t>(in.u16(), 512, 4096);
    }
    return {.query = query};
}

DnsZone::DnsZone(const SwitchSpec& spec, Subnet subnet) : subnet_(subnet) {
    for (const std::string& domain : spec.domains) {
        domains_.push_back(base::to_lower(domain));
    }
    for (const SwitchHost& host : spec.hosts) {
        const Ipv4Address ip = find_ipv4(host.ip).value_or(Ipv4Address{});
        add(host.name, ip);
        for (const std::string& alias : host.aliases) {
            add(alias, ip);
        }
    }
    const auto own = addresses_;
    for (const SwitchDnsRecord& record : spec.dns_records) {
        if (!own.contains(base::to_lower(record.name))) {
            add(record.name, find_ipv4(record.ip).value_or(Ipv4Address{}));
        }
    }
    add("gateway", subnet.gateway());
}

void DnsZone::add(const std::string& name, Ipv4Address ip) {
    std::vector<std::string> names{base::to_lower(name)};
    for (const std::string& domain : domains_) {
        names.push_back(names.front() + "." + domain);
    }
    for (const std::string& full : names) {
        std::vector<Ipv4Address>& ips = addresses_[full];
        if (std::find(ips.begin(), ips.end(), ip) == ips.end()) {
            ips.push_back(ip);
        }
    }
    pointers_.emplace(ip, domains_.empty() ? names.front() : names[1]);  // the first name stays
}

DnsZone::Finding DnsZone::look_up_pointer(Ipv4Address ip) const {
    const auto found = pointers_.find(ip);
    if (found != pointers_.end()) {
        return {.verdict = Verdict::answer, .pointer = found->second};
    }
    return {.verdict = subnet_.contains(ip) ? Verdict::no_such_name : Verdict::forward};
}

DnsZone::Finding DnsZone::look_up(const DnsQuery& query) const {
    const bool any = query.type == kTypeAny;
    if (const std::optional<Ipv4Address> ip = reverse_address(query.name)) {
        Finding finding = look_up_pointer(*ip);
        if (query.type != kTypePtr && !any) {
            finding.pointer.clear();
        }
        return finding;
    }
    if (const auto found = addresses_.find(query.name); found != addresses_.end()) {
        const bool wanted = query.type == kTypeA || any;
        return {.verdict = Verdict::answer,
                .addresses = wanted ? found->second : std::vector<Ipv4Address>{}};
    }
    for (const std::string& domain : domains_) {
        if (query.name == domain) {
            return {.verdict = Verdict::answer};
        }
        if (query.name.ends_with("." + domain)) {
            return {.verdict = Verdict::no_such_name};
        }
    }
    // Bare names mean something here only; the world outside has none.
    const bool bare = query.name.find('.') == std::string::npos && !query.name.empty();
    const bool address = query.type == kTypeA || query.type == kTypeAaaa;
    return {.verdict = bare && address ? Verdict::no_such_name : Verdict::forward};
}

Bytes build_dns_answer(const DnsQuery& query, const DnsZone::Finding& finding) {
    if (finding.verdict == DnsZone::Verdict::no_such_name) {
        return build_dns_error(query, DnsCode::no_such_name);
    }
    // Sixteen bytes a record: what does not fit is left out, any of the addresses serves.
    const std::size_t room =
        query.answer_limit - std::min(query.answer_limit, kHeader + 11 + query.question.size());
    const std::size_t count = std::min(finding.addresses.size(), room / 16);
    WireWriter out;
    write_header(out, query, kFlagAuthoritative, count + (finding.pointer.empty() ? 0 : 1));
    for (std::size_t i = 0; i < count; ++i) {
        write_record_head(out, kTypeA);
        out.u16(4);
        out.ip(finding.addresses[i]);
    }
    if (!finding.pointer.empty()) {
        WireWriter name;
        write_dns_name(name, finding.pointer);
        write_record_head(out, kTypePtr);
        out.u16(static_cast<unsigned>(name.size()));
        out.bytes(name.data());
    }
    write_edns(out, query);
    return out.take();
}

Bytes build_dns_error(const DnsQuery& query, DnsCode code) {
    WireWriter out;
    const unsigned authoritative = code == DnsCode::no_such_name ? kFlagAuthoritative : 0U;
    write_header(out, query, authoritative | static_cast<unsigned>(code), 0);
    write_edns(out, query);
    return out.take();
}

Bytes build_dns_error(ByteView payload, DnsCode code) {
    WireReader in(payload);
    WireWriter out;
    out.u16(in.u16());
    out.u16(kFlagAnswer | (in.u16() & 0x7900U) | static_cast<unsigned>(code));
    out.zeros(8);
    return out.take();
}

bool is_answer_to(ByteView answer, std::uint16_t id, const DnsQuery& query) {
    WireReader in(answer);
    const bool matches = in.u16() == id && (in.u16() & kFlagAnswer) != 0 && in.u16() == 1;
    in.bytes(6);
    const ByteView question = in.bytes(query.question.size());
    return in.ok() && matches &&
           std::equal(question.begin(), question.end(), query.question.begin());
}

Bytes relay_dns_answer(ByteView answer, const DnsQuery& query, std::size_t largest) {
    WireWriter out;
    out.u16(query.id);
    const std::size_t question_end = kHeader + query.question.size();
    if (answer.size() <= std::min(largest, query.answer_limit) || answer.size() < question_end) {
        out.bytes(answer.subspan(std::min<std::size_t>(2, answer.size())));
        return out.take();
    }
    WireReader in(answer.subspan(2));
    out.u16(in.u16() | kFlagTruncated);
    out.u16(1);
    out.zeros(6);
    out.bytes(query.question);
    return out.take();
}

}  // namespace hvruntime::net
