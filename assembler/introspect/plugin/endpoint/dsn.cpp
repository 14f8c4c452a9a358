// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/endpoint/dsn.h"

#include <algorithm>
#include <optional>

#include "base/letter_case.h"

namespace assembler::plugin {

namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

// All of "(HOST=db)(PORT=1521)" in Oracle's descriptions and MySQL's address=(host=…)(port=…).
std::vector<Endpoint> parse_description(const TracedText& text, const std::string& scheme) {
    const std::string lower = base::to_lower(text.text());
    const auto value_after = [&](std::string_view key, std::size_t from,
                                 std::size_t until) -> TracedText {
        const std::size_t found = lower.find(key, from);
        if (found == kNowhere || found >= until) {
            return {};
        }
        const std::size_t begin = found + key.size();
        const std::size_t end = std::min(lower.find(')', begin), lower.size());
        return text.part(begin, end - begin).trimmed();
    };
    TracedText database = value_after("service_name=", 0, lower.size());
    if (database.empty()) {
        database = value_after("(sid=", 0, lower.size());
    }
    std::vector<Endpoint> found;
    constexpr std::size_t kMaxAddresses = 64;
    for (std::size_t host = lower.find("(host=");
         host != kNowhere && found.size() < kMaxAddresses;) {
        const std::size_t next = lower.find("(host=", host + 1);
        Endpoint endpoint;
        endpoint.scheme = scheme;
        endpoint.host = value_after("(host=", host, lower.size());
        // The port stands before or behind its host, within the same address.
        const std::size_t address = std::max(lower.rfind("(address", host), std::size_t{0});
        endpoint.port = value_after("(port=", host, std::min(next, lower.size()));
        if (endpoint.port.empty() && address != kNowhere) {
            endpoint.port = value_after("(port=", address, host);
        }
        endpoint.database = database;
        found.push_back(std::move(endpoint));
        host = next;
    }
    return found;
}

// oracle:thin:user/password@//host:port/service, …@host:port:sid, …@(DESCRIPTION=…)
std::vector<Endpoint> parse_oracle(const TracedText& text) {
    const std::size_t at = text.text().find('@');
    if (at == kNowhere) {
        return {};
    }
    TracedText rest = text.part(at + 1, text.text().size());
    if (base::to_lower(rest.text()).find("(host=") != kNowhere) {
        return parse_description(rest, "oracle");
    }
    for (const std::string_view prefix : {"tcps://", "tcp://", "ldap://", "//"}) {
        if (rest.text().starts_with(prefix)) {
            if (prefix == "ldap://") {
                return {};
            }
            rest = rest.part(prefix.size(), rest.text().size());
            break;
        }
    }
    const std::string& whole = rest.text();
    const std::size_t colon = whole.find(':');
    const std::size_t end =
        std::min(whole.find_first_of(":/?", colon == kNowhere ? 0 : colon + 1), whole.size());
    Endpoint endpoint;
    endpoint.scheme = "oracle";
    split_host_port(rest.part(0, end), endpoint);
    if (end < whole.size()) {
        const std::size_t name_end = std::min(whole.find_first_of("?:", end + 1), whole.size());
        endpoint.database = rest.part(end + 1, name_end - end - 1);
    }
    const bool alias = endpoint.port.empty() && end == whole.size() &&
                       whole.find('.') == kNowhere;  // a name of tnsnames.ora
    return alias ? std::vector<Endpoint>{} : std::vector<Endpoint>{endpoint};
}

TracedText option_value(const TracedText& text, std::string_view key) {
    const std::string lower = base::to_lower(text.text());
    for (std::size_t found = lower.find(key); found != kNowhere;
         found = lower.find(key, found + 1)) {
        const std::size_t begin = found + key.size();
        const bool whole =
            found == 0 || std::string_view(";?& ").find(lower[found - 1]) != kNowhere;
        if (whole) {
            const std::size_t end = std::min(lower.find_first_of(";&", begin), lower.size());
            return text.part(begin, end - begin).trimmed();
        }
    }
    return {};
}

}  // namespace

std::vector<Endpoint> parse_jdbc(const TracedText& text) {
    const std::string lower = base::to_lower(text.text().substr(0, 128));
    if (lower.starts_with("oracle:")) {
        return parse_oracle(text);
    }
    const std::string scheme = lower.substr(0, lower.find(':'));
    if (base::to_lower(text.text()).find("(host=") != kNowhere) {
        return parse_description(text, scheme);
    }
    const std::size_t slashes = text.text().find("://");
    if (slashes == kNowhere) {
        const std::size_t colon = text.text().find(':');
        const bool local = (scheme == "postgresql" || scheme == "mysql") && colon != kNowhere;
        if (!local) {
            return {};  // h2:mem:test and the like
        }
        Endpoint endpoint;  // jdbc:postgresql:shop
        endpoint.scheme = scheme;
        endpoint.host = TracedText::made_up("localhost");
        endpoint.database = text.part(colon + 1, text.text().size());
        return {endpoint};
    }
    TracedText url = TracedText::made_up(scheme);
    url.append(text, slashes, text.text().size());
    std::vector<Endpoint> found = parse_endpoints(url);
    TracedText database = option_value(text, "databasename=");
    if (database.empty()) {
        database = option_value(text, "database=");
    }
    const TracedText password = option_value(text, "password=");
    const TracedText port = option_value(text, "portnumber=");
    for (Endpoint& endpoint : found) {
        endpoint.database = database.empty() ? endpoint.database : database;
        endpoint.password = password.empty() ? endpoint.password : password;
        endpoint.port = endpoint.port.empty() ? port : endpoint.port;
    }
    return found;
}

std::vector<Endpoint> parse_key_dsn(const TracedText& text) {
    const std::string& whole = text.text();
    Endpoint endpoint;
    std::size_t at = 0;
    // "mysql:host=…": the driver before the first key
    const std::size_t colon = whole.find(':');
    const std::size_t equals = whole.find('=');
    if (equals == kNowhere) {
        return {};
    }
    if (colon < equals) {
        endpoint.scheme = base::to_lower(whole.substr(0, colon));
        at = colon + 1;
    }
    const bool semicolons = whole.find(';') != kNowhere;
    TracedText port;
    constexpr int kMaxKeys = 64;
    for (int i = 0; i < kMaxKeys && at < whole.size(); ++i) {
        const std::size_t end =
            std::min(whole.find_first_of(semicolons ? ";" : " \t\n", at), whole.size());
        const std::size_t sign = std::min(whole.find('=', at), end);
        const std::string key = base::to_lower(text.part(at, sign - at).trimmed().text());
        TracedText value = text.part(sign + 1, end - std::min(sign + 1, end)).trimmed();
        if (value.text().size() > 1 && (value.text()[0] == '\'' || value.text()[0] == '"')) {
            value = value.part(1, value.text().size() - 2);
        }
        const bool is_host_key = key == "host" || key == "hostaddr" || key == "server" ||
                                 key == "data source" || key == "addr" || key == "address";
        if (is_host_key && (endpoint.host.empty() || key == "hostaddr")) {
            const std::size_t comma = value.text().find(',');  // Server=db,1433
            port = comma == kNowhere ? port : value.part(comma + 1, value.text().size()).trimmed();
            value = value.part(0, comma);
            if (value.text().starts_with("tcp:")) {
                value = value.part(4, value.text().size());
            }
            if (value.text().starts_with('/')) {
                endpoint.socket = value.text();
            } else {
                split_host_port(value, endpoint);
            }
        } else if (key == "port") {
            port = value.part(0, value.text().find(','));
        } else if (key == "dbname" || key == "database" || key == "initial catalog") {
            endpoint.database = value;
        } else if (key == "password" || key == "pwd") {
            endpoint.password = value;
        } else if (key == "unix_socket") {
            endpoint.socket = value.text();
        }
        at = end + 1;
    }
    if (endpoint.port.empty()) {
        endpoint.port = port;
    }
    // libpq's words
    const bool libpq = endpoint.scheme.empty() && !semicolons && !endpoint.database.empty();
    if (libpq) {
        endpoint.scheme = "postgresql";
    }
    if (!endpoint.socket.empty() && endpoint.scheme.starts_with('p') &&
        endpoint.socket.find(".s.PGSQL.") == std::string::npos) {
        endpoint.socket += "/.s.PGSQL." + (port.empty() ? "5432" : port.text());
    }
    const bool found = !endpoint.host.empty() || !endpoint.socket.empty();
    return found ? std::vector<Endpoint>{endpoint} : std::vector<Endpoint>{};
}

}  // namespace assembler::plugin
