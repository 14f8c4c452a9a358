// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/facts_json.h"

#include <array>
#include <concepts>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace assembler {

namespace {

template <typename T, typename Fact>
concept Of = std::same_as<std::remove_const_t<T>, Fact>;

// Each names the fields of a struct once, for writing and for reading. `io(key, field)`.

template <typename Io, Of<Evidence> T>
void fields(Io& io, T& fact) {
    io("file", fact.file);
    io("line", fact.line);
    io("confidence", fact.confidence);
}

template <typename Io, Of<ValuePlace> T>
void fields(Io& io, T& fact) {
    io("file", fact.file);
    io("line", fact.line);
    io("column", fact.column);
    io("length", fact.length);
}

template <typename Io, Of<OperatingSystem> T>
void fields(Io& io, T& fact) {
    io("id", fact.id);
    io("version_id", fact.version_id);
    io("pretty_name", fact.pretty_name);
    io("architecture", fact.architecture);
    io("hostname", fact.hostname);
    io("timezone", fact.timezone);
    io("init", fact.init);
    io("kernel", fact.kernel);
    io("evidence", fact.evidence);
}

template <typename Io, Of<PackageFact> T>
void fields(Io& io, T& fact) {
    io("name", fact.name);
    io("version", fact.version);
    io("architecture", fact.architecture);
    io("automatic", fact.automatic);
    io("base", fact.base);
}

template <typename Io, Of<SettingFact> T>
void fields(Io& io, T& fact) {
    io("name", fact.name);
    io("value", fact.value);
    io("evidence", fact.evidence);
    io("place", fact.place);
}

template <typename Io, Of<ListenFact> T>
void fields(Io& io, T& fact) {
    io("address", fact.address);
    io("port", fact.port);
    io("evidence", fact.evidence);
    io("place", fact.place);
}

template <typename Io, Of<ServiceFact> T>
void fields(Io& io, T& fact) {
    io("unit", fact.unit);
    io("enabled", fact.enabled);
    io("masked", fact.masked);
    io("program", fact.program);
    io("command_line", fact.command_line);
    io("user", fact.user);
    io("working_directory", fact.working_directory);
    io("environment_files", fact.environment_files);
    io("environment", fact.environment);
    io("listens", fact.listens);
    io("package", fact.package);
    io("base", fact.base);
    io("evidence", fact.evidence);
}

template <typename Io, Of<UserFact> T>
void fields(Io& io, T& fact) {
    io("name", fact.name);
    io("uid", fact.uid);
    io("home", fact.home);
    io("shell", fact.shell);
    io("groups", fact.groups);
    io("has_password", fact.has_password);
    io("authorized_keys", fact.authorized_keys);
    io("system", fact.system);
    io("evidence", fact.evidence);
}

template <typename Io, Of<MountFact> T>
void fields(Io& io, T& fact) {
    io("device", fact.device);
    io("point", fact.point);
    io("type", fact.type);
    io("options", fact.options);
    io("evidence", fact.evidence);
}

template <typename Io, Of<InterfaceFact> T>
void fields(Io& io, T& fact) {
    io("name", fact.name);
    io("method", fact.method);
    io("addresses", fact.addresses);
    io("gateway", fact.gateway);
    io("dns", fact.dns);
    io("evidence", fact.evidence);
}

template <typename Io, Of<HostName> T>
void fields(Io& io, T& fact) {
    io("address", fact.address);
    io("names", fact.names);
    io("evidence", fact.evidence);
}

template <typename Io, Of<ScheduledJob> T>
void fields(Io& io, T& fact) {
    io("schedule", fact.schedule);
    io("user", fact.user);
    io("command", fact.command);
    io("package", fact.package);
    io("evidence", fact.evidence);
}

template <typename Io, Of<ChangedFile> T>
void fields(Io& io, T& fact) {
    io("path", fact.path);
    io("change", fact.change);
    io("package", fact.package);
}

template <typename Io, Of<SecretFact> T>
void fields(Io& io, T& fact) {
    io("what", fact.what);
    io("value", fact.value);
    io("evidence", fact.evidence);
    io("place", fact.place);
}

template <typename Io, Of<SharedAddressFact> T>
void fields(Io& io, T& fact) {
    io("address", fact.address);
    io("priority", fact.priority);
    io("evidence", fact.evidence);
}

template <typename Io, Of<Input> T>
void fields(Io& io, T& fact) {
    io("name", fact.name);
    io("protocol", fact.protocol);
    io("address", fact.address);
    io("port", fact.port);
    io("evidence", fact.evidence);
    io("port_places", fact.port_places);
    io("other_addresses", fact.other_addresses);
}

template <typename Io, Of<Output> T>
void fields(Io& io, T& fact) {
    io("name", fact.name);
    io("protocol", fact.protocol);
    io("host", fact.host);
    io("port", fact.port);
    io("port_written", fact.port_written);
    io("database", fact.database);
    io("evidence", fact.evidence);
    io("host_places", fact.host_places);
    io("port_places", fact.port_places);
    io("local_component", fact.local_component);
}

template <typename Io, Of<PropertyFact> T>
void fields(Io& io, T& fact) {
    io("key", fact.key);
    io("value", fact.value);
    io("editable", fact.editable);
    io("secret", fact.secret);
    io("evidence", fact.evidence);
    io("places", fact.places);
}

template <typename Io, Of<Component> T>
void fields(Io& io, T& fact) {
    io("kind", fact.kind);
    io("name", fact.name);
    io("version", fact.version);
    io("package", fact.package);
    io("unit", fact.unit);
    io("enabled", fact.enabled);
    io("infrastructure", fact.infrastructure);
    io("files", fact.files);
    io("inputs", fact.inputs);
    io("outputs", fact.outputs);
    io("properties", fact.properties);
    io("evidence", fact.evidence);
}

template <typename Io, Of<DiskFact> T>
void fields(Io& io, T& fact) {
    io("path", fact.path);
    io("format", fact.format);
    io("target", fact.target);
}

template <typename Io, Of<NicFact> T>
void fields(Io& io, T& fact) {
    io("network", fact.network);
    io("mac", fact.mac);
    io("model", fact.model);
}

template <typename Io, Of<HardwareFact> T>
void fields(Io& io, T& fact) {
    io("name", fact.name);
    io("memory_bytes", fact.memory_bytes);
    io("vcpus", fact.vcpus);
    io("firmware", fact.firmware);
    io("disks", fact.disks);
    io("nics", fact.nics);
}

template <typename Io, Of<Remark> T>
void fields(Io& io, T& fact) {
    io("text", fact.text);
    io("evidence", fact.evidence);
}

template <typename Io, Of<MachineFacts> T>
void fields(Io& io, T& fact) {
    io("name", fact.name);
    io("source", fact.source);
    io("hardware", fact.hardware);
    io("os", fact.os);
    io("packages", fact.packages);
    io("services", fact.services);
    io("users", fact.users);
    io("mounts", fact.mounts);
    io("interfaces", fact.interfaces);
    io("shared_addresses", fact.shared_addresses);
    io("hosts", fact.hosts);
    io("nameservers", fact.nameservers);
    io("search_domains", fact.search_domains);
    io("jobs", fact.jobs);
    io("changed_files", fact.changed_files);
    io("secrets", fact.secrets);
    io("components", fact.components);
    io("remarks", fact.remarks);
}

using Change = ChangedFile::Change;
constexpr std::array<std::pair<Change, const char*>, 3> kChanges{
    {{Change::modified, "modified"}, {Change::added, "added"}, {Change::removed, "removed"}}};

class FactsWriter {
  public:
    template <typename T>
    void operator()(const char* key, const T& field) {
        object_[key] = json_of(field);
    }
    base::Json finish() { return std::move(object_); }

    template <typename T>
    static base::Json json_of(const T& value) {
        if constexpr (std::is_arithmetic_v<T> || std::same_as<T, std::string>) {
            return value;
        } else if constexpr (std::same_as<T, Change>) {
            for (const auto& [change, name] : kChanges) {
                if (change == value) {
                    return name;
                }
            }
            base::unreachable("a kind of change without a name");
        } else {
            FactsWriter writer;
            fields(writer, value);
            return writer.finish();
        }
    }
    template <typename T>
    static base::Json json_of(const std::vector<T>& values) {
        base::Json array = base::Json::array();
        for (const T& value : values) {
            array.push_back(json_of(value));
        }
        return array;
    }

  private:
    base::Json object_ = base::Json::object();
};

class FactsReader {
  public:
    FactsReader(const base::Json& object, std::string where)
        : object_(object), where_(std::move(where)) {
        require(object_.is_object(), where_, "an object");
    }

    template <typename T>
    void operator()(const char* key, T& field) {
        const auto found = object_.find(key);
        if (found != object_.end()) {
            read(*found, where_ + "." + key, field);
        }
    }

    template <typename T>
    static void read(const base::Json& json, const std::string& where, T& value) {
        if constexpr (std::same_as<T, std::string>) {
            require(json.is_string(), where, "a text");
            value = json.get<std::string>();
        } else if constexpr (std::same_as<T, bool>) {
            require(json.is_boolean(), where, "true or false");
            value = json.get<bool>();
        } else if constexpr (std::is_floating_point_v<T>) {
            require(json.is_number(), where, "a number");
            value = json.get<T>();
        } else if constexpr (std::is_integral_v<T>) {
            require(json.is_number_integer() && std::in_range<T>(json.get<std::int64_t>()), where,
                    "a number of this size");
            value = static_cast<T>(json.get<std::int64_t>());
        } else if constexpr (std::same_as<T, Change>) {
            read_change(json, where, value);
        } else {
            FactsReader reader(json, where);
            fields(reader, value);
        }
    }
    template <typename T>
    static void read(const base::Json& json, const std::string& where, std::vector<T>& values) {
        require(json.is_array(), where, "a list");
        values.clear();
        for (const base::Json& item : json) {
            const std::string place = fmt::format("{}[{}]", where, values.size());
            read(item, place, values.emplace_back());
        }
    }

  private:
    static void read_change(const base::Json& json, const std::string& where, Change& value) {
        for (const auto& [change, name] : kChanges) {
            if (json == name) {
                value = change;
                return;
            }
        }
        require(false, where, "modified, added or removed");
    }

    static void require(bool holds, const std::string& where, std::string_view expected) {
        if (!holds) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("{}: expected {}", where, expected));
        }
    }

    const base::Json& object_;
    std::string where_;
};

}  // namespace

base::Json to_json(const MachineFacts& facts) {
    return FactsWriter::json_of(facts);
}

MachineFacts machine_facts_from_json(const base::Json& json) {
    MachineFacts facts;
    FactsReader::read(json, "facts", facts);
    return facts;
}

}  // namespace assembler
