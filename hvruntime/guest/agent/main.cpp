// SPDX-License-Identifier: Apache-2.0
// muster-guest: the program inside a machine. Static and small, so no option parser from elsewhere.
#include <unistd.h>
#include <charconv>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "hvruntime/guest/agent/channel/daemon.h"
#include "hvruntime/guest/agent/config/configure.h"
#include "hvruntime/guest/agent/freeze/hold_frozen.h"
#include "hvruntime/guest/agent/hooks.h"
#include "hvruntime/guest/agent/key_verbs.h"
#include "hvruntime/guest/agent/settings/settings_verbs.h"

namespace {

using namespace hvruntime::agent;

constexpr std::string_view kHelp =
    R"(muster-guest: configures this machine and talks with the host that runs it

  muster-guest get KEY                      print a value
  muster-guest set [--secret] KEY VALUE ... set keys, all at once
  muster-guest delete KEY ...               delete keys
  muster-guest list [PREFIX]                print keys and values; secret ones as ***
  muster-guest wait KEY [VALUE] [--timeout SECONDS]
                                            until the key is there, or has that value
  muster-guest event TEXT                   let the host know
  muster-guest config show|check|apply      keys and files of /etc/muster/config.d: as they are;
                                            whether they are good; write them, restart services
  muster-guest configure [--timeout SECONDS] [--image FILE]
                                            at boot: apply the OVF environment
  muster-guest hooks                        at boot: first-boot commands and configuration hooks
  muster-guest daemon [--port DEVICE]       keep the channel open
  muster-guest freeze [--timeout SECONDS]   of the daemon: let the file systems on disks stand still
                                            until standard input ends, 10 s at most

Every verb takes --root DIR: work below DIR instead of /.

EXIT STATUS
  0 done, 2 usage, 3 no such key, 4 bad key or value, 6 environment, 8 timed out, 10 partly done

EXAMPLE
  muster-guest set app.ready yes
)";

// Options may stand anywhere after the verb; "--" ends them.
class Arguments {
  public:
    explicit Arguments(std::span<char*> words) {
        bool options = true;
        for (std::size_t i = 0; i < words.size(); ++i) {
            const std::string word = words[i];
            if (options && word == "--") {
                options = false;
            } else if (options && word == "--secret") {
                secret_ = true;
            } else if (options && word.starts_with("--")) {
                if (i + 1 == words.size()) {
                    usage(fmt::format("option {} needs a value", word));
                }
                take_option(word, words[++i]);
            } else {
                values_.push_back(word);
            }
        }
    }
    [[noreturn]] static void usage(const std::string& why) {
        throw base::Error(base::ErrorKind::usage, why, "try 'muster-guest --help'");
    }
    const std::vector<std::string>& values(std::size_t least, std::size_t most) const {
        if (values_.size() < least || values_.size() > most) {
            usage("wrong number of words");
        }
        return values_;
    }
    const Places& places() const { return places_; }
    bool secret() const { return secret_; }
    std::optional<std::chrono::milliseconds> timeout() const { return timeout_; }
    const std::string& image() const { return image_; }
    const std::string& port() const { return port_; }

  private:
    void take_option(const std::string& name, const std::string& value) {
        if (name == "--root") {
            places_.root = value;
        } else if (name == "--image") {
            image_ = value;
        } else if (name == "--port") {
            port_ = value;
        } else if (name == "--timeout") {
            unsigned seconds = 0;
            const char* end = value.data() + value.size();
            const auto [stop, error] = std::from_chars(value.data(), end, seconds);
            if (error != std::errc() || stop != end || seconds > 366U * 24 * 3600) {
                usage("--timeout needs a number of seconds");
            }
            timeout_ = std::chrono::seconds(seconds);
        } else {
            usage(fmt::format("unknown option {}", name));
        }
    }

    Places places_;
    bool secret_ = false;
    std::optional<std::chrono::milliseconds> timeout_;
    std::string image_;
    std::string port_;
    std::vector<std::string> values_;
};

constexpr std::size_t kAny = 1U << 20U;

void run_config_verb(const std::string& what, const Places& places) {
    if (what == "show") {
        show_settings(places);
    } else if (what == "check") {
        check_settings(places);
    } else if (what == "apply") {
        apply_settings_now(places);
    } else {
        Arguments::usage(fmt::format("'{}' is not show, check or apply", what));
    }
}

void run_verb(std::string_view verb, const Arguments& arguments) {
    if (verb == "get") {
        print_key(arguments.values(1, 1)[0], arguments.places());
    } else if (verb == "set") {
        set_keys(arguments.values(2, kAny), arguments.secret(), arguments.places());
    } else if (verb == "delete") {
        delete_keys(arguments.values(1, kAny), arguments.places());
    } else if (verb == "list") {
        const auto& values = arguments.values(0, 1);
        print_list(values.empty() ? "" : values[0], arguments.places());
    } else if (verb == "wait") {
        const auto& values = arguments.values(1, 2);
        wait_for_key(values[0], values.size() > 1 ? std::optional(values[1]) : std::nullopt,
                     arguments.timeout(), arguments.places());
    } else if (verb == "event") {
        send_event(arguments.values(1, 1)[0], arguments.places());
    } else if (verb == "config") {
        run_config_verb(arguments.values(1, 1)[0], arguments.places());
    } else if (verb == "configure") {
        arguments.values(0, 0);
        ConfigureOptions options{.places = arguments.places()};
        options.limit = arguments.timeout().value_or(options.limit);
        if (!arguments.image().empty()) {
            options.image = arguments.image();
        }
        run_configure(options);
    } else if (verb == "hooks") {
        arguments.values(0, 0);
        run_hooks({.places = arguments.places()});
    } else if (verb == "freeze") {
        arguments.values(0, 0);
        run_freeze(arguments.places(), arguments.timeout().value_or(std::chrono::seconds(10)));
    } else if (verb == "daemon") {
        arguments.values(0, 0);
        run_daemon({.places = arguments.places(), .port = arguments.port()});
    } else {
        Arguments::usage(fmt::format("unknown verb '{}'", verb));
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::span<char*> words(argv, static_cast<std::size_t>(argc));
    const std::string_view verb = argc > 1 ? words[1] : "--help";
    if (verb == "--help" || verb == "help") {
        fmt::print("{}", kHelp);
        return argc > 1 ? 0 : static_cast<int>(base::ExitCode::usage);
    }
    if (verb == "--version") {
        fmt::print("muster-guest {}\n", MUSTER_VERSION);
        return 0;
    }
    try {
        run_verb(verb, Arguments(words.subspan(2)));
        return 0;
    } catch (const base::Error& error) {
        fmt::print(stderr, "muster-guest: error: {}\n", error.message());
        if (!error.hint().empty()) {
            fmt::print(stderr, "  hint: {}\n", error.hint());
        }
        return static_cast<int>(base::exit_code_of(error.kind()));
    } catch (const std::exception& error) {
        fmt::print(stderr, "muster-guest: error: {}\n", error.what());
        return static_cast<int>(base::ExitCode::internal);
    }
}
