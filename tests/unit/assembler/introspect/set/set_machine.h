// SPDX-License-Identifier: Apache-2.0
// Two small machines, one of which connects to the other, as folders and as disks.
#pragma once

#include <string>

#include "assembler/introspect/plugin/plugin.h"
#include "assembler/introspect/set/machine_set.h"
#include "base/file.h"
#include "tests/support/shell.h"

namespace tests {

class SetMachines {
  public:
    SetMachines() {
        shell(R"sh(
for name in web db; do
    mkdir -p $name/etc/systemd/system/multi-user.target.wants $name/etc/systemd/network $name/usr/lib/systemd $name/boot
    printf 'ID=debian\nVERSION_ID=12\n' >$name/etc/os-release
    echo $name >$name/etc/hostname
    : >$name/usr/lib/systemd/systemd
    : >$name/boot/vmlinuz-6.1
done
mkdir -p web/etc/nginx/conf.d
printf '[Match]\nName=en*\n[Network]\nAddress=10.0.0.5/24\n' >web/etc/systemd/network/lan.network
printf '[Match]\nName=en*\n[Network]\nAddress=10.0.0.6/24\n' >db/etc/systemd/network/lan.network
printf '[Service]\nExecStart=/usr/sbin/nginx\n[Install]\nWantedBy=multi-user.target\n' >web/etc/systemd/system/nginx.service
ln -s ../nginx.service web/etc/systemd/system/multi-user.target.wants/nginx.service
printf 'http {\n  include /etc/nginx/conf.d/*.conf;\n}\n' >web/etc/nginx/nginx.conf
printf 'server {\n  listen 80;\n  location / { proxy_pass http://10.0.0.6:8080; }\n}\n' >web/etc/nginx/conf.d/x.conf
for name in web db; do mke2fs -q -F -t ext4 -d $name $name.raw 8M; done
)sh",
              dir_.path());
    }

    std::string path(const std::string& name) const { return dir_.path() / name; }
    assembler::MachineSource source(const std::string& name) const {
        return {.name = "", .location = path(name)};
    }
    assembler::SourceOptions reading() const {
        assembler::SourceOptions options;
        options.plugins =
            assembler::load_plugins({MUSTER_SOURCE_DIR "/assembler/introspect/plugins"});
        return options;
    }
    assembler::MachineSet read(const std::string& web, const std::string& db) const {
        return assembler::read_machine_set({source(web), source(db)}, reading());
    }

  private:
    base::TempDir dir_;
};

}  // namespace tests
