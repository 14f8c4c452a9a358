# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Guests for libguestfs, made of what a Debian host has: no distribution is downloaded.

# build_rpm NAME VERSION: NAME-VERSION-1.noarch.rpm in the current folder, with a text in it.
build_rpm() {
    cat >"$1.spec" <<SPEC
Name: $1
Version: $2
Release: 1
Summary: a sample
License: Apache-2.0
BuildArch: noarch
%description
A sample.
%install
mkdir -p %{buildroot}/usr/lib/$1
echo "$1 $2" >%{buildroot}/usr/lib/$1/text
%files
/usr/lib/$1/text
SPEC
    rpmbuild -bb --quiet --target noarch --define "_topdir $PWD/rpm" --define "_rpmdir $PWD" \
        --define "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" "$1.spec" >rpmbuild.log 2>&1 ||
        { cat rpmbuild.log >&2 && return 1; }
}

# make_rpm_tree FOLDER: a system that calls itself Fedora: Debian's rpm with its libraries, a database with the package
# "base-sample", and a dnf of a few lines that installs files from a folder. After make_root_tree.
make_rpm_tree() {
    local tree=$1 file
    build_rpm base-sample 1.0
    build_rpm extra-sample 2.5
    mkdir -p "$tree"/{lib64,usr/lib/rpm,srv/packages,var/lib/rpm,usr/lib/systemd/system,etc/systemd/system/multi-user.target.wants}
    cp "$(command -v rpm)" "$tree/usr/bin/rpm"
    cp /usr/lib/rpm/rpmrc /usr/lib/rpm/macros "$tree/usr/lib/rpm/"
    cp -a /usr/lib/rpm/platform "$tree/usr/lib/rpm/"
    ldd "$(command -v rpm)" | grep -o '/[^ ]*' | while read -r file; do
        mkdir -p "$tree$(dirname "$file")"
        cp -L "$file" "$tree$file"
    done
    for file in tail chpasswd mount env awk stat head; do ln -sf busybox "$tree/bin/$file"; done
    printf 'ID=fedora\nVERSION_ID=39\nPRETTY_NAME="Fedora Linux 39 (Sample)"\n' >"$tree/etc/os-release"
    echo 'Fedora release 39 (Sample)' >"$tree/etc/fedora-release"
    printf 'root:!:19000:0:99999:7:::\n' >"$tree/etc/shadow"
    echo rpm-guest >"$tree/etc/hostname"
    printf '[Unit]\nDescription=sample\n[Service]\nExecStart=/usr/lib/base-sample/serve --port 8080\n' \
        >"$tree/usr/lib/systemd/system/sample.service"
    ln -s /usr/lib/systemd/system/sample.service "$tree/etc/systemd/system/multi-user.target.wants/sample.service"
    cat >"$tree/usr/bin/dnf" <<'DNF'
#!/bin/sh
# dnf -y install NAME…: from /srv/packages
set -e
[ "$1 $2" = "-y install" ]
shift 2
for name in "$@"; do
    /usr/bin/rpm --dbpath /var/lib/rpm --force-debian --nodeps -i /srv/packages/"$name"-*.rpm
done
DNF
    chmod +x "$tree/usr/bin/dnf"
    rpm --root "$(realpath "$tree")" --dbpath /var/lib/rpm --force-debian --nodeps -i base-sample-1.0-1.noarch.rpm
    cp extra-sample-2.5-1.noarch.rpm "$tree/srv/packages/"
}

# make_luks_commands DISK KEY: what guestfish does to make a system disk of the tar root.tar: boot partition, LUKS, LVM, XFS.
# Read with --keys-from-stdin: the keys are lines of their own.
make_luks_commands() {
    cat <<FISH
part-init $1 gpt
part-add $1 p 2048 133119
part-add $1 p 133120 -2048
mkfs ext4 ${1}1
luks-format ${1}2 0
$2
cryptsetup-open ${1}2 opened
$2
vgcreate vg /dev/mapper/opened
lvcreate-free root vg 100
mkfs xfs /dev/vg/root
mount /dev/vg/root /
mkdir /boot
mount ${1}1 /boot
tar-in root.tar /
umount-all
vg-activate-all false
cryptsetup-close /dev/mapper/opened
FISH
}

# make_windows_tree FOLDER: what libguestfs takes for a Windows, with an application and services in its registry.
make_windows_tree() {
    python3 "$MUSTER_SOURCE_DIR/tests/integration/make_windows.py" "$1"
    # shellcheck disable=SC1003  # backslashes of the registry
    {
        echo 'Windows Registry Editor Version 5.00'
        printf '\n[%s]\n' '\Microsoft' '\Microsoft\Windows' '\Microsoft\Windows\CurrentVersion' \
            '\Microsoft\Windows\CurrentVersion\Uninstall' '\Microsoft\Windows NT'
        printf '%s\n' '' '[\Microsoft\Windows NT\CurrentVersion]' '"ProductName"="Windows Server 2022 Standard"' \
            '"CurrentVersion"="6.3"' '"CurrentMajorVersionNumber"=dword:0000000a' '"CurrentMinorVersionNumber"=dword:00000000' \
            '"InstallationType"="Server"' '' '[\Microsoft\Windows\CurrentVersion\Uninstall\{1234}]' \
            '"DisplayName"="Sample Agent"' '"DisplayVersion"="4.2.1"'
    } | hivexregedit --merge "$1/Windows/System32/config/SOFTWARE"
    {
        echo 'Windows Registry Editor Version 5.00'
        printf '\n[%s]\n' '\Select' '\ControlSet001' '\ControlSet001\Services' '\ControlSet001\Services\Tcpip'
        printf '%s\n' '' '[\Select]' '"Current"=dword:00000001' '"Default"=dword:00000001' '' \
            '[\ControlSet001\Services\Tcpip\Parameters]' '"Hostname"="WIN-SHOP"' '' \
            '[\ControlSet001\Services\disk]' '"Start"=dword:00000000' '"Type"=dword:00000001' '' \
            '[\ControlSet001\Services\W3SVC]' '"Start"=dword:00000002' '"Type"=dword:00000020' \
            '"ImagePath"="C:\\Windows\\svchost.exe -k iissvcs"' '"ObjectName"="LocalSystem"'
    } | hivexregedit --merge "$1/Windows/System32/config/SYSTEM"
}

# make_ntfs_commands DISK: a partition of the tar windows.tar.
make_ntfs_commands() {
    cat <<FISH
part-disk $1 mbr
mkfs ntfs ${1}1
mount ${1}1 /
tar-in windows.tar /
umount-all
FISH
}
