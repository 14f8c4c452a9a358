// SPDX-License-Identifier: Apache-2.0
// What there is to find in a stack of machines (tests/data/introspect/README.md), and how much of
// it an introspection found: right, missed, wrong.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "assembler/introspect/connect/connection_map.h"
#include "assembler/introspect/facts.h"

namespace tests {

struct TrueComponent {
    std::string machine;
    std::string name;  // a handle of the file
    std::vector<std::string> products;
    std::string unit;
    std::string instance;
};

// An input, a connection or an external; what is left out of a kind is empty.
struct TrueEntry {
    std::string machine;    // of an input, else where it comes from
    std::string component;  // a handle
    std::string to_machine;
    std::string to_component;
    std::string host;
    std::vector<std::string> protocols;  // each is right
    std::string at;                      // a port, or a socket's path
    std::string what;                    // of a neutral entry: "input" or "connection"
};

struct Truth {
    std::vector<TrueComponent> components;
    std::vector<TrueEntry> inputs;
    std::vector<TrueEntry> connections;
    std::vector<TrueEntry> externals;
    std::vector<TrueEntry> neutral;
};

Truth read_truth(const std::filesystem::path& file);

struct Tally {
    int right = 0;
    int missed = 0;
    int wrong = 0;
    std::vector<std::string> remarks;  // what was missed and what is wrong

    double recall() const { return right + missed == 0 ? 1 : 1.0 * right / (right + missed); }
    double precision() const { return right + wrong == 0 ? 1 : 1.0 * right / (right + wrong); }
    void add(const Tally& other);
};

struct Score {
    Tally inputs;
    Tally connections;
    Tally externals;

    Tally all() const;
};

// Machines are called as their folders.
Score score_findings(const Truth& truth, const std::vector<assembler::MachineFacts>& machines,
                     const assembler::ConnectionMap& map);

}  // namespace tests
