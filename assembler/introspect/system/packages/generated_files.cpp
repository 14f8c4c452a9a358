// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/packages/generated_files.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "assembler/introspect/system/text.h"

namespace assembler::introspect {

namespace {

using Type = imagebuilder::TreeEntry::Type;

enum class When {
    always,
    link,    // a symlink; a file there is somebody's
    silent,  // a file with nothing but comments
    sample,  // a file that equals the sample
};

struct Generated {
    std::string_view pattern;
    When when = When::always;
    std::string_view sample = {};
};

constexpr Generated kGenerated[] = {
    // The machine's own state; what it says of the machine is in the facts.
    {"/etc/.pwd.lock"},
    {"/etc/.updated"},
    {"/etc/adjtime"},
    {"/etc/fstab"},
    {"/etc/group"},
    {"/etc/gshadow"},
    {"/etc/hostname"},
    {"/etc/hosts"},
    {"/etc/ld.so.cache"},
    {"/etc/localtime"},
    {"/etc/machine-id"},
    {"/etc/mtab"},
    {"/etc/network/interfaces"},
    {"/etc/netplan/50-cloud-init.yaml"},
    {"/etc/netplan/00-installer-config.yaml"},
    {"/etc/passwd"},
    {"/etc/resolv.conf"},
    {"/etc/resolv.conf.bak"},
    {"/etc/shadow"},
    {"/etc/subgid"},
    {"/etc/subuid"},
    {"/etc/timezone"},
    {"/etc/ssh/ssh_host_*_key"},
    {"/etc/ssh/ssh_host_*_key.pub"},
    // Copies that tools keep.
    {"/etc/passwd-"},
    {"/etc/group-"},
    {"/etc/shadow-"},
    {"/etc/gshadow-"},
    {"/etc/subuid-"},
    {"/etc/subgid-"},
    {"/etc/**.dpkg-old"},
    {"/etc/**.dpkg-dist"},
    {"/etc/**.dpkg-new"},
    {"/etc/**.dpkg-bak"},
    {"/etc/**.ucf-old"},
    {"/etc/**.ucf-dist"},
    {"/etc/**~"},
    // Links of alternatives, services and certificates.
    {"/etc/alternatives/*", When::link},
    {"/etc/rc*.d/*", When::link},
    {"/etc/runlevels/**", When::link},
    {"/etc/runit/**", When::link},
    {"/etc/systemd/system/**", When::link},
    {"/etc/systemd/user/**", When::link},
    {"/etc/ssl/certs/*", When::link},
    {"/etc/ssl/certs/ca-certificates.crt"},
    {"/etc/ssl/certs/ssl-cert-snakeoil.pem"},
    {"/etc/ssl/certs/java/cacerts"},
    {"/etc/ssl/private/ssl-cert-snakeoil.key"},
    {"/etc/ca-certificates.conf"},
    // What installers and maintainer scripts write.
    {"/etc/aliases", When::silent},
    {"/etc/apparmor.d/local/*", When::silent},
    {"/etc/apparmor.d/cache/**"},
    {"/etc/apt/apt.conf.d/*autoremove*"},
    {"/etc/apt/apt.conf.d/00CDMountPoint"},
    {"/etc/apt/apt.conf.d/00trustcdrom"},
    {"/etc/apt/sources.list"},
    {"/etc/console-setup/**"},
    {"/etc/default/console-setup"},
    {"/etc/default/keyboard"},
    {"/etc/default/locale"},
    {"/etc/dictionaries-common/*"},
    {"/etc/discover-modprobe.conf"},
    {"/etc/dpkg/origins/default"},
    {"/etc/emacs/site-start.d/*", When::link},
    {"/etc/environment", When::silent},
    {"/etc/fonts/conf.d/*", When::link},
    {"/etc/grub.d/*.dpkg-*"},
    {"/etc/hosts.allow", When::silent},
    {"/etc/hosts.deny", When::silent},
    {"/etc/initramfs-tools/conf.d/resume"},
    {"/etc/initramfs-tools/modules", When::silent},
    {"/etc/inputrc", When::sample, "/usr/share/readline/inputrc"},
    {"/etc/kernel-img.conf"},
    {"/etc/locale.conf"},
    {"/etc/locale.gen"},
    {"/etc/mailname"},
    {"/etc/modprobe.d/*.conf", When::silent},
    {"/etc/modules", When::silent},
    {"/etc/modules-load.d/modules.conf", When::link},
    {"/etc/motd", When::sample, "/usr/share/base-files/motd"},
    {"/etc/networks"},
    {"/etc/nsswitch.conf", When::sample, "/usr/share/libc-bin/nsswitch.conf"},
    {"/etc/nsswitch.conf", When::sample, "/usr/share/base-files/nsswitch.conf"},
    {"/etc/os-release", When::link},
    {"/etc/pam.d/common-*"},
    {"/etc/popularity-contest.conf"},
    {"/etc/profile", When::sample, "/usr/share/base-files/profile"},
    {"/etc/python3*/debian_config"},
    {"/etc/rmt", When::link},
    {"/etc/security/opasswd"},
    {"/etc/shells"},
    {"/etc/sysctl.d/99-sysctl.conf", When::link},
    {"/etc/udev/hwdb.bin"},
    {"/etc/vconsole.conf"},
    {"/etc/xdg/systemd/user", When::link},
    {"/usr/local/man", When::link},
    {"/usr/local/share/fonts/.uuid"},
    {"/usr/local/share/man/**", When::link},
    {"/usr/local/lib/python3*/**.pyc"},
    // Applications.
    {"/etc/apache2/conf-enabled/*.conf", When::link},
    {"/etc/apache2/sites-enabled/000-default.conf", When::link},
    {"/etc/java-*/**", When::link},
    {"/etc/mysql/debian.cnf"},
    {"/etc/mysql/my.cnf", When::link},
    {"/etc/nginx/modules-enabled/*.conf", When::link},
    {"/etc/nginx/sites-enabled/default", When::link},
    {"/etc/php/*/*/conf.d/*.ini", When::link},
    {"/etc/postfix/dynamicmaps.cf"},
    {"/etc/postfix/makedefs.out", When::link},
    {"/etc/postgresql-common/root.crt"},
    {"/etc/postgresql/*/*/environment", When::silent},
    {"/etc/postgresql/*/*/pg_ctl.conf"},
    {"/etc/postgresql/*/*/pg_ident.conf", When::silent},
    {"/etc/postgresql/*/*/start.conf"},
};

constexpr std::string_view kEnabledModules = "/etc/apache2/mods-enabled/";

// Modules that apache2 enables by itself; another one is somebody's choice.
constexpr std::array<std::string_view, 24> kApacheModules{
    "access_compat", "alias",         "auth_basic", "authn_core",  "authn_file",  "authz_core",
    "authz_host",    "authz_user",    "autoindex",  "deflate",     "dir",         "env",
    "filter",        "mime",          "mpm_event",  "mpm_prefork", "negotiation", "reqtimeout",
    "setenvif",      "socache_shmcb", "status",     "mpm_worker",  "unixd",       "watchdog"};

bool is_apache_default(std::string_view path) {
    if (!path.starts_with(kEnabledModules)) {
        return false;
    }
    const std::string_view name = path.substr(kEnabledModules.size());
    return std::find(kApacheModules.begin(), kApacheModules.end(),
                     name.substr(0, name.rfind('.'))) != kApacheModules.end();
}

bool says_nothing(Reading& reading, std::string_view path) {
    const auto text = imagebuilder::read_if_there(reading.tree(), path);
    return text && statements_of(*text).empty();
}

bool equals_sample(Reading& reading, std::string_view path, std::string_view sample) {
    const auto text = imagebuilder::read_if_there(reading.tree(), path);
    return text && text == imagebuilder::read_if_there(reading.tree(), sample);
}

bool applies(Reading& reading, const Generated& generated, std::string_view path, Type type) {
    switch (generated.when) {
        case When::always: return true;
        case When::link: return type == Type::symlink;
        case When::silent: return type == Type::file && says_nothing(reading, path);
        case When::sample:
            return type == Type::file && equals_sample(reading, path, generated.sample);
    }
    return false;
}

// Of one kind at a time, and changed by other packages too.
bool is_process_model(std::string_view module) {
    return module.starts_with("mpm_");
}

}  // namespace

bool is_generated(Reading& reading, std::string_view path, Type type) {
    if (type == Type::symlink && is_apache_default(path)) {
        return true;
    }
    return std::any_of(std::begin(kGenerated), std::end(kGenerated), [&](const Generated& one) {
        return matches_pattern(path, one.pattern) && applies(reading, one, path, type);
    });
}

std::vector<MadeLink> links_made_by_packages() {
    std::vector<MadeLink> links{
        {"/etc/nginx/sites-enabled/default", "/etc/nginx/sites-available/default"},
        {"/etc/apache2/sites-enabled/000-default.conf",
         "/etc/apache2/sites-available/000-default.conf"}};
    for (const char* name : {"charset", "localized-error-pages", "other-vhosts-access-log",
                             "security", "serve-cgi-bin"}) {
        links.push_back({fmt::format("/etc/apache2/conf-enabled/{}.conf", name),
                         fmt::format("/etc/apache2/conf-available/{}.conf", name)});
    }
    for (const std::string_view module : kApacheModules) {
        if (is_process_model(module)) {
            continue;
        }
        for (const char* kind : {"load", "conf"}) {
            links.push_back({fmt::format("{}{}.{}", kEnabledModules, module, kind),
                             fmt::format("/etc/apache2/mods-available/{}.{}", module, kind)});
        }
    }
    return links;
}

}  // namespace assembler::introspect
