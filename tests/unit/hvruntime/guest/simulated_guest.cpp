// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/hvruntime/guest/simulated_guest.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/error.h"

namespace tests {

using namespace hvruntime;

namespace {

base::UniqueFd listen_unix(const std::filesystem::path& path) {
    base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    ::unlink(path.c_str());
    // SAFETY: the socket API takes every address type through sockaddr.
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        ::listen(fd.get(), 1) != 0) {
        throw base::SystemError(errno, "listening on " + path.string());
    }
    return fd;
}

}  // namespace

SimulatedGuest::SimulatedGuest(std::filesystem::path socket_path) : path_(std::move(socket_path)) {
    start_machine();
    start_agent();
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

SimulatedGuest::~SimulatedGuest() {
    thread_.request_stop();
    thread_.join();
}

void SimulatedGuest::stop_machine() {
    const std::lock_guard lock(mutex_);
    client_.reset();
    listener_.reset();
    session_.reset();
    ::unlink(path_.c_str());
}

void SimulatedGuest::start_machine() {
    const std::lock_guard lock(mutex_);
    ++boot_;
    table_ = KeyTable(Side::guest);
    listener_ = listen_unix(path_);
}

void SimulatedGuest::stop_agent() {
    const std::lock_guard lock(mutex_);
    session_.reset();
}

void SimulatedGuest::start_agent() {
    const std::lock_guard lock(mutex_);
    session_ = std::make_unique<ChannelSession>(ChannelSession::Identity{
        .side = Side::guest, .version = "9", .boot = std::to_string(boot_), .freezes = true});
    session_->knock();
}

void SimulatedGuest::set(const std::vector<KeyWrite>& writes) {
    const std::lock_guard lock(mutex_);
    const auto applied = table_.apply(table_.plan_set(writes));
    if (session_) {
        session_->send_keys(applied.to_send);
    }
}

void SimulatedGuest::event(std::uint64_t id, const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (session_) {
        session_->send_event({.id = id, .boot = "", .text = text, .unix_ms = 1});
    }
}

void SimulatedGuest::answer_freeze(std::optional<FreezeNote> frozen,
                                   std::optional<FreezeNote> thawed) {
    const std::lock_guard lock(mutex_);
    frozen_ = std::move(frozen);
    thawed_ = std::move(thawed);
}

std::string SimulatedGuest::freeze_notes() {
    const std::lock_guard lock(mutex_);
    return freeze_notes_;
}

void SimulatedGuest::answer(const FreezeNote& note) {
    const bool freeze = note.step == FreezeStep::freeze;
    freeze_notes_ += freeze ? "freeze " + std::to_string(note.hold_ms) + "; " : "thaw; ";
    std::optional<FreezeNote> reply = freeze ? frozen_ : thawed_;
    if (reply) {
        reply->id = note.id;
        session_->send_freeze_note(*reply);
    }
}

void SimulatedGuest::write_raw(const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    raw_ += bytes;
}

void SimulatedGuest::swallow_next_bytes(std::size_t count) {
    const std::lock_guard lock(mutex_);
    swallow_ = count;
}

std::string SimulatedGuest::value(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto entry = table_.find(key);
    return entry ? entry->value : "(none)";
}

std::size_t SimulatedGuest::count() {
    const std::lock_guard lock(mutex_);
    return table_.list().size();
}

std::size_t SimulatedGuest::key_messages() {
    const std::lock_guard lock(mutex_);
    return key_messages_;
}

std::size_t SimulatedGuest::pings() {
    const std::lock_guard lock(mutex_);
    return pings_;
}

bool SimulatedGuest::open() {
    const std::lock_guard lock(mutex_);
    return session_ && session_->open();
}

void SimulatedGuest::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        {
            const std::lock_guard lock(mutex_);
            step();
        }
        std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
}

void SimulatedGuest::step() {
    if (listener_ && !client_) {
        client_.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    }
    if (!client_ || !session_) {
        return;  // like QEMU, which does not read the socket while nobody has the port open
    }
    read_from_host();
    write_to_host();
    if (session_ && !session_->fault().empty()) {
        session_->knock();
    }
}

void SimulatedGuest::read_from_host() {
    std::array<char, 65536> buffer;
    const ssize_t got = ::recv(client_.get(), buffer.data(), buffer.size(), 0);
    if (got == 0) {
        client_.reset();  // the agent does not hear of it, as in the worst case in a guest
        return;
    }
    if (got < 0) {
        return;
    }
    std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t lost = std::min(swallow_, bytes.size());
    swallow_ -= lost;
    bytes.remove_prefix(lost);
    for (const Received& thing : session_->receive(bytes)) {
        if (std::holds_alternative<SessionOpened>(thing)) {
            session_->send_snapshot(table_.own_snapshot());
        } else if (const auto* keys = std::get_if<KeysReceived>(&thing)) {
            ++key_messages_;
            const auto applied =
                table_.apply(keys->snapshot ? table_.plan_remote_snapshot(keys->keys)
                                            : table_.plan_remote(keys->keys));
            session_->send_keys(applied.to_send);
            session_->acknowledge(keys->ticket);
        } else if (const auto* freeze = std::get_if<FreezeNoteReceived>(&thing)) {
            session_->acknowledge(freeze->ticket);
            answer(freeze->note);
        } else if (const auto* due = std::get_if<AckDue>(&thing)) {
            ++pings_;
            session_->acknowledge(due->ticket);
        }
    }
}

void SimulatedGuest::write_to_host() {
    if (!client_) {
        return;
    }
    if (!raw_.empty()) {
        const ssize_t sent = ::send(client_.get(), raw_.data(), raw_.size(), MSG_NOSIGNAL);
        raw_.erase(0, sent > 0 ? static_cast<std::size_t>(sent) : 0);
        return;
    }
    const std::string_view output = session_->output();
    if (output.empty()) {
        return;
    }
    const ssize_t sent = ::send(client_.get(), output.data(), output.size(), MSG_NOSIGNAL);
    if (sent > 0) {
        session_->consume_output(static_cast<std::size_t>(sent));
    }
}

}  // namespace tests
