// SPDX-License-Identifier: Apache-2.0
// What the machine is: distribution, architecture, names, init and kernel; its mounts, the names
// and servers of its resolver.
#pragma once

#include "assembler/introspect/system/reading.h"

namespace assembler::introspect {

void read_operating_system(Reading& reading);  // facts.os
void read_mounts(Reading& reading);            // facts.mounts, of /etc/fstab
void read_hosts(Reading& reading);             // facts.hosts, of /etc/hosts
void read_resolver(Reading& reading);          // facts.nameservers and search_domains

}  // namespace assembler::introspect
