// SPDX-License-Identifier: Apache-2.0
// One end of the guest channel without any input or output: bytes in, things to act on out, bytes
// to send in output(). Both ends use it. Sequence: begin(); receive() until `opened`; the owner
// answers with send_snapshot(); then keys flow. The owner acts on each received thing, makes it
// durable and only then calls acknowledge(). Not thread-safe: the owner locks.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hvruntime/guest/protocol.h"

namespace hvruntime {

// What acknowledge() wants back: a number means something only in its session.
struct Ticket {
    std::uint64_t session = 0;
    std::uint64_t seq = 0;
};

// The session is open (again): send a snapshot now.
struct SessionOpened {
    Hello peer;
};
struct KeysReceived {
    Ticket ticket;
    bool snapshot = false;
    std::vector<RemoteKey> keys;
};
struct EventReceived {
    Ticket ticket;
    GuestEvent event;
};
struct FreezeNoteReceived {
    Ticket ticket;
    FreezeNote note;
};
// Nothing to do but to acknowledge, in its turn.
struct AckDue {
    Ticket ticket;
};
using Received =
    std::variant<SessionOpened, KeysReceived, EventReceived, FreezeNoteReceived, AckDue>;

class ChannelSession {
  public:
    struct Identity {
        Side side = Side::host;
        std::string version;
        std::string boot;      // guest only
        bool freezes = false;  // guest only
    };
    explicit ChannelSession(Identity self) : self_(std::move(self)) {}

    // A fresh connection: forgets the old session. The host greets, the guest waits for that.
    void begin();
    // The guest asks the host to greet, for when a greeting was lost or went to an earlier daemon.
    void knock();
    // The connection has gone. Nothing is kept: the next snapshot carries it all.
    void end();

    std::vector<Received> receive(std::string_view bytes);
    void acknowledge(const Ticket& due);

    void send_snapshot(std::span<const RemoteKey> keys);
    // No-ops while the session is not open.
    void send_keys(std::span<const RemoteKey> keys);
    void send_event(const GuestEvent& event);
    void send_freeze_note(const FreezeNote& note);
    void send_ping();

    bool open() const { return state_ == State::open; }
    // Everything sent so far has been acknowledged.
    bool settled() const { return open() && acknowledged_ == last_sent_; }
    // Sequence numbers, for who waits for one message.
    std::uint64_t last_sent() const { return last_sent_; }
    std::uint64_t acknowledged() const { return acknowledged_; }
    // Why the session cannot go on; the owner ends it and begins again after a pause.
    const std::string& fault() const { return fault_; }

    std::string_view output() const { return std::string_view(output_).substr(sent_bytes_); }
    void consume_output(std::size_t bytes);

  private:
    enum class State { idle, greeting, opened, open };  // opened: our snapshot is still to come

    void handle(const Hello& hello, std::vector<Received>& out);
    void handle(KeysMessage&& message, std::vector<Received>& out);
    void handle_line(const std::string& line, std::vector<Received>& out);
    void handle_in_session(Message&& message, std::vector<Received>& out);
    void handle(const AckMessage& ack);
    bool in_order(std::uint64_t seq);
    Ticket ticket(std::uint64_t seq) const { return {.session = session_count_, .seq = seq}; }
    void fail(std::string why);
    void greet();

    Identity self_;
    State state_ = State::idle;
    std::string session_;
    LineReader lines_;
    std::string output_;
    std::size_t sent_bytes_ = 0;
    std::string fault_;
    std::uint64_t session_count_ = 0;
    std::uint64_t last_sent_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t last_received_ = 0;
    KeysMessage collecting_;  // parts until the last one
    std::size_t collected_bytes_ = 0;
};

}  // namespace hvruntime
