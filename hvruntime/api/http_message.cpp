// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/api/http_message.h"

#include <charconv>
#include <vector>

#include <fmt/format.h>
#include <pwd.h>

#include "base/cli/io.h"

namespace hvruntime {

namespace {

using base::Error;
using base::ErrorKind;

std::uint64_t parse_number(std::string_view text, std::string_view name) {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) {
        throw Error(ErrorKind::usage, fmt::format("{} must be a number, not '{}'", name, text));
    }
    return number;
}

std::string user_name(uid_t uid) {
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> buffer(16384);
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
        return "";
    }
    return entry.pw_name;
}

}  // namespace

const std::string& Request::param(std::string_view name) const {
    const auto found = params.find(std::string(name));
    if (found == params.end()) {
        base::unreachable("a handler asks for a name that its route does not have");
    }
    return found->second;
}

std::uint64_t Request::number_param(std::string_view name) const {
    return parse_number(param(name), name);
}

std::uint64_t Request::number_query(std::string_view name, std::uint64_t fallback) const {
    const auto found = query.find(std::string(name));
    return found == query.end() ? fallback : parse_number(found->second, name);
}

std::string Request::query_or(std::string_view name, std::string fallback) const {
    const auto found = query.find(std::string(name));
    return found == query.end() ? std::move(fallback) : found->second;
}

base::Json Request::json() const {
    return body.empty() ? base::Json::object() : base::parse_json(body, "the body of the request");
}

std::string Request::asked_by() const {
    const std::string name = user_name(peer_uid);
    return name.empty() ? fmt::format("uid {}", peer_uid)
                        : fmt::format("{} (uid {})", name, peer_uid);
}

int http_status_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::usage: return 400;
        case ErrorKind::not_found: return 404;
        case ErrorKind::conflict: return 409;
        case ErrorKind::invalid_input: return 422;
        case ErrorKind::internal: return 500;
        case ErrorKind::partial: return 500;
        case ErrorKind::unsupported: return 501;
        case ErrorKind::external: return 502;
        case ErrorKind::environment: return 503;
        case ErrorKind::interrupted: return 503;
        case ErrorKind::timeout: return 504;
    }
    return 500;
}

Reply reply_of(const Error& error) {
    Reply reply;
    reply.status = http_status_of(error.kind());
    reply.body = base::cli::error_to_json(error);
    return reply;
}

}  // namespace hvruntime
