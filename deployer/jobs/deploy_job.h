// SPDX-License-Identifier: Apache-2.0
// `muster up` as a job: verify and import, networks, ports, machines, start waves. All of it or
// nothing.
#pragma once

#include "deployer/services.h"
#include "hvruntime/jobs/job.h"

namespace deployer {

// Parameters: {"source": {"path"|"url"|"upload": …, "name": …}, "name", "settings": {},
// "host_ports": {}, "configuration", "trust" and "tsa_trust": PEM text or "",
// "trust_system", "require_signature"}. Result:
// {"name", "urls", "not_honoured", "signed_by", "signer_trusted", "findings"}. `services` must
// outlive the kind.
hvruntime::JobKind deploy_kind(Services& services);

}  // namespace deployer
