// SPDX-License-Identifier: Apache-2.0
// The networks of a set of machines: machines with addresses in one subnet share a network; those
// without a fixed address join the others. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assembler/introspect/connect/addresses.h"
#include "assembler/introspect/connect/connection_map.h"

namespace assembler {

struct FoundNetwork {
    std::string name;              // "net", or "net-10-0-5-0" when there are several
    std::optional<Subnet> subnet;  // nothing: no machine has a fixed address
    bool isolated = false;         // nobody has a gateway there, nothing in it leaves or is visited
};

struct NetworkMap {
    std::vector<FoundNetwork> networks;
    std::map<std::string, std::vector<std::string>> of_machine;  // names, by machine
    std::vector<Remark> remarks;

    const FoundNetwork* find(const std::string& name) const;
    // The network of `machine` that has this address in it, else the first that `asking` is on too,
    // else the machine's first.
    std::string network_for(const std::string& machine, const std::string& address,
                            const std::string& asking) const;
};

NetworkMap find_networks(const std::vector<MachineFacts>& machines, const ConnectionMap& map);

}  // namespace assembler
