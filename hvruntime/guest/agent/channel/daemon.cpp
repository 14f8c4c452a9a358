// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/daemon.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "hvruntime/guest/agent/channel/addresses.h"
#include "hvruntime/guest/agent/channel/change_hooks.h"
#include "hvruntime/guest/agent/channel/channel_end.h"
#include "hvruntime/guest/agent/channel/event_loop.h"
#include "hvruntime/guest/agent/channel/freezer.h"
#include "hvruntime/guest/agent/channel/guest_state.h"
#include "hvruntime/guest/agent/channel/local_request.h"
#include "hvruntime/guest/agent/channel/local_server.h"
#include "hvruntime/guest/agent/channel/settings_keeper.h"

namespace hvruntime::agent {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAddressPrefix = "muster.ip.";

class Daemon {
  public:
    explicit Daemon(const DaemonOptions& options)
        : places_(options.places),
          state_(places_),
          hooks_(loop_, places_),
          settings_(loop_, places_, state_, [this](const KeyWrite& write) { set({write}); }),
          channel_(
              loop_, state_, options.port,
              [this](std::span<const KeyEntry> changed) { host_changed(changed); },
              [this](const FreezeNote& note) { freezer_.take(note); }),
          server_(loop_, places_.socket(),
                  [this](const LocalRequest& request) { return answer(request); }),
          freezer_(
              loop_, places_, [this](const FreezeNote& note) { channel_.send_freeze_note(note); },
              [this] { act_on_waiting(); }) {
        set({{.key = "muster.guest.version", .value = MUSTER_VERSION},
             {.key = "muster.boot.id", .value = read_boot_id()}});
        watch_spool();
        watch_addresses();
        loop_.add(base::interrupt().event_fd(), EPOLLIN, [this](std::uint32_t) { loop_.stop(); });
    }

    void run() { loop_.run(); }

  private:
    void set(const std::vector<KeyWrite>& writes) {
        channel_.send_keys(state_.set(writes).to_send);
        server_.keys_changed();
    }

    void host_changed(std::span<const KeyEntry> changed) {
        server_.keys_changed();
        for (const KeyEntry& entry : changed) {
            waiting_.push_back({entry.key, entry.owner == Side::host});
        }
        act_on_waiting();
    }

    // What follows from changed keys is written to disks, which must not stand still then: this
    // loop has to go on.
    void act_on_waiting() {
        if (freezer_.active() || waiting_.empty()) {
            return;
        }
        const std::vector<ChangedKey> changed = std::exchange(waiting_, {});
        std::vector<std::string> keys;
        for (const ChangedKey& one : changed) {
            keys.push_back(one.key);
        }
        settings_.keys_changed(keys);  // before the hooks, which find new files then
        for (const ChangedKey& one : changed) {
            if (one.by_host) {
                hooks_.key_changed(one.key);
            }
        }
    }

    // nullopt: the answer comes when a key changes.
    std::optional<std::vector<KeyEntry>> answer(const LocalRequest& request) {
        using Kind = LocalRequest::Kind;
        switch (request.kind) {
            case Kind::get: {
                const std::optional<KeyEntry> entry = state_.find(request.key);
                return entry ? std::vector{*entry} : std::vector<KeyEntry>();
            }
            case Kind::wait: {
                const std::optional<KeyEntry> entry = state_.find(request.key);
                if (entry && (!request.value || entry->value == *request.value)) {
                    return std::vector{*entry};
                }
                return std::nullopt;
            }
            case Kind::list: return state_.list(request.key);
            case Kind::set: set_for_guest(request.writes); return std::vector<KeyEntry>();
            case Kind::event:
                channel_.send_event(state_.add_event(request.text));
                return std::vector<KeyEntry>();
        }
        base::unreachable("a request of no kind");
    }

    void set_for_guest(const std::vector<KeyWrite>& writes) {
        settings_.require_good(writes);
        set(writes);
        for (const KeyWrite& write : writes) {
            waiting_.push_back({write.key, false});
        }
        act_on_waiting();
    }

    void watch_spool() {
        base::make_dirs(places_.spool(), 0700);
        spool_watch_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
        if (!spool_watch_ ||
            ::inotify_add_watch(spool_watch_.get(), places_.spool().c_str(), IN_MOVED_TO) < 0) {
            throw base::SystemError(errno, fmt::format("watching '{}'", places_.spool().string()));
        }
        loop_.add(spool_watch_.get(), EPOLLIN, [this](std::uint32_t) {
            std::array<char, 4096> news;
            while (::read(spool_watch_.get(), news.data(), news.size()) > 0) {
            }
            do_spooled();
        });
        do_spooled();
    }

    void do_spooled() {
        std::vector<fs::path> files;
        for (const auto& entry : fs::directory_iterator(places_.spool())) {
            if (entry.path().extension() == ".json") {
                files.push_back(entry.path());
            }
        }
        std::sort(files.begin(), files.end());
        for (const fs::path& file : files) {
            base::guarded("spool", [&] { answer(parse_local_request(base::read_file(file))); });
            base::guarded("spool", [&] { base::remove_all(file); });
        }
    }

    void watch_addresses() {
        loop_.add(addresses_.fd(), EPOLLIN, [this](std::uint32_t) {
            addresses_.drain();
            report_addresses();
        });
        report_addresses();
    }

    void report_addresses() {
        std::map<std::string, KeyWrite> writes;
        for (const KeyEntry& entry : state_.list(std::string(kAddressPrefix))) {
            writes[entry.key] = KeyWrite{.key = entry.key};  // gone, unless found below
        }
        for (const auto& [name, addresses] : read_addresses()) {
            const std::string key = fmt::format("{}{}", kAddressPrefix, name);
            writes[key] =
                KeyWrite{.key = key, .value = fmt::format("{}", fmt::join(addresses, " "))};
        }
        std::vector<KeyWrite> batch;
        for (auto& [key, write] : writes) {
            batch.push_back(std::move(write));
        }
        set(batch);
    }

    struct ChangedKey {
        std::string key;
        bool by_host = false;
    };

    const Places places_;
    EventLoop loop_;
    GuestState state_;
    ChangeHooks hooks_;
    SettingsKeeper settings_;
    ChannelEnd channel_;
    LocalServer server_;
    Freezer freezer_;
    std::vector<ChangedKey> waiting_;  // not yet acted upon
    AddressWatch addresses_;
    base::UniqueFd spool_watch_;
};

}  // namespace

void run_daemon(const DaemonOptions& options) {
    ::signal(SIGPIPE, SIG_IGN);
    base::interrupt().install_handlers();
    base::make_dirs(options.places.run_dir(), 0700);
    Daemon daemon(options);
    daemon.run();
}

}  // namespace hvruntime::agent
