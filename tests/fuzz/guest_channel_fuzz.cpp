// SPDX-License-Identifier: Apache-2.0
// Bytes of a hostile guest into the host's end of the channel, keys and all. The first byte says
// how large the pieces are in which they come; '@' in the input stands for the session's name,
// which a guest knows and a fuzzer cannot guess.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "hvruntime/guest/channel_session.h"
#include "hvruntime/guest/key_table.h"

namespace {

using namespace hvruntime;

void act(ChannelSession& session, KeyTable& table, const Received& thing) {
    if (std::holds_alternative<SessionOpened>(thing)) {
        session.send_snapshot(table.own_snapshot());
    } else if (const auto* keys = std::get_if<KeysReceived>(&thing)) {
        const auto planned =
            keys->snapshot ? table.plan_remote_snapshot(keys->keys) : table.plan_remote(keys->keys);
        session.send_keys(table.apply(planned).to_send);
        session.acknowledge(keys->ticket);
    } else if (const auto* event = std::get_if<EventReceived>(&thing)) {
        session.acknowledge(event->ticket);
    } else if (const auto* freeze = std::get_if<FreezeNoteReceived>(&thing)) {
        session.acknowledge(freeze->ticket);
        session.send_freeze_note(freeze->note);
    } else {
        session.acknowledge(std::get<AckDue>(thing).ticket);
    }
}

std::string session_name(const ChannelSession& session) {
    const std::string hello(session.output());
    const std::string mark = "\"session\":\"";
    const std::size_t at = hello.find(mark) + mark.size();
    return hello.substr(at, hello.find('"', at) - at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    ChannelSession session({.side = Side::host, .version = "fuzz", .boot = ""});
    KeyTable table(Side::host);
    const std::vector<KeyWrite> own{{.key = "title", .value = "host"}, {.key = "k", .value = "h"}};
    table.apply(table.plan_set(own));
    session.begin();
    const std::string name = session_name(session);
    std::string bytes;
    for (std::size_t i = 1; i < size; ++i) {
        if (data[i] == '@') {
            bytes += name;
        } else {
            bytes += static_cast<char>(data[i]);
        }
    }
    const std::size_t piece = data[0] + std::size_t{1};
    for (std::size_t at = 0; at < bytes.size() && session.fault().empty(); at += piece) {
        for (const Received& thing : session.receive(std::string_view(bytes).substr(at, piece))) {
            try {
                act(session, table, thing);
            } catch (const base::Error&) {
                session.begin();
            }
        }
    }
    // What came in can be stored, read back and sent on.
    const KeyTable again(Side::host, table.records());
    if (again.records() != table.records()) {
        std::abort();
    }
    for (const KeyRecord& record : table.records()) {
        if (parse_key_record(record.key, to_json_text(record)) != record) {
            std::abort();
        }
    }
    return 0;
}
