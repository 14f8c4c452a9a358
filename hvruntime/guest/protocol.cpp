// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/protocol.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"

namespace hvruntime {

namespace {

// A map, not base::Json's list: looking up thousands of keys of a hostile line stays cheap.
using Tree = nlohmann::json;

constexpr std::size_t kMaxNameBytes = 128;  // session, version, boot
constexpr std::size_t kMessageRoom = 1024;  // for all of a message but its keys
constexpr std::size_t kPerKeyRoom = 64;     // punctuation and a revision

[[noreturn]] void malformed(std::string_view why) {
    throw base::Error(base::ErrorKind::invalid_input, fmt::format("not a message: {}", why));
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
                } else {
                    out += c;
                }
        }
    }
    out += '"';
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
    fmt::format_to(std::back_inserter(out), R"(,"{}":)", name);
    append_quoted(out, text);
}

std::size_t quoted_size(std::string_view text) {
    std::string quoted;
    append_quoted(quoted, text);
    return quoted.size();
}

// ,"name":["a","b"] of the keys that `pick` wants; nothing when it wants none.
template <typename Pick>
void append_names(std::string& out, std::string_view name, const std::vector<RemoteKey>& keys,
                  Pick&& pick) {
    bool any = false;
    for (const RemoteKey& key : keys) {
        if (pick(key)) {
            fmt::format_to(std::back_inserter(out), "{}",
                           any ? "," : fmt::format(",\"{}\":[", name));
            append_quoted(out, key.key);
            any = true;
        }
    }
    if (any) {
        out += ']';
    }
}

template <typename Append>
void append_object(std::string& out, std::string_view name, const std::vector<RemoteKey>& keys,
                   Append&& append) {
    fmt::format_to(std::back_inserter(out), ",\"{}\":{{", name);
    bool any = false;
    for (const RemoteKey& key : keys) {
        const std::size_t before = out.size();
        if (any) {
            out += ',';
        }
        if (append(key)) {
            any = true;
        } else {
            out.resize(before);
        }
    }
    out += '}';
}

void append_revisions(std::string& out, const std::vector<RemoteKey>& keys) {
    std::uint64_t common = 0;
    bool differ = false;
    for (const RemoteKey& key : keys) {
        if (!key.forgotten) {
            differ = differ || (common != 0 && common != key.version.revision);
            common = key.version.revision;
        }
    }
    if (!differ) {
        fmt::format_to(std::back_inserter(out), R"(,"rev":{})", common);
        return;
    }
    append_object(out, "revs", keys, [&](const RemoteKey& key) {
        if (key.forgotten) {
            return false;
        }
        append_quoted(out, key.key);
        fmt::format_to(std::back_inserter(out), ":{}", key.version.revision);
        return true;
    });
}

std::string text_of(const Hello& hello) {
    std::string out = fmt::format(R"({{"type":"hello","protocol":{})", hello.protocol);
    append_member(out, "side", to_string(hello.side));
    append_member(out, "session", hello.session);
    append_member(out, "version", hello.version);
    if (hello.side == Side::guest) {
        append_member(out, "boot", hello.boot);
        if (hello.freezes) {
            out += R"(,"freezes":true)";
        }
    }
    return out;
}

std::string text_of(const KeysMessage& message) {
    std::string out = fmt::format(R"({{"type":"{}","seq":{})",
                                  message.snapshot ? "snapshot" : "set", message.seq);
    append_revisions(out, message.keys);
    append_object(out, "set", message.keys, [&](const RemoteKey& key) {
        if (key.forgotten || key.version.deleted) {
            return false;
        }
        append_quoted(out, key.key);
        out += ':';
        append_quoted(out, key.version.value);
        return true;
    });
    append_names(out, "secret", message.keys, [](const RemoteKey& key) {
        return !key.forgotten && !key.version.deleted && key.version.secret;
    });
    append_names(out, "delete", message.keys,
                 [](const RemoteKey& key) { return !key.forgotten && key.version.deleted; });
    append_names(out, "forget", message.keys, [](const RemoteKey& key) { return key.forgotten; });
    if (message.more) {
        out += R"(,"more":true)";
    }
    return out;
}

std::string text_of(const EventMessage& message) {
    std::string out = fmt::format(R"({{"type":"event","seq":{},"id":{},"time":{})", message.seq,
                                  message.event.id, message.event.unix_ms);
    append_member(out, "text", message.event.text);
    return out;
}

std::string text_of(const PingMessage& message) {
    return fmt::format(R"({{"type":"ping","seq":{})", message.seq);
}

std::string text_of(const AckMessage& message) {
    return fmt::format(R"({{"type":"ack","seq":{},"sent":{})", message.seq, message.sent);
}

std::string_view name_of(FreezeStep step) {
    switch (step) {
        case FreezeStep::freeze: return "freeze";
        case FreezeStep::thaw: return "thaw";
        case FreezeStep::frozen: return "frozen";
        case FreezeStep::thawed: return "thawed";
    }
    base::unreachable("a step of no kind");
}

std::optional<FreezeStep> find_step(std::string_view type) {
    for (const FreezeStep step :
         {FreezeStep::freeze, FreezeStep::thaw, FreezeStep::frozen, FreezeStep::thawed}) {
        if (name_of(step) == type) {
            return step;
        }
    }
    return std::nullopt;
}

std::string text_of(const FreezeMessage& message) {
    const FreezeNote& note = message.note;
    std::string out =
        fmt::format(R"({{"type":"{}","seq":{},"id":{})", name_of(note.step), message.seq, note.id);
    if (note.step == FreezeStep::freeze) {
        fmt::format_to(std::back_inserter(out), R"(,"hold":{})", note.hold_ms);
    } else if (note.step != FreezeStep::thaw) {
        fmt::format_to(std::back_inserter(out), R"(,"count":{})", note.count);
    }
    if (note.late) {
        out += R"(,"late":true)";
    }
    if (!note.error.empty()) {
        append_member(out, "error", std::string_view(note.error).substr(0, kMaxEventBytes));
    }
    return out;
}

std::string text_of(const ErrorMessage& message) {
    std::string out = R"({"type":"error")";
    append_member(out, "message", message.text);
    return out;
}

std::string text_of(const UnknownMessage& message) {
    std::string out = fmt::format(R"({{"seq":{})", message.seq);
    append_member(out, "type", message.type);
    return out;
}

// Reading: every look-up says what it wants; anything else is malformed.

std::uint64_t unsigned_at(const Tree& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number_unsigned()) {
        malformed(fmt::format("'{}' must be a number", name));
    }
    return found->get<std::uint64_t>();
}

std::string text_at(const Tree& object, const char* name, std::size_t limit) {
    const auto found = object.find(name);
    if (found == object.end()) {
        return "";
    }
    if (!found->is_string() || found->get_ref<const std::string&>().size() > limit) {
        malformed(fmt::format("'{}' must be a text of at most {} bytes", name, limit));
    }
    return found->get<std::string>();
}

bool flag_at(const Tree& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) {
        return false;
    }
    if (!found->is_boolean()) {
        malformed(fmt::format("'{}' must be true or false", name));
    }
    return found->get<bool>();
}

std::vector<std::string> names_at(const Tree& object, const char* name) {
    std::vector<std::string> names;
    const auto found = object.find(name);
    if (found == object.end()) {
        return names;
    }
    if (!found->is_array()) {
        malformed(fmt::format("'{}' must be a list", name));
    }
    for (const Tree& item : *found) {
        if (!item.is_string()) {
            malformed(fmt::format("'{}' must hold texts", name));
        }
        names.push_back(item.get<std::string>());
    }
    return names;
}

std::uint64_t revision_of(const Tree& message, const std::string& key) {
    const auto revisions = message.find("revs");
    if (revisions == message.end()) {
        return unsigned_at(message, "rev");
    }
    const auto found = revisions->is_object() ? revisions->find(key) : revisions->end();
    if (found == revisions->end() || !found->is_number_unsigned()) {
        malformed("a key without a revision");
    }
    return found->get<std::uint64_t>();
}

Hello parse_hello(const Tree& tree) {
    const std::uint64_t protocol = unsigned_at(tree, "protocol");
    const std::string side = text_at(tree, "side", kMaxNameBytes);
    if (side != "host" && side != "guest") {
        malformed("'side' must be host or guest");
    }
    return Hello{.protocol = static_cast<unsigned>(std::min<std::uint64_t>(protocol, 1U << 16U)),
                 .side = side == "host" ? Side::host : Side::guest,
                 .session = text_at(tree, "session", kMaxNameBytes),
                 .version = text_at(tree, "version", kMaxNameBytes),
                 .boot = text_at(tree, "boot", kMaxNameBytes),
                 .freezes = flag_at(tree, "freezes")};
}

KeysMessage parse_keys(const Tree& tree, bool snapshot) {
    KeysMessage message{.seq = unsigned_at(tree, "seq"), .snapshot = snapshot};
    message.more = flag_at(tree, "more");
    std::vector<std::string> secrets = names_at(tree, "secret");
    std::sort(secrets.begin(), secrets.end());
    if (const auto set = tree.find("set"); set != tree.end()) {
        if (!set->is_object()) {
            malformed("'set' must be an object");
        }
        for (const auto& [key, value] : set->items()) {
            if (!value.is_string()) {
                malformed("a value must be a text");
            }
            message.keys.push_back(RemoteKey{
                .key = key,
                .version = {.value = value.get<std::string>(),
                            .revision = revision_of(tree, key),
                            .secret = std::binary_search(secrets.begin(), secrets.end(), key)}});
        }
    }
    for (std::string& key : names_at(tree, "delete")) {
        const std::uint64_t revision = revision_of(tree, key);
        message.keys.push_back(
            RemoteKey{.key = std::move(key), .version = {.revision = revision, .deleted = true}});
    }
    for (std::string& key : names_at(tree, "forget")) {
        message.keys.push_back(RemoteKey{.key = std::move(key), .forgotten = true});
    }
    return message;
}

FreezeMessage parse_freeze(const Tree& tree, FreezeStep step) {
    FreezeMessage message{.seq = unsigned_at(tree, "seq"), .note = {.step = step}};
    message.note.id = unsigned_at(tree, "id");
    if (step == FreezeStep::freeze) {
        message.note.hold_ms = unsigned_at(tree, "hold");
    } else if (step != FreezeStep::thaw) {
        message.note.count = unsigned_at(tree, "count");
    }
    message.note.late = flag_at(tree, "late");
    message.note.error = text_at(tree, "error", kMaxEventBytes);
    return message;
}

EventMessage parse_event(const Tree& tree) {
    EventMessage message{.seq = unsigned_at(tree, "seq")};
    message.event.id = unsigned_at(tree, "id");
    message.event.text = text_at(tree, "text", kMaxEventBytes);
    message.event.unix_ms =
        static_cast<std::int64_t>(unsigned_at(tree, "time") & 0x7fff'ffff'ffff'ffffU);
    check_event(message.event.text);
    return message;
}

}  // namespace

std::string to_line(const Message& message) {
    std::string line = std::visit([](const auto& one) { return text_of(one); }, message);
    line += "}\n";
    return line;
}

std::vector<KeysMessage> make_keys_messages(std::span<const RemoteKey> keys, bool snapshot,
                                            std::uint64_t first_seq) {
    std::vector<KeysMessage> messages(1);
    std::size_t used = kMessageRoom;
    for (const RemoteKey& key : keys) {
        // The name can stand in 'set', 'revs' and 'secret'.
        const std::size_t cost =
            3 * quoted_size(key.key) + quoted_size(key.version.value) + kPerKeyRoom;
        if (used + cost > kMaxLineBytes && !messages.back().keys.empty()) {
            messages.back().more = true;
            messages.emplace_back();
            used = kMessageRoom;
        }
        used += cost;
        messages.back().keys.push_back(key);
    }
    for (KeysMessage& message : messages) {
        message.seq = first_seq++;
        message.snapshot = snapshot;
    }
    return messages;
}

Message parse_message(std::string_view line) {
    const Tree tree = Tree::parse(line, nullptr, false);
    if (!tree.is_object()) {
        malformed("no JSON object");
    }
    const std::string type = text_at(tree, "type", kMaxNameBytes);
    if (type == "hello") {
        return parse_hello(tree);
    }
    if (type == "set" || type == "snapshot") {
        return parse_keys(tree, type == "snapshot");
    }
    if (type == "event") {
        return parse_event(tree);
    }
    if (const auto step = find_step(type)) {
        return parse_freeze(tree, *step);
    }
    if (type == "ping") {
        return PingMessage{.seq = unsigned_at(tree, "seq")};
    }
    if (type == "ack") {
        return AckMessage{.seq = unsigned_at(tree, "seq"), .sent = unsigned_at(tree, "sent")};
    }
    if (type == "error") {
        return ErrorMessage{.text = text_at(tree, "message", kMaxEventBytes)};
    }
    if (type.empty()) {
        malformed("no type");
    }
    return UnknownMessage{.type = type, .seq = tree.contains("seq") ? unsigned_at(tree, "seq") : 0};
}

std::vector<std::string> LineReader::feed(std::string_view bytes) {
    std::vector<std::string> lines;
    while (!bytes.empty()) {
        const std::size_t newline = bytes.find('\n');
        const std::string_view piece = bytes.substr(0, newline);
        const bool complete = newline != std::string_view::npos;
        if (!skipping_ && partial_.size() + piece.size() >= kMaxLineBytes) {
            skipping_ = true;
            partial_.clear();
            ++oversize_lines_;
        }
        if (!skipping_) {
            partial_ += piece;
        }
        if (!complete) {
            break;
        }
        if (!partial_.empty()) {
            lines.push_back(std::exchange(partial_, {}));
        }
        skipping_ = false;
        bytes.remove_prefix(newline + 1);
    }
    return lines;
}

void LineReader::reset() {
    partial_.clear();
    skipping_ = false;
}

}  // namespace hvruntime
