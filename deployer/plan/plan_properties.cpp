// SPDX-License-Identifier: Apache-2.0
#include "deployer/plan/plan_properties.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/yaml.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/property/property_value.h"
#include "ovfkit/descriptor/value_template.h"

namespace deployer {

namespace {

using base::Error;
using base::ErrorKind;

// Works out values on demand, because a value may refer to another machine's property.
class Resolver {
  public:
    Resolver(const ovfkit::Envelope& envelope, const DeployRequest& request,
             const std::function<std::string(std::size_t)>& generate, DeploymentPlan& plan)
        : envelope_(envelope), request_(request), generate_(generate), plan_(plan) {}

    void check_settings();
    void fill_in();

  private:
    using Key = std::pair<std::string, std::string>;  // system id, environment key

    std::vector<ovfkit::EffectiveProperty> properties_of(const std::string& system) const;
    std::optional<std::string> find_setting(const std::string& system,
                                            const ovfkit::EffectiveProperty& property) const;
    std::string shared_value(const std::string& system, const ovfkit::EffectiveProperty& property);
    std::string value_of(const std::string& system, const std::string& key);
    std::string compute(const std::string& system, const ovfkit::EffectiveProperty& property);
    std::string expand(const std::string& system, const ovfkit::EffectiveProperty& property);
    std::string refer(const ovfkit::TemplateReference& reference);
    const ovfkit::VirtualSystem& require_system(const std::string& name) const;

    const ovfkit::Envelope& envelope_;
    const DeployRequest& request_;
    const std::function<std::string(std::size_t)>& generate_;
    DeploymentPlan& plan_;
    std::map<Key, std::string> known_;
    std::set<Key> in_work_;
};

bool may_be_set(const ovfkit::Property& property) {
    return property.user_configurable || property.generate_length > 0 || property.required;
}

// "web.title" names a system, or the collection that hands the property down, and a key; with one
// system alone the key will do.
bool names_property(const std::string& setting, const std::string& system,
                    const ovfkit::EffectiveProperty& property, bool only_one) {
    const auto is_of = [&](const std::string& owner) {
        return setting == fmt::format("{}.{}", owner, property.key);
    };
    return is_of(system) || (property.from != nullptr && is_of(property.from->id)) ||
           (only_one && setting == property.key);
}

std::vector<ovfkit::EffectiveProperty> Resolver::properties_of(const std::string& system) const {
    return ovfkit::properties_of(envelope_, require_system(system), plan_.configuration);
}

const ovfkit::VirtualSystem& Resolver::require_system(const std::string& name) const {
    const ovfkit::VirtualSystem* system = ovfkit::find_system(envelope_, name);
    if (system == nullptr) {
        throw Error(ErrorKind::invalid_input, fmt::format("there is no machine '{}'", name));
    }
    return *system;
}

void Resolver::check_settings() {
    const auto systems = ovfkit::all_systems(envelope_);
    for (const auto& [setting, value] : request_.settings) {
        std::vector<std::string> known;
        const auto add_known = [&](const std::string& owner, const auto& property) {
            const std::string name = fmt::format("{}.{}", owner, property.key);
            if (known.empty() || std::find(known.begin(), known.end(), name) == known.end()) {
                known.push_back(name);
            }
        };
        bool found = false;
        for (const ovfkit::VirtualSystem* system : systems) {
            for (const auto& property : properties_of(system->id)) {
                if (may_be_set(*property.property)) {
                    add_known(property.from != nullptr ? property.from->id : system->id, property);
                }
                if (!names_property(setting, system->id, property, systems.size() == 1)) {
                    continue;
                }
                found = true;
                if (!may_be_set(*property.property)) {
                    throw Error(ErrorKind::usage,
                                fmt::format("property '{}' is not meant to be set", setting),
                                "the assembly fills it in itself");
                }
            }
        }
        if (!found) {
            const auto similar = base::find_similar(setting, known);
            throw Error(ErrorKind::usage,
                        fmt::format("the assembly has no property '{}'{}", setting,
                                    similar ? fmt::format(", did you mean '{}'?", *similar) : ""),
                        known.empty() ? "it has none that can be set"
                                      : fmt::format("can be set: {}", fmt::join(known, ", ")));
        }
    }
}

// What is said for the machine outranks what is said for its collection.
std::optional<std::string> Resolver::find_setting(const std::string& system,
                                                  const ovfkit::EffectiveProperty& property) const {
    const bool only_one = ovfkit::all_systems(envelope_).size() == 1;
    std::optional<std::string> found;
    for (const auto& [setting, value] : request_.settings) {
        if (setting == fmt::format("{}.{}", system, property.key)) {
            return value;
        }
        if (names_property(setting, system, property, only_one)) {
            found = value;
        }
    }
    return found;
}

std::string Resolver::refer(const ovfkit::TemplateReference& reference) {
    if (reference.kind == ovfkit::TemplateReference::Kind::property) {
        return value_of(reference.machine, reference.name);
    }
    std::vector<std::string> addresses;
    for (const PlannedMachine& machine : plan_.machines) {
        for (const PlannedNic& nic : machine.nics) {
            if (machine.system == reference.machine && nic.network == reference.name) {
                addresses.push_back(nic.address);
                break;
            }
        }
    }
    if (addresses.empty()) {
        throw Error(ErrorKind::invalid_input, fmt::format("machine '{}' is not on network '{}'",
                                                          reference.machine, reference.name));
    }
    return reference.kind == ovfkit::TemplateReference::Kind::ip
               ? addresses.front()
               : fmt::format("{}", fmt::join(addresses, ","));
}

std::string Resolver::expand(const std::string& system, const ovfkit::EffectiveProperty& property) {
    return base::in_context(fmt::format("property '{}.{}'", system, property.key), [&] {
        std::string text;
        for (const auto& part : ovfkit::parse_value_template(property.property->value_template)) {
            text += part.reference ? refer(*part.reference) : part.text;
        }
        return text;
    });
}

std::string Resolver::compute(const std::string& system,
                              const ovfkit::EffectiveProperty& property) {
    if (const auto setting = find_setting(system, property)) {
        if (const auto fault = ovfkit::find_value_fault(*property.property, *setting)) {
            throw Error(
                ErrorKind::usage,
                fmt::format("the value for property '{}.{}' {}", system, property.key, *fault),
                "muster inspect shows the type and the limits of every property");
        }
        return *setting;
    }
    if (!property.property->value_template.empty()) {
        return expand(system, property);
    }
    if (property.property->generate_length > 0) {
        return generate_(property.property->generate_length);
    }
    if (!property.has_value && property.property->required) {
        throw Error(ErrorKind::usage,
                    fmt::format("property '{}.{}' needs a value", system, property.key),
                    fmt::format("add --set {}.{}=VALUE", system, property.key));
    }
    return property.value;
}

// One value for all machines of the collection, a generated one too, but for those that have one
// set for themselves.
std::string Resolver::shared_value(const std::string& system,
                                   const ovfkit::EffectiveProperty& property) {
    if (request_.settings.contains(fmt::format("{}.{}", system, property.key))) {
        return compute(system, property);
    }
    const Key shared{property.from->id, property.key};
    if (const auto found = known_.find(shared); found != known_.end()) {
        return found->second;
    }
    return known_[shared] = compute(system, property);
}

std::string Resolver::value_of(const std::string& system, const std::string& key) {
    const Key id{system, key};
    if (const auto found = known_.find(id); found != known_.end()) {
        return found->second;
    }
    if (!in_work_.insert(id).second) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("property '{}.{}' refers to itself in a circle", system, key));
    }
    for (const auto& property : properties_of(system)) {
        if (property.key == key) {
            return known_[id] = property.from == nullptr ? compute(system, property)
                                                         : shared_value(system, property);
        }
    }
    throw Error(ErrorKind::invalid_input,
                fmt::format("machine '{}' has no property '{}'", system, key));
}

void Resolver::fill_in() {
    for (PlannedMachine& machine : plan_.machines) {
        for (const auto& property : properties_of(machine.system)) {
            machine.properties.push_back({.key = property.key,
                                          .value = value_of(machine.system, property.key),
                                          .secret = property.property->password});
        }
    }
}

}  // namespace

void plan_properties(const ovfkit::Envelope& envelope, const DeployRequest& request,
                     const std::function<std::string(std::size_t)>& generate,
                     DeploymentPlan& plan) {
    Resolver resolver(envelope, request, generate, plan);
    resolver.check_settings();
    resolver.fill_in();
}

}  // namespace deployer
