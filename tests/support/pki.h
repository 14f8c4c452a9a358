// SPDX-License-Identifier: Apache-2.0
// Keys and certificates for tests, made by the openssl program in a folder that goes away.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/process.h"

namespace tests {

class Pki {
  public:
    std::string path(const std::string& name) const { return (dir_.path() / name).string(); }

    void openssl(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "openssl");
        base::run_checked({.argv = std::move(arguments), .cwd = dir_.path()});
    }
    // NAME.key; `how` as for openssl genpkey.
    void make_key(const std::string& name, std::vector<std::string> how = kEc) const {
        std::vector<std::string> arguments{"genpkey", "-out", name + ".key"};
        arguments.insert(arguments.end(), how.begin(), how.end());
        openssl(std::move(arguments));
    }
    // NAME.key and NAME.pem, its own authority.
    void make_self_signed(const std::string& name, std::vector<std::string> how = kEc) const {
        make_key(name, std::move(how));
        openssl({"req", "-x509", "-new", "-key", name + ".key", "-out", name + ".pem", "-days",
                 "30", "-subj", "/CN=" + name});
    }
    // NAME.key and NAME.pem, certified by ISSUER; `extensions` such as "keyUsage=digitalSignature".
    void make_certified(const std::string& name, const std::string& issuer,
                        const std::vector<std::string>& extensions = {}) const {
        make_key(name);
        std::vector<std::string> arguments{
            "req",
            "-x509",
            "-new",
            "-key",
            name + ".key",
            "-out",
            name + ".pem",
            "-days",
            "30",
            "-subj",
            "/CN=" + name,
            "-CA",
            issuer + ".pem",
            "-CAkey",
            issuer + ".key",
            "-addext",
            "basicConstraints=" + std::string(is_authority(extensions) ? "CA:TRUE" : "CA:FALSE")};
        for (const std::string& extension : extensions) {
            if (extension != "CA") {
                arguments.insert(arguments.end(), {"-addext", extension});
            }
        }
        openssl(std::move(arguments));
    }

    static inline const std::vector<std::string> kEc{"-algorithm", "EC", "-pkeyopt",
                                                     "ec_paramgen_curve:P-256"};
    static inline const std::vector<std::string> kRsa{"-algorithm", "RSA", "-pkeyopt",
                                                      "rsa_keygen_bits:2048"};
    static inline const std::vector<std::string> kWeakRsa{"-algorithm", "RSA", "-pkeyopt",
                                                          "rsa_keygen_bits:1024"};
    static inline const std::vector<std::string> kEd25519{"-algorithm", "ED25519"};

  private:
    static bool is_authority(const std::vector<std::string>& extensions) {
        return !extensions.empty() && extensions.front() == "CA";
    }
    base::TempDir dir_;
};

}  // namespace tests
