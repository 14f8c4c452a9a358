// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/seal.h"

#include <fmt/format.h>

#include "base/error.h"

namespace imagebuilder {

namespace {

constexpr const char* kClean = R"script(
rm -f /usr/sbin/policy-rc.d
# mmdebstrap gives it to the user who builds.
[ ! -d /var/cache/apt/archives ] || chown root:root /var/cache/apt/archives
rm -rf /var/cache/apt/*.bin /var/cache/debconf/*-old /var/lib/dpkg/*-old
rm -f /var/lib/apt/extended_states.*
rm -f /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow- /etc/subuid- /etc/subgid-
# The build host's name servers; links belong to the image.
[ -L /etc/resolv.conf ] || : >/etc/resolv.conf
# Installing nginx or PostgreSQL leaves byte code and cached indexes that nobody needs.
find /var/cache/ldconfig -type f -exec rm -f {} + 2>/dev/null || :
)script";

constexpr const char* kSeal = R"script(
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id
rm -f /etc/ssh/ssh_host_*
rm -f /var/lib/systemd/random-seed /var/lib/urandom/random-seed /var/lib/systemd/credential.secret
rm -rf /var/lib/dhcp/* /var/lib/NetworkManager/*.lease /var/lib/NetworkManager/secret_key
rm -rf /var/lib/systemd/network/* /var/lib/cloud/instance /var/lib/cloud/instances /var/lib/cloud/data
rm -rf /var/log/journal /root/.bash_history /root/.cache /var/tmp/*
find /var/log -type f -exec rm -f {} +
rm -f /home/*/.bash_history
)script";

// Prints what is still there, one path a line.
constexpr const char* kFindIdentities = R"script(
[ ! -s /etc/machine-id ] || echo /etc/machine-id
for path in /var/lib/dbus/machine-id /etc/ssh/ssh_host_*key /etc/ssl/private/ssl-cert-snakeoil.key \
    /var/lib/systemd/random-seed /etc/hostid /etc/iscsi/initiatorname.iscsi \
    /var/lib/NetworkManager/secret_key /var/lib/cloud/instances/* /var/lib/dhcp/*.lease* \
    /var/lib/systemd/credential.secret /etc/krb5.keytab /var/lib/zerotier-one/identity.secret; do
    if [ -e "$path" ] && [ ! -L "$path" ]; then
        echo "$path"
    fi
done
)script";

}  // namespace

void clean_tree(const StepContext& context) {
    run_script(context, kClean, {}, "clean up");
}

void seal_tree(const StepContext& context) {
    run_script(context, kSeal, {}, "seal");
    const std::string left = run_script(context, kFindIdentities, {}, "look for identities");
    if (left.empty()) {
        return;
    }
    std::string list;
    for (std::size_t at = 0; at < left.size();) {
        const std::size_t end = left.find('\n', at);
        list += (list.empty() ? "" : ", ") + left.substr(at, end - at);
        at = end + 1;
    }
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("the image would give every machine the same identity: {}", list),
                      "remove the files in a 'run' step and make them anew with 'firstboot', or "
                      "write 'seal: none'");
}

}  // namespace imagebuilder
