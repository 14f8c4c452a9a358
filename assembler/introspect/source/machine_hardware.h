// SPDX-License-Identifier: Apache-2.0
// What another hypervisor says of a machine: libvirt's domain XML and VMware's .vmx. Names and
// paths are as they stand there; a path that is relative belongs to the file's folder. Pure, but
// that strangers' XML is parsed in a process of its own.
#pragma once

#include <string>
#include <string_view>

#include "assembler/introspect/facts.h"

namespace assembler {

// `path` is for messages. Throws invalid_input for what is no domain.
HardwareFact parse_libvirt_domain(std::string_view text, const std::string& path);
HardwareFact parse_vmx(std::string_view text, const std::string& path);

}  // namespace assembler
