// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_block_jobs.h"

#include <filesystem>

#include "base/error.h"
#include "base/file.h"

namespace tests {

using base::Json;

namespace {

constexpr std::uint64_t kJobBytes = 1000;

[[noreturn]] void refuse(const std::string& text) {
    throw base::Error(base::ErrorKind::external, text);
}

}  // namespace

void FakeBlockJobs::add_argument(const std::string& json) {
    add_node(base::parse_json(json, "-blockdev"));
}

std::optional<Json> FakeBlockJobs::execute(std::string_view command, const Json& arguments,
                                           const Orders& orders) {
    if (command == "blockdev-add") {
        add_node(arguments);
    } else if (command == "blockdev-del") {
        delete_node(base::require_string(arguments, "node-name"));
    } else if (command == "query-named-block-nodes") {
        return list_nodes();
    } else if (command == "transaction") {
        for (const Json& action : arguments.at("actions")) {
            begin_backup(action.at("data"), orders);
        }
    } else if (command == "query-jobs") {
        return list_jobs();
    } else if (command == "job-cancel") {
        Job& job = require_job(arguments);
        if (job.concluded) {
            refuse("Job in state 'concluded' cannot accept command verb 'cancel'");
        }
        job.concluded = true;
        job.error = "Operation was cancelled";
    } else if (command == "job-dismiss") {
        if (!require_job(arguments).concluded) {
            refuse("Job in state 'running' cannot accept command verb 'dismiss'");
        }
        jobs_.erase(base::require_string(arguments, "id"));
    } else {
        return std::nullopt;
    }
    return Json::object();
}

void FakeBlockJobs::add_node(const Json& json) {
    const std::string name = base::require_string(json, "node-name");
    Node node{base::require_string(json, "driver"), "", ""};
    if (node.driver == "file") {
        node.file = base::require_string(json, "filename");
        if (!std::filesystem::exists(node.file)) {
            refuse("Could not open '" + node.file + "': No such file or directory");
        }
    } else {
        node.file = base::require_string(json, "file");
        require_node(node.file);
        node.backing = json.contains("backing") && json.at("backing").is_string()
                           ? json.at("backing").get<std::string>()
                           : "";
    }
    if (!node.backing.empty()) {
        require_node(node.backing);
    }
    if (!nodes_.emplace(name, node).second) {
        refuse("Duplicate nodes with node-name='" + name + "'");
    }
}

void FakeBlockJobs::delete_node(const std::string& name) {
    require_node(name);
    for (const auto& [other, node] : nodes_) {
        if ((node.driver != "file" && node.file == name) || node.backing == name) {
            refuse("Node '" + name + "' is busy: node is used as a child of '" + other + "'");
        }
    }
    for (const auto& [id, job] : jobs_) {
        if (job.target == name && !job.concluded) {
            refuse("Node '" + name + "' is busy: block device is in use by block job: backup");
        }
    }
    nodes_.erase(name);
}

const FakeBlockJobs::Node& FakeBlockJobs::require_node(const std::string& name) const {
    const auto found = nodes_.find(name);
    if (found == nodes_.end()) {
        refuse("Cannot find device='' nor node-name='" + name + "'");
    }
    return found->second;
}

void FakeBlockJobs::begin_backup(const Json& data, const Orders& orders) {
    const std::string id = base::require_string(data, "job-id");
    if (jobs_.contains(id)) {
        refuse("Job ID '" + id + "' already in use");
    }
    const Node& disk = require_node(base::require_string(data, "device"));
    const std::string target = base::require_string(data, "target");
    const std::string from = require_node(disk.file).file;
    const std::string to = require_node(require_node(target).file).file;
    base::write_file(to, base::read_file(from), 0600);
    const auto length = orders.find("copy-ms");
    jobs_[id] = {.target = target,
                 .end = Clock::now() + std::chrono::milliseconds(
                                           length == orders.end() ? 0 : std::stol(length->second)),
                 .error = orders.contains("copy-fails") ? "No space left on device" : ""};
}

FakeBlockJobs::Job& FakeBlockJobs::require_job(const Json& arguments) {
    const auto found = jobs_.find(base::require_string(arguments, "id"));
    if (found == jobs_.end()) {
        refuse("Job not found");
    }
    return found->second;
}

Json FakeBlockJobs::list_nodes() const {
    Json list = Json::array();
    for (const auto& [name, node] : nodes_) {
        list.push_back(Json{{"node-name", name}, {"drv", node.driver}});
    }
    return list;
}

Json FakeBlockJobs::list_jobs() {
    Json list = Json::array();
    for (auto& [id, job] : jobs_) {
        job.concluded = job.concluded || Clock::now() >= job.end;
        Json json{{"id", id},
                  {"type", "backup"},
                  {"status", job.concluded ? "concluded" : "running"},
                  {"current-progress", job.concluded ? kJobBytes : kJobBytes / 2},
                  {"total-progress", kJobBytes}};
        if (job.concluded && !job.error.empty()) {
            json["error"] = job.error;
        }
        list.push_back(json);
    }
    return list;
}

}  // namespace tests
