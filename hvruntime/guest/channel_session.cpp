// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/channel_session.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"

namespace hvruntime {

namespace {

constexpr std::size_t kSessionDigits = 16;
constexpr std::size_t kMostKeys = 2 * kMaxKeysPerSide;  // of one batch: as many set as forgotten
constexpr std::size_t kMostCollected = kMostKeys * kMaxKeyBytes + kMaxBytesPerSide;

std::size_t size_of(const std::vector<RemoteKey>& keys) {
    std::size_t bytes = 0;
    for (const RemoteKey& key : keys) {
        bytes += key.key.size() + key.version.value.size();
    }
    return bytes;
}

}  // namespace

void ChannelSession::begin() {
    end();
    lines_.reset();
    state_ = State::greeting;
    if (self_.side == Side::host) {
        greet();
    }
}

void ChannelSession::knock() {
    begin();
    greet();
}

void ChannelSession::end() {
    state_ = State::idle;
    output_.clear();
    sent_bytes_ = 0;
    fault_.clear();
    session_.clear();
}

// Counters start anew with every hello; the newline ends what an older session may have left half
// written.
void ChannelSession::greet() {
    if (self_.side == Side::host) {
        session_ = base::random_hex(kSessionDigits);
    }
    ++session_count_;
    last_sent_ = 0;
    acknowledged_ = 0;
    last_received_ = 0;
    collecting_ = {};
    collected_bytes_ = 0;
    sent_bytes_ = 0;
    output_ = "\n" + to_line(Hello{.side = self_.side,
                                   .session = session_,
                                   .version = self_.version,
                                   .boot = self_.boot,
                                   .freezes = self_.freezes});
}

void ChannelSession::fail(std::string why) {
    fault_ = std::move(why);
    output_ += to_line(ErrorMessage{.text = fault_});
}

std::vector<Received> ChannelSession::receive(std::string_view bytes) {
    std::vector<Received> out;
    if (state_ == State::idle) {
        return out;
    }
    for (const std::string& line : lines_.feed(bytes)) {
        if (!fault_.empty()) {
            break;
        }
        handle_line(line, out);
    }
    return out;
}

void ChannelSession::handle_line(const std::string& line, std::vector<Received>& out) {
    try {
        Message message = parse_message(line);
        if (const auto* hello = std::get_if<Hello>(&message)) {
            handle(*hello, out);
            return;
        }
        if (state_ != State::greeting) {  // else it is of an older session
            handle_in_session(std::move(message), out);
        }
    } catch (const base::Error& error) {
        // Skipped: if it was one of this session's, the next number shows the gap.
        base::log(base::LogLevel::debug, "guest", "skipping a line of {} bytes: {}", line.size(),
                  error.message());
    }
}

void ChannelSession::handle_in_session(Message&& message, std::vector<Received>& out) {
    if (auto* keys = std::get_if<KeysMessage>(&message)) {
        handle(std::move(*keys), out);
    } else if (auto* event = std::get_if<EventMessage>(&message)) {
        if (in_order(event->seq)) {
            out.emplace_back(
                EventReceived{.ticket = ticket(event->seq), .event = std::move(event->event)});
        }
    } else if (auto* freeze = std::get_if<FreezeMessage>(&message)) {
        if (in_order(freeze->seq)) {
            out.emplace_back(
                FreezeNoteReceived{.ticket = ticket(freeze->seq), .note = std::move(freeze->note)});
        }
    } else if (const auto* ping = std::get_if<PingMessage>(&message)) {
        if (in_order(ping->seq)) {
            out.emplace_back(AckDue{ticket(ping->seq)});
        }
    } else if (const auto* unknown = std::get_if<UnknownMessage>(&message)) {
        if (unknown->seq != 0 && in_order(unknown->seq)) {
            out.emplace_back(AckDue{ticket(unknown->seq)});
        }
    } else if (const auto* ack = std::get_if<AckMessage>(&message)) {
        handle(*ack);
    } else if (const auto* error = std::get_if<ErrorMessage>(&message)) {
        fault_ = "the other side says: " + error->text;
    }
}

void ChannelSession::handle(const AckMessage& ack) {
    if (ack.seq > last_sent_ || ack.seq < acknowledged_) {
        fail(fmt::format("message {} was acknowledged, {} were sent", ack.seq, last_sent_));
    } else if (ack.sent != last_received_) {
        fail(fmt::format("{} messages were sent, {} came", ack.sent, last_received_));
    } else {
        acknowledged_ = ack.seq;
    }
}

void ChannelSession::handle(const Hello& hello, std::vector<Received>& out) {
    if (hello.side == self_.side) {
        return;  // our own, echoed by whatever sits at the other end
    }
    if (hello.protocol < 1) {
        fail(fmt::format("protocol {} is not spoken here", hello.protocol));
        return;
    }
    if (self_.side == Side::guest) {
        session_ = hello.session;
        greet();
    } else if (hello.session.empty()) {
        state_ = State::greeting;  // a knock
        greet();
        return;
    } else if (state_ != State::greeting || hello.session != session_) {
        return;
    }
    state_ = State::opened;
    out.emplace_back(SessionOpened{.peer = hello});
}

bool ChannelSession::in_order(std::uint64_t seq) {
    if (seq != last_received_ + 1) {
        fail(fmt::format("message {} came after message {}", seq, last_received_));
        return false;
    }
    last_received_ = seq;
    return true;
}

void ChannelSession::handle(KeysMessage&& message, std::vector<Received>& out) {
    if (!in_order(message.seq)) {
        return;
    }
    collected_bytes_ += size_of(message.keys);
    if (collected_bytes_ > kMostCollected ||
        collecting_.keys.size() + message.keys.size() > kMostKeys) {
        fail("a batch is larger than all keys can be");
        return;
    }
    if (!collecting_.keys.empty() && collecting_.snapshot != message.snapshot) {
        fail("a batch and a snapshot are mixed");
        return;
    }
    collecting_.snapshot = message.snapshot;
    std::move(message.keys.begin(), message.keys.end(), std::back_inserter(collecting_.keys));
    if (!message.more) {
        out.emplace_back(KeysReceived{.ticket = ticket(message.seq),
                                      .snapshot = message.snapshot,
                                      .keys = std::exchange(collecting_, {}).keys});
        collected_bytes_ = 0;
    }
}

void ChannelSession::acknowledge(const Ticket& due) {
    const bool in_session = state_ == State::opened || state_ == State::open;
    if (in_session && due.session == session_count_) {
        output_ += to_line(AckMessage{.seq = due.seq, .sent = last_sent_});
    }
}

void ChannelSession::send_snapshot(std::span<const RemoteKey> keys) {
    if (state_ != State::opened && state_ != State::open) {
        return;
    }
    state_ = State::open;
    for (const KeysMessage& message : make_keys_messages(keys, true, last_sent_ + 1)) {
        output_ += to_line(message);
        last_sent_ = message.seq;
    }
}

void ChannelSession::send_keys(std::span<const RemoteKey> keys) {
    if (state_ != State::open || keys.empty()) {
        return;
    }
    for (const KeysMessage& message : make_keys_messages(keys, false, last_sent_ + 1)) {
        output_ += to_line(message);
        last_sent_ = message.seq;
    }
}

void ChannelSession::send_event(const GuestEvent& event) {
    if (state_ == State::open) {
        output_ += to_line(EventMessage{.seq = ++last_sent_, .event = event});
    }
}

void ChannelSession::send_freeze_note(const FreezeNote& note) {
    if (state_ == State::open) {
        output_ += to_line(FreezeMessage{.seq = ++last_sent_, .note = note});
    }
}

void ChannelSession::send_ping() {
    if (state_ == State::open) {
        output_ += to_line(PingMessage{.seq = ++last_sent_});
    }
}

void ChannelSession::consume_output(std::size_t bytes) {
    sent_bytes_ += bytes;
    if (sent_bytes_ == output_.size()) {
        output_.clear();
        sent_bytes_ = 0;
    } else if (sent_bytes_ > (1U << 20U)) {
        output_.erase(0, sent_bytes_);
        sent_bytes_ = 0;
    }
}

}  // namespace hvruntime
