// SPDX-License-Identifier: Apache-2.0
// Facts for tests: a shop of three machines that somebody set up by hand. nginx on web passes to
// the application on app by address, the application finds its database by a name of its
// /etc/hosts, and sends mail to a host that is not in the set.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "assembler/introspect/facts.h"

namespace tests {

using assembler::Component;
using assembler::Input;
using assembler::MachineFacts;
using assembler::Output;

inline MachineFacts machine_facts(const std::string& name, const std::string& address) {
    MachineFacts machine{.name = name, .source = name + ".qcow2"};
    machine.os = {.id = "debian", .version_id = "12", .hostname = name, .init = "systemd"};
    if (!address.empty()) {
        machine.interfaces.push_back({.name = "ens3",
                                      .method = "static",
                                      .addresses = {address},
                                      .gateway = "10.0.5.1",
                                      .evidence = {"/etc/network/interfaces", 7, 1.0}});
    }
    return machine;
}

inline Component component(const std::string& kind, const std::string& file) {
    return {.kind = kind,
            .name = kind,
            .unit = kind + ".service",
            .files = {file},
            .evidence = {file, 0, 1.0}};
}

inline Input input(const std::string& name, const std::string& address, std::uint16_t port,
                   const assembler::Evidence& evidence) {
    return {.name = name, .protocol = name, .address = address, .port = port, .evidence = evidence};
}

inline Output output(const std::string& name, const std::string& protocol, const std::string& host,
                     std::uint16_t port, const assembler::Evidence& evidence) {
    return {.name = name,
            .protocol = protocol,
            .host = host,
            .port = port,
            .port_written = true,
            .evidence = evidence};
}

inline MachineFacts shop_db() {
    MachineFacts db = machine_facts("db", "10.0.5.30/24");
    Component postgres = component("postgresql", "/etc/postgresql/15/main/postgresql.conf");
    postgres.inputs.push_back(input("postgresql", "10.0.5.30", 5432, {postgres.files[0], 2, 1.0}));
    postgres.inputs[0].port_places = {{postgres.files[0], 2, 8, 4}};
    postgres.files.push_back("/etc/postgresql/15/main/pg_hba.conf");
    db.components.push_back(postgres);
    return db;
}

inline MachineFacts shop_app() {
    MachineFacts app = machine_facts("app", "10.0.5.20/24");
    app.hosts.push_back({"10.0.5.30", {"db.shop.lan", "db"}, {"/etc/hosts", 3, 1.0}});
    Component shop = component("shop", "/etc/shop/shop.env");
    shop.inputs.push_back(input("http", "0.0.0.0", 8080, {"/etc/shop/shop.env", 1, 1.0}));
    shop.outputs.push_back(
        output("db", "postgresql", "db.shop.lan", 5432, {"/etc/shop/shop.env", 2, 1.0}));
    shop.outputs[0].host_places = {{"/etc/shop/shop.env", 2, 27, 11}};
    shop.outputs[0].port_places = {{"/etc/shop/shop.env", 2, 39, 4}};
    shop.outputs.push_back(
        output("smtp", "smtp", "mail.example.org", 25, {"/etc/shop/shop.env", 3, 0.9}));
    shop.outputs[1].host_places = {{"/etc/shop/shop.env", 3, 11, 16}};
    shop.outputs[1].port_written = false;
    app.components.push_back(shop);
    return app;
}

inline MachineFacts shop_web() {
    MachineFacts web = machine_facts("web", "10.0.5.10/24");
    Component nginx = component("nginx", "/etc/nginx/conf.d/shop.conf");
    nginx.inputs.push_back(input("http", "0.0.0.0", 80, {nginx.files[0], 2, 1.0}));
    nginx.outputs.push_back(output("app", "http", "10.0.5.20", 8080, {nginx.files[0], 4, 1.0}));
    nginx.outputs[0].host_places = {{nginx.files[0], 4, 27, 9}};
    nginx.outputs[0].port_places = {{nginx.files[0], 4, 37, 4}};
    web.components.push_back(nginx);
    return web;
}

inline std::vector<MachineFacts> shop_facts() {
    return {shop_db(), shop_app(), shop_web()};
}

// The texts that the facts above were read from.
inline std::string shop_text(const std::string& path) {
    if (path == "/etc/nginx/conf.d/shop.conf") {
        return "server {\n    listen 80;\n    location / {\n"
               "        proxy_pass http://10.0.5.20:8080;\n"
               "        proxy_set_header Host ${host};\n    }\n}\n";
    }
    if (path == "/etc/shop/shop.env") {
        return "SHOP_PORT=8080\nSHOP_DB=postgresql://shop@db.shop.lan:5432/shop\n"
               "SHOP_SMTP=mail.example.org\n";
    }
    if (path == "/etc/postgresql/15/main/postgresql.conf") {
        return "listen_addresses = '10.0.5.30'\nport = 5432\n";
    }
    if (path == "/etc/postgresql/15/main/pg_hba.conf") {
        return "local all all peer\nhost shop shop 10.0.5.0/24 scram-sha-256\n"
               "host shop shop 10.0.5.20/32 scram-sha-256\n";
    }
    return "";
}

}  // namespace tests
