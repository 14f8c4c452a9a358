// SPDX-License-Identifier: Apache-2.0
#include "cli/lifecycle.h"

#include "base/interrupt.h"
#include "cli/daemon_client.h"

namespace cli {

int run_lifecycle(const LifecycleRequest& request, base::cli::Io& io) {
    const DaemonClient daemon = DaemonClient::open(io);
    const base::OutliveInterrupts job_is_followed;
    const base::Json answer = daemon.call_whole(request.method, request.path);
    const auto job = answer.at("job").get<std::uint64_t>();
    const base::Json record = daemon.follow_job(job, io);
    if (io.json) {
        io.out << base::to_json_text(record, 2) << '\n';
        return 0;
    }
    io.out << base::cli::printable(request.done) << '\n';
    const base::Json result = record.value("result", base::Json());
    const base::Json urls =
        result.is_object() ? result.value("urls", base::Json::object()) : base::Json::object();
    for (const auto& [name, url] : urls.items()) {
        io.out << name << "  " << url.get<std::string>() << '\n';
    }
    return 0;
}

}  // namespace cli
