// SPDX-License-Identifier: Apache-2.0
// Joins the outputs of machines to the inputs of others. Pure: facts in, a map out.
//
// An output belongs to the machine that owns its host (see address_book.h), there to the input on
// its port that speaks its protocol best. Confidence is that of the less sure of the two ends,
// lowered by how the machine was found and how well the two fit.
#pragma once

#include <vector>

#include "assembler/introspect/connect/connection_map.h"

namespace assembler {

ConnectionMap match_connections(const std::vector<MachineFacts>& machines);

// How well an output and an input speak to each other: 1 for the same protocol, less for protocols
// of one family or a plain "tcp", little for two different ones.
double protocol_fit(std::string_view output, std::string_view input);

}  // namespace assembler
