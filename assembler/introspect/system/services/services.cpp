// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/services/services.h"

#include <algorithm>

#include "assembler/introspect/system/text.h"
#include "base/port.h"

namespace assembler::introspect {

namespace {

constexpr std::string_view kCommandPrefixes = "@-:+!|";

// "/usr/sbin/nginx" of "-/usr/sbin/nginx -g 'daemon on;'".
std::string program_of(const std::string& command_line) {
    const std::vector<std::string> words = shell_words(command_line);
    if (words.empty()) {
        return "";
    }
    const std::size_t begin = words.front().find_first_not_of(kCommandPrefixes);
    return begin == std::string::npos ? "" : words.front().substr(begin);
}

// "0.0.0.0:80", "[::]:80", "80", "/run/x.sock"; what else there is (netlink and so on) is nothing.
std::optional<ListenFact> parse_listen(const UnitValue& value) {
    ListenFact listen{.evidence = {.file = value.file, .line = value.line}};
    const std::string& text = value.value;
    if (text.starts_with('/')) {
        listen.address = text;
        return listen;
    }
    const std::size_t colon = text.rfind(':');
    const std::size_t begin = colon == std::string::npos ? 0 : colon + 1;
    const auto port = base::find_port(std::string_view(text).substr(begin));
    if (!port) {
        return std::nullopt;
    }
    listen.port = *port;
    listen.address = colon == std::string::npos ? "::" : text.substr(0, colon);
    if (listen.address.starts_with('[') && listen.address.ends_with(']')) {
        listen.address = listen.address.substr(1, listen.address.size() - 2);
    }
    listen.place = {.file = value.file,
                    .line = value.line,
                    .column = value.column + static_cast<int>(begin),
                    .length = value.column == 0 ? 0 : static_cast<int>(text.size() - begin)};
    return listen;
}

class ServiceReader {
  public:
    ServiceReader(Reading& reading, const PackageDatabase& packages, const UnitFiles& units)
        : reading_(reading), packages_(packages), units_(units), started_(units.enabled()) {}

    void read() {
        add_sockets();
        add_clusters();
        std::set<std::string> names;
        for (const std::string& name : units_.names(".service")) {
            names.insert(name);
        }
        for (const std::string& name : started_) {
            if (name.ends_with(".service")) {
                names.insert(name);
            }
        }
        for (const std::string& name : names) {
            reading_.part(name, [&] { add_service(name); });
        }
        for (const std::string& name : units_.enabled()) {
            if (name.ends_with(".timer")) {
                reading_.part(name, [&] { add_timer(name); });
            }
        }
    }

  private:
    void add_sockets() {
        for (const std::string& name : units_.enabled()) {
            const auto unit = name.ends_with(".socket") ? units_.find(name) : std::nullopt;
            if (!unit) {
                continue;
            }
            std::string service = unit->last("Socket.Service");
            if (service.empty()) {
                const bool one_each =
                    unit->last("Socket.Accept") == "yes" || unit->last("Socket.Accept") == "true";
                service = name.substr(0, name.rfind('.')) + (one_each ? "@.service" : ".service");
            }
            service = units_.real_name(service);
            started_.insert(service);
            for (const char* key : {"Socket.ListenStream", "Socket.ListenDatagram"}) {
                for (const UnitValue& value : unit->all(key)) {
                    if (const auto listen = parse_listen(value)) {
                        listens_[service].push_back(*listen);
                    }
                }
            }
        }
    }

    // What postgresql-common's generator does: an instance for each cluster that starts by itself.
    void add_clusters() {
        const std::string folder = "/etc/postgresql";
        if (!started_.contains("postgresql.service") || !units_.is_known("postgresql@.service")) {
            return;
        }
        for (const auto& version : reading_.list(folder)) {
            for (const auto& cluster : reading_.list(folder + "/" + version.name)) {
                const std::string path = folder + "/" + version.name + "/" + cluster.name;
                const auto start = reading_.text(path + "/start.conf");
                const auto lines = start ? statements_of(*start) : std::vector<Line>();
                if (reading_.tree().resolve(path + "/postgresql.conf") &&
                    (lines.empty() || lines.front().text == "auto")) {
                    started_.insert("postgresql@" + version.name + "-" + cluster.name + ".service");
                }
            }
        }
    }

    void add_service(const std::string& name) {
        ServiceFact fact{.unit = name, .enabled = started_.contains(name)};
        if (units_.is_masked(name)) {
            fact.masked = true;
            fact.enabled = false;
            fact.evidence = {.file = units_.path_of(name)};
            fact.package = packages_.package_of(fact.evidence.file);
            fact.base = packages_.is_base(fact.package);
            reading_.facts().services.push_back(std::move(fact));
            return;
        }
        const auto unit = units_.find(name);
        if (!unit) {
            if (fact.enabled && !reading_.tree().resolve("/etc/init.d/" + stem_of(name))) {
                reading_.remark("the unit " + name + " is enabled and not there");
            }
            return;
        }
        fact.package = packages_.package_of(unit->file);
        fact.base = packages_.is_base(fact.package);
        // Helpers of packages, which others call when they need them, are nobody's service.
        if (!fact.enabled && !unit->can_be_enabled && !fact.package.empty()) {
            return;
        }
        fill(fact, *unit);
        reading_.facts().services.push_back(std::move(fact));
    }

    static std::string stem_of(const std::string& name) { return name.substr(0, name.rfind('.')); }

    void fill(ServiceFact& fact, const Unit& unit) {
        fact.evidence = {.file = unit.file};
        const std::vector<UnitValue>& starts = unit.all("Service.ExecStart");
        if (!starts.empty()) {
            fact.command_line = starts.front().value;
            fact.program = program_of(fact.command_line);
            fact.evidence = {.file = starts.front().file, .line = starts.front().line};
        }
        fact.user = unit.last("Service.User");
        fact.working_directory = unit.last("Service.WorkingDirectory");
        if (fact.working_directory.starts_with('-')) {
            fact.working_directory.erase(0, 1);
        }
        for (const UnitValue& value : unit.all("Service.EnvironmentFile")) {
            fact.environment_files.push_back(
                value.value.substr(value.value.starts_with('-') ? 1 : 0));
        }
        fact.environment = read_environment(reading_, unit);
        if (const auto found = listens_.find(fact.unit); found != listens_.end()) {
            fact.listens = found->second;
        }
    }

    void add_timer(const std::string& name) {
        const auto unit = units_.find(name);
        if (!unit) {
            return;
        }
        std::string service = unit->last("Timer.Unit");
        service = service.empty() ? stem_of(name) + ".service" : service;
        const auto started = units_.find(service);
        const UnitValue* command = started ? started->find_last("Service.ExecStart") : nullptr;
        for (const char* key : {"OnCalendar", "OnBootSec", "OnStartupSec", "OnUnitActiveSec",
                                "OnUnitInactiveSec", "OnActiveSec"}) {
            for (const UnitValue& value : unit->all(std::string("Timer.") + key)) {
                const bool is_calendar = std::string_view(key) == "OnCalendar";
                reading_.facts().jobs.push_back(
                    {.schedule = is_calendar ? value.value : std::string(key) + "=" + value.value,
                     .user = started ? started->last("Service.User") : "",
                     .command = command == nullptr ? service : command->value,
                     .evidence = {.file = value.file, .line = value.line},
                     .package = std::string(packages_.package_of(unit->file))});
            }
        }
    }

    Reading& reading_;
    const PackageDatabase& packages_;
    const UnitFiles& units_;
    std::set<std::string> started_;
    std::map<std::string, std::vector<ListenFact>> listens_;  // by service
};

}  // namespace

void read_services(Reading& reading, const PackageDatabase& packages) {
    const std::string& init = reading.facts().os.init;
    if (init.empty() || init == "systemd") {
        const UnitFiles units(reading);
        ServiceReader(reading, packages, units).read();
        read_init_scripts(reading, packages, &units);
    } else {
        read_init_scripts(reading, packages, nullptr);
    }
    std::vector<ServiceFact>& services = reading.facts().services;
    std::sort(services.begin(), services.end(),
              [](const ServiceFact& a, const ServiceFact& b) { return a.unit < b.unit; });
}

}  // namespace assembler::introspect
