// SPDX-License-Identifier: Apache-2.0
// The messages of the guest channel and their framing: one JSON object per line over a
// virtio-serial port. Pure text to values and back; used by both ends. Bytes from the other side
// are untrusted. Format and rules: hvruntime/doc/guest_channel.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hvruntime/guest/freeze_note.h"
#include "hvruntime/guest/key_entry.h"
#include "hvruntime/guest/key_table.h"

namespace hvruntime {

constexpr std::string_view kGuestPortName = "org.muster.guest.0";
constexpr unsigned kGuestProtocol = 1;
constexpr std::size_t kMaxLineBytes = 256U << 10U;

// The host opens a session by a hello with a new name; the guest answers with the same name. A
// guest's hello without one asks the host to begin (after a restart of the guest's daemon).
struct Hello {
    unsigned protocol = kGuestProtocol;
    Side side = Side::host;
    std::string session;
    std::string version;   // of muster, for people
    std::string boot;      // guest only: the kernel's boot id
    bool freezes = false;  // guest only: its file systems can be frozen
};

// `set` is a batch with one revision, `snapshot` all that the sender has; both may come in parts:
// the receiver acts when `more` is false.
struct KeysMessage {
    std::uint64_t seq = 0;
    bool snapshot = false;
    bool more = false;
    std::vector<RemoteKey> keys;
};

struct EventMessage {
    std::uint64_t seq = 0;
    GuestEvent event;
};

struct PingMessage {
    std::uint64_t seq = 0;
};

struct AckMessage {
    std::uint64_t seq = 0;   // this one and all before it are done and durable
    std::uint64_t sent = 0;  // how many messages the sender has sent: shows a lost one
};

struct FreezeMessage {
    std::uint64_t seq = 0;
    FreezeNote note;
};

// Says why the sender gives up the session. For the log.
struct ErrorMessage {
    std::string text;
};

// A type this version does not know: skipped, but its seq counts.
struct UnknownMessage {
    std::string type;
    std::uint64_t seq = 0;
};

using Message = std::variant<Hello, KeysMessage, EventMessage, PingMessage, AckMessage,
                             FreezeMessage, ErrorMessage, UnknownMessage>;

// With the newline at the end.
std::string to_line(const Message& message);
// Cuts the keys into as many messages as the line limit asks for; numbers them from `first_seq`.
std::vector<KeysMessage> make_keys_messages(std::span<const RemoteKey> keys, bool snapshot,
                                            std::uint64_t first_seq);
// Throws Error(invalid_input) for anything that is not a well-formed message.
Message parse_message(std::string_view line);

// Bytes to lines. A line past the limit is thrown away up to its newline and counted.
class LineReader {
  public:
    // The complete lines, without newlines and without empty ones.
    std::vector<std::string> feed(std::string_view bytes);
    void reset();
    std::uint64_t oversize_lines() const { return oversize_lines_; }

  private:
    std::string partial_;
    bool skipping_ = false;
    std::uint64_t oversize_lines_ = 0;
};

}  // namespace hvruntime
