// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_agent.h"

#include <variant>

namespace tests {

using hvruntime::Received;

FakeAgent::FakeAgent(const std::map<std::string, std::string>& orders)
    : orders_(orders),
      silent_(orders.contains("no-agent")),
      extra_(orders.contains("set") ? orders.at("set") : ""),
      session_({.side = hvruntime::Side::guest,
                .version = "fake",
                .boot = "fake-boot",
                .freezes = !orders.contains("no-freeze")}) {
}

void FakeAgent::connected() {
    session_.end();
    session_.begin();
}

void FakeAgent::receive(std::string_view bytes) {
    if (silent_) {
        return;
    }
    for (const Received& received : session_.receive(bytes)) {
        if (std::holds_alternative<hvruntime::SessionOpened>(received)) {
            session_.send_snapshot(table_.own_snapshot());
        } else if (const auto* keys = std::get_if<hvruntime::KeysReceived>(&received)) {
            table_.apply(keys->snapshot ? table_.plan_remote_snapshot(keys->keys)
                                        : table_.plan_remote(keys->keys));
            session_.acknowledge(keys->ticket);
        } else if (const auto* freeze = std::get_if<hvruntime::FreezeNoteReceived>(&received)) {
            session_.acknowledge(freeze->ticket);
            answer(freeze->note);
        } else if (const auto* due = std::get_if<hvruntime::AckDue>(&received)) {
            session_.acknowledge(due->ticket);
        }
    }
}

void FakeAgent::application_is_up() {
    if (up_) {
        return;
    }
    up_ = true;
    set("app.ready", "1");
    const std::size_t equals = extra_.find('=');
    if (equals != std::string::npos) {
        set(extra_.substr(0, equals), extra_.substr(equals + 1));
    }
}

void FakeAgent::answer(const hvruntime::FreezeNote& note) {
    using hvruntime::FreezeStep;
    if (note.step == FreezeStep::freeze && orders_.contains("freeze-fails")) {
        session_.send_freeze_note(
            {.step = FreezeStep::frozen, .id = note.id, .error = "freezing '/': told to fail"});
    } else if (note.step == FreezeStep::freeze) {
        session_.send_freeze_note({.step = FreezeStep::frozen, .id = note.id, .count = 2});
    } else if (note.step == FreezeStep::thaw) {
        session_.send_freeze_note({.step = FreezeStep::thawed,
                                   .id = note.id,
                                   .count = 2,
                                   .late = orders_.contains("freeze-late")});
    }
}

void FakeAgent::set(const std::string& key, const std::string& value) {
    const std::vector<hvruntime::KeyWrite> writes{{.key = key, .value = value}};
    session_.send_keys(table_.apply(table_.plan_set(writes)).to_send);
}

std::string FakeAgent::take_output() {
    std::string output(session_.output());
    session_.consume_output(output.size());
    return output;
}

}  // namespace tests
