// SPDX-License-Identifier: Apache-2.0
// An assembly file for tests: three machines and what wires them.
#pragma once

#include <string>

namespace tests {

// The shop of ARCHITECTURE.md: db, app and web, wired by properties.
inline std::string shop_yaml() {
    return R"(muster: 1
name: shop
version: 1.0.0
description: A shop
eula: Be kind.
product: { name: Shop, vendor: Example, url: "https://example.org/shop" }
networks:
  back:  { isolated: true }
  front: {}
machines:
  db:
    image: db.raw
    memory: 512 MiB
    networks: [back]
    properties:
      password: { type: password, generate: 24 }
    ready: { tcp: 5432, timeout: 5 min }
  app:
    image: app.raw
    after: [db]
    count: { default: 1, min: 1, max: 4 }
    networks: [back, front]
    properties:
      db.host:     { value: "${db.ip.back}" }
      db.password: "${db.password}"
      workers:     { type: uint8, default: 4, user: true }
    ready: { key: app.ready }
  web:
    image: app.raw
    after: [app]
    cpus: 2
    disk: 4 MiB
    networks: [front]
    properties:
      title:    { type: string, default: "Hello", user: true, label: "Page title" }
      upstream: { value: "${app.ips.front}" }
    ready: { http: ":8080/health" }
publish:
  - { machine: web, port: 80, as: http }
configurations:
  small: { default: true }
  large: { app: { cpus: 4, memory: 4 GiB } }
)";
}

// The shop with one piece of its text replaced.
inline std::string shop_with(const std::string& from, const std::string& to) {
    std::string text = shop_yaml();
    const std::size_t at = text.find(from);
    return at == std::string::npos ? "" : text.replace(at, from.size(), to);
}

}  // namespace tests
