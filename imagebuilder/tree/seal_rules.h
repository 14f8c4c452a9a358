// SPDX-License-Identifier: Apache-2.0
// What is taken out of every tree at the end, and what a template must not have: patterns of paths
// as the shell matches them. One list for trees that exist (seal.cpp) and for those that only pass
// by (imagebuilder/compose/). Data.
#pragma once

#include <array>
#include <string_view>

namespace imagebuilder {

struct TreeRule {
    enum class What {
        remove,        // the entry and all in it
        remove_files,  // all regular files in the folder, at any depth
        root_owned,    // a folder that becomes root's
        empty          // a file without content, made when it is not there; a link is left alone
    };
    What what = What::remove;
    std::string_view pattern;  // without the first '/'
};

using What = TreeRule::What;

// Of every image. resolv.conf is the build host's; links belong to the image.
inline constexpr std::array kCleanRules{
    TreeRule{What::remove, "usr/sbin/policy-rc.d"},
    TreeRule{What::root_owned, "var/cache/apt/archives"},  // mmdebstrap gives it to its user
    TreeRule{What::remove, "var/cache/apt/*.bin"},
    TreeRule{What::remove, "var/cache/debconf/*-old"},
    TreeRule{What::remove, "var/lib/dpkg/*-old"},
    TreeRule{What::remove, "var/lib/apt/extended_states.*"},
    TreeRule{What::remove, "etc/passwd-"},
    TreeRule{What::remove, "etc/group-"},
    TreeRule{What::remove, "etc/shadow-"},
    TreeRule{What::remove, "etc/gshadow-"},
    TreeRule{What::remove, "etc/subuid-"},
    TreeRule{What::remove, "etc/subgid-"},
    TreeRule{What::empty, "etc/resolv.conf"},
    TreeRule{What::remove_files, "var/cache/ldconfig"},
};

// `seal: template`.
inline constexpr std::array kSealRules{
    TreeRule{What::empty, "etc/machine-id"},
    TreeRule{What::remove, "var/lib/dbus/machine-id"},
    TreeRule{What::remove, "etc/ssh/ssh_host_*"},
    TreeRule{What::remove, "var/lib/systemd/random-seed"},
    TreeRule{What::remove, "var/lib/urandom/random-seed"},
    TreeRule{What::remove, "var/lib/systemd/credential.secret"},
    TreeRule{What::remove, "var/lib/dhcp/*"},
    TreeRule{What::remove, "var/lib/NetworkManager/*.lease"},
    TreeRule{What::remove, "var/lib/NetworkManager/secret_key"},
    TreeRule{What::remove, "var/lib/systemd/network/*"},
    TreeRule{What::remove, "var/lib/cloud/instance"},
    TreeRule{What::remove, "var/lib/cloud/instances"},
    TreeRule{What::remove, "var/lib/cloud/data"},
    TreeRule{What::remove, "var/log/journal"},
    TreeRule{What::remove, "root/.bash_history"},
    TreeRule{What::remove, "root/.cache"},
    TreeRule{What::remove, "var/tmp/*"},
    TreeRule{What::remove_files, "var/log"},
    TreeRule{What::remove, "home/*/.bash_history"},
};

// What would be the same on every machine. Links are none; of the first only content is one.
inline constexpr std::string_view kMachineId = "etc/machine-id";
inline constexpr std::array<std::string_view, 12> kIdentities{
    "var/lib/dbus/machine-id",
    "etc/ssh/ssh_host_*key",
    "etc/ssl/private/ssl-cert-snakeoil.key",
    "var/lib/systemd/random-seed",
    "etc/hostid",
    "etc/iscsi/initiatorname.iscsi",
    "var/lib/NetworkManager/secret_key",
    "var/lib/cloud/instances/*",
    "var/lib/dhcp/*.lease*",
    "var/lib/systemd/credential.secret",
    "etc/krb5.keytab",
    "var/lib/zerotier-one/identity.secret",
};

}  // namespace imagebuilder
