// SPDX-License-Identifier: Apache-2.0
// What the machines of a set have to do with each other, as plain values: which output leads to
// which input, which leave the set, and which inputs nobody in it uses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assembler/introspect/facts.h"

namespace assembler {

// The name of an input that a machine must have, though none was found on that port.
inline constexpr const char* kGenericInput = "generic";

struct Endpoint {
    std::string machine;
    std::string component;  // empty: not known
    std::string name;       // of the input or output

    auto operator<=>(const Endpoint&) const = default;
};

struct Connection {
    Endpoint from;         // an output
    Endpoint to;           // an input
    bool generic = false;  // the machine is known, nothing in it was seen to listen there
    bool inner = false;    // within one machine
    std::string protocol;
    std::string host;  // as the output writes it; a unix socket's path
    std::uint16_t port = 0;
    std::string database;
    double confidence = 1.0;
    std::string how;  // the machine was found by: "address of eth0"
    Evidence output_evidence;
    Evidence input_evidence;  // no file when generic
};

// An output that leads out of the set: whoever deploys the assembly says where to.
struct External {
    Endpoint from;
    std::string protocol;
    std::string host;
    std::uint16_t port = 0;
    std::string database;
    std::vector<std::string> properties;  // of its machine, that say where: "smtp.host"
    double confidence = 1.0;
    Evidence evidence;
};

// An input that other machines can reach and no machine of the set uses.
struct OpenInput {
    Endpoint input;
    std::string protocol;
    std::string address;
    std::uint16_t port = 0;
    Evidence evidence;
};

struct ConnectionMap {
    std::vector<Connection> connections;  // by machine, component and output, as in the facts
    std::vector<External> externals;
    std::vector<OpenInput> open_inputs;  // http and https first: what users come for
    std::vector<Remark> remarks;
};

}  // namespace assembler
