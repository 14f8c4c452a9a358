// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/endpoint/endpoint.h"

#include <algorithm>
#include <optional>

#include "assembler/introspect/plugin/endpoint/dsn.h"
#include "base/letter_case.h"

namespace assembler::plugin {

namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kMaxHosts = 64;

bool all_digits(std::string_view text) {
    return !text.empty() && text.size() <= 5 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::string> find_socket(const TracedText& text) {
    std::string_view rest = text.text();
    for (const std::string_view prefix :
         {"http+unix://", "redis+socket://", "unix://", "unix:", "unix@", "uds:", "socket:"}) {
        if (rest.starts_with(prefix)) {
            rest.remove_prefix(prefix.size());
            rest = rest.substr(0, rest.find_first_of("|?:"));  // unix:/x.sock|fcgi://localhost
            return rest.empty() ? std::nullopt : std::optional(std::string(rest));
        }
    }
    if (rest.starts_with('/') && rest.size() > 1 && !rest.starts_with("//")) {
        return std::string(rest.substr(0, rest.find_first_of("?, ")));
    }
    return std::nullopt;
}

// PostgreSQL's clients name the folder of a socket.
void complete_socket(Endpoint& endpoint) {
    constexpr std::string_view kName = "/.s.PGSQL.";
    const bool folder = endpoint.scheme.starts_with("postgres") && !endpoint.socket.empty() &&
                        endpoint.socket.find(kName) == std::string::npos;
    if (folder) {
        endpoint.socket += kName;
        endpoint.socket += endpoint.port.empty() ? "5432" : endpoint.port.text();
    }
}

// "?host=/var/run/postgresql" of a URL without a host
void take_socket_option(std::string_view url, Endpoint& endpoint) {
    constexpr std::string_view kOptions[] = {"host=/", "socket=/", "unix_socket=/", "unixSocket=/"};
    const std::size_t query = std::min(url.find('?'), url.size());
    for (const std::string_view option : kOptions) {
        const std::size_t found = url.find(option, query);
        if (found != kNone) {
            const std::size_t begin = found + option.size() - 1;
            endpoint.socket = std::string(url.substr(begin, url.find('&', begin) - begin));
            complete_socket(endpoint);
            return;
        }
    }
}

// scheme://user:password@host:port,host:port/database?options
std::vector<Endpoint> parse_url(const TracedText& text, std::size_t colon) {
    const std::string& whole = text.text();
    const std::size_t begin = colon + 3;
    std::size_t end = std::min(whole.find_first_of("/?#;\\\" '", begin), whole.size());
    // A password may hold any of these: the host is behind the last "@" before a "/" that follows.
    const std::size_t at = whole.substr(begin, end - begin).rfind('@');
    Endpoint common;
    common.scheme = base::to_lower(whole.substr(0, colon));
    std::size_t hosts = begin;
    if (at != kNone) {
        hosts = begin + at + 1;
        const std::size_t password = whole.find(':', begin);
        if (password < begin + at) {
            common.password = text.part(password + 1, begin + at - password - 1);
        }
    }
    if (end < whole.size() && whole[end] == '/') {
        const std::size_t path_end = std::min(whole.find_first_of("?#; '\"", end), whole.size());
        common.database = text.part(end + 1, path_end - end - 1);
    }
    std::vector<Endpoint> found;
    while (hosts <= end && found.size() < kMaxHosts) {
        const std::size_t comma = std::min(whole.find(',', hosts), end);
        Endpoint endpoint = common;
        split_host_port(text.part(hosts, comma - hosts), endpoint);
        if (!endpoint.host.empty() || !endpoint.port.empty()) {
            found.push_back(std::move(endpoint));
        }
        hosts = comma + 1;
    }
    if (found.empty()) {
        take_socket_option(whole, common);
        if (!common.socket.empty()) {
            found.push_back(std::move(common));
        }
    }
    return found;
}

// Where a second address begins, "amqp://a;amqp://b"; the end when there is none.
std::size_t find_next_url(std::string_view text, std::size_t colon) {
    const std::size_t next = text.find("://", colon + 3);
    const std::size_t between = text.substr(0, next).find_last_of(",; \t\n");
    return next == kNone || between == kNone || between < colon ? text.size() : between;
}

// "tcp(10.0.0.5:3306)" in "user:password@tcp(10.0.0.5:3306)/shop"
std::vector<Endpoint> parse_go_dsn(const TracedText& text, std::size_t open) {
    const std::string& whole = text.text();
    const std::size_t close = whole.find(')', open);
    if (close == kNone) {
        return {};
    }
    Endpoint endpoint;
    endpoint.scheme = "mysql";
    split_host_port(text.part(open + 4, close - open - 4), endpoint);
    if (close + 1 < whole.size() && whole[close + 1] == '/') {
        const std::size_t end = std::min(whole.find('?', close), whole.size());
        endpoint.database = text.part(close + 2, end - close - 2);
    }
    const std::size_t password = whole.find(':');
    if (password < open) {
        endpoint.password = text.part(password + 1, open - password - 1);
    }
    return {endpoint};
}

std::size_t find_scheme_end(std::string_view text) {
    const std::size_t colon = text.substr(0, 64).find("://");
    if (colon == kNone || colon == 0) {
        return kNone;
    }
    const bool good =
        std::all_of(text.begin(), text.begin() + static_cast<long>(colon), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '+' || c == '-' || c == '.' || c == ':';
        });
    return good ? colon : kNone;
}

}  // namespace

void split_host_port(const TracedText& text, Endpoint& endpoint) {
    const TracedText trimmed = text.trimmed();
    const std::string& whole = trimmed.text();
    if (whole.starts_with('[')) {  // [::1]:5432
        const std::size_t close = whole.find(']');
        if (close == kNone) {
            return;
        }
        endpoint.host = trimmed.part(1, close - 1);
        if (close + 1 < whole.size() && whole[close + 1] == ':') {
            const TracedText port = trimmed.part(close + 2, whole.size());
            endpoint.port = all_digits(port.text()) ? port : TracedText();
        }
        return;
    }
    if (whole.starts_with(":::")) {  // HAProxy's "any of IPv6"
        endpoint.host = trimmed.part(0, 2);
        endpoint.port = trimmed.part(3, whole.size());
        return;
    }
    const std::size_t colon = whole.find(':');
    const std::size_t twice = whole.find("::");
    if (twice == colon && twice < whole.size() && whole.find('.') < twice &&
        all_digits(std::string_view(whole).substr(twice + 2))) {  // Exim's "mail.example::587"
        endpoint.host = trimmed.part(0, twice);
        endpoint.port = trimmed.part(twice + 2, whole.size());
        return;
    }
    if (colon == kNone || whole.find(':', colon + 1) != kNone) {  // IPv6 has several
        endpoint.host = trimmed;
        return;
    }
    const TracedText port = trimmed.part(colon + 1, whole.size());
    endpoint.host = trimmed.part(0, colon);
    const std::size_t digits_end =
        std::min(port.text().find_first_not_of("0123456789"), port.text().size());
    if (digits_end > 0 && digits_end <= 5) {
        endpoint.port = port.part(0, digits_end);  // "8000-8010": the first
    } else if (port.text().starts_with('/')) {     // "localhost:/run/mysqld.sock"
        endpoint.host = {};
        endpoint.socket = port.text();
    }
}

namespace {

std::vector<Endpoint> parse_at_most(const TracedText& written, int urls) {
    const TracedText text = written.trimmed();
    const std::string& whole = text.text();
    if (whole.empty()) {
        return {};
    }
    if (const auto socket = find_socket(text)) {
        Endpoint endpoint;
        const std::size_t bar = whole.find('|');  // unix:/x.sock|fcgi://localhost
        const std::size_t scheme = bar == kNone ? kNone : whole.find("://", bar);
        if (scheme != kNone) {
            endpoint.scheme = base::to_lower(whole.substr(bar + 1, scheme - bar - 1));
        }
        endpoint.socket = *socket;
        return {endpoint};
    }
    if (whole.starts_with("jdbc:")) {
        return parse_jdbc(text.part(5, whole.size()));
    }
    if (const std::size_t colon = find_scheme_end(whole); colon != kNone) {
        const std::size_t next = find_next_url(whole, colon);
        std::vector<Endpoint> found = parse_url(text.part(0, next), colon);
        if (next < whole.size() && urls > 0) {
            const TracedText rest = text.part(next + 1, whole.size());
            for (Endpoint& endpoint : parse_at_most(rest, urls - 1)) {
                found.push_back(std::move(endpoint));
            }
        }
        return found;
    }
    if (const std::size_t open = whole.find("tcp("); open != kNone) {
        return parse_go_dsn(text, open);
    }
    if (auto found = parse_key_dsn(text); !found.empty()) {
        return found;
    }
    Endpoint endpoint;
    const std::size_t slash = std::min(whole.find('/'), whole.size());
    const bool socket = slash > 0 && whole[slash - 1] == ':';  // localhost:/run/mysqld.sock
    split_host_port(text.part(0, socket ? whole.size() : slash), endpoint);
    return {endpoint};
}

}  // namespace

std::vector<Endpoint> parse_endpoints(const TracedText& text) {
    constexpr int kMaxUrls = 16;  // of one value
    return parse_at_most(text, kMaxUrls);
}

std::vector<Endpoint> parse_listen_endpoints(const TracedText& written) {
    const TracedText text = written.trimmed();
    if (all_digits(text.text())) {
        Endpoint endpoint;
        endpoint.port = text;
        return {endpoint};
    }
    return parse_endpoints(text);
}

bool is_host(std::string_view text) {
    if (text.empty() || text.size() > 253) {
        return false;
    }
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_' || c == ':';
    };
    const bool letters = std::any_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    const bool address = text == "::1";
    const bool number =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    const bool any = text == "0.0.0.0" || text == "::";
    return std::all_of(text.begin(), text.end(), good) && (letters || address) && !number && !any &&
           text.front() != '-' && text.front() != '.';
}

}  // namespace assembler::plugin
