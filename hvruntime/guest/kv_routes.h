// SPDX-License-Identifier: Apache-2.0
// The API of machines' keys. Knows no deployments: a callback turns their names into a machine's
// id.
//   GET …/kv?prefix=P            {"keys": [{key, value, owner, revision, secret}], "guest": {…}}
//   GET …/kv/{key}               one of those; not_found when there is none
//   PUT …/kv?secret=1            body {"key": "value", "other": null}: one batch, null deletes
//   GET …/kv/{key}/wait?value=V&timeout=SECONDS
//                                lines: empty ones as signs of life, then the key or an error
//                                object
// below /v1/deployments/{deployment}/machines/{machine}. A list has null for the values of secret
// keys.
#pragma once

#include <functional>
#include <string>

#include "hvruntime/api/http_server.h"
#include "hvruntime/guest/guest_channels.h"

namespace hvruntime {

// Throws not_found naming what there is not.
using MachineResolver =
    std::function<std::string(const std::string& deployment, const std::string& machine)>;

// `channels` must outlive the server.
void add_kv_routes(HttpServer& server, GuestChannels& channels, MachineResolver resolve);

}  // namespace hvruntime
