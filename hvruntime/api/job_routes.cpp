// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/api/job_routes.h"

#include <memory>
#include <utility>

namespace hvruntime {

namespace {

using base::Json;

constexpr std::chrono::milliseconds kSignOfLife{1000};

Reply list_jobs(JobEngine& engine) {
    Reply reply;
    reply.body["jobs"] = Json::array();
    for (const JobRecord& record : engine.list()) {
        reply.body["jobs"].push_back(to_public_json(record));
    }
    return reply;
}

Reply show_job(JobEngine& engine, JobId id) {
    Reply reply;
    reply.body = to_public_json(engine.require(id));
    return reply;
}

// The events as lines; an empty line every second in which there was none.
class EventLines {
  public:
    EventLines(JobEngine& engine, JobId id, std::uint64_t from, bool follow)
        : engine_(engine), id_(id), from_(from), follow_(follow) {}

    std::optional<std::string> next(std::chrono::milliseconds wait) {
        if (ended_) {
            return std::nullopt;
        }
        const JobEvents got = engine_.events(id_, from_, follow_ ? wait : wait * 0);
        ended_ = got.ended || !follow_;
        std::string lines;
        for (const Json& event : got.events) {
            lines += base::to_json_text(event) + "\n";
            from_ = event.at("seq").get<std::uint64_t>() + 1;
        }
        const auto now = std::chrono::steady_clock::now();
        if (!lines.empty()) {
            last_sent_ = now;
        } else if (now - last_sent_ >= kSignOfLife) {
            last_sent_ = now;
            lines = "\n";
        }
        return lines;
    }

  private:
    JobEngine& engine_;
    JobId id_;
    std::uint64_t from_;
    bool follow_;
    bool ended_ = false;
    std::chrono::steady_clock::time_point last_sent_ = std::chrono::steady_clock::now();
};

Reply follow_job(JobEngine& engine, const Request& request) {
    const JobId id = request.number_param("id");
    engine.require(id);
    const auto lines = std::make_shared<EventLines>(engine, id, request.number_query("from", 0),
                                                    request.number_query("follow", 1) != 0);
    Reply reply;
    reply.stream = [lines](std::chrono::milliseconds wait) { return lines->next(wait); };
    return reply;
}

}  // namespace

Reply accepted_job(JobId id) {
    Reply reply;
    reply.status = 202;
    reply.body["job"] = id;
    return reply;
}

void add_job_routes(HttpServer& server, JobEngine& engine) {
    server.route("GET", "/v1/version", [](const Request&) {
        Reply reply;
        reply.body = Json{{"version", MUSTER_VERSION}, {"api", kApiLevel}};
        return reply;
    });
    server.route("GET", "/v1/jobs", [&engine](const Request&) { return list_jobs(engine); });
    server.route("GET", "/v1/jobs/{id}", [&engine](const Request& request) {
        return show_job(engine, request.number_param("id"));
    });
    server.route("POST", "/v1/jobs/{id}/abort", [&engine](const Request& request) {
        engine.abort(request.number_param("id"));
        return accepted_job(request.number_param("id"));
    });
    server.route("POST", "/v1/jobs/{id}/abandon", [&engine](const Request& request) {
        engine.abandon(request.number_param("id"));
        return show_job(engine, request.number_param("id"));
    });
    server.route("GET", "/v1/jobs/{id}/events",
                 [&engine](const Request& request) { return follow_job(engine, request); });
}

}  // namespace hvruntime
