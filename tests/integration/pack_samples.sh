# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Assemblies of disk images, for tests of pack.

# make_images: web.raw and db.qcow2 in the current folder, with a little data each.
make_images() {
    truncate -s 4M web.raw db.raw
    seq 200000 | dd of=web.raw conv=notrunc status=none bs=1M
    echo database | dd of=db.raw conv=notrunc status=none seek=3 bs=1M
    qemu-img convert -f raw -O qcow2 db.raw db.qcow2
}

# make_assembly FOLDER MACHINE…: web is always there. With $sizes the assembly has two configurations.
make_assembly() {
    local folder=$1 machine image
    shift
    mkdir "$folder"
    {
        cat <<YAML
muster: 1
name: $folder
version: 1.0.0
description: A sample
eula: Be kind.
product: { name: Sample, vendor: Example, url: "https://example.org/sample" }
networks:
  front: {}
machines:
YAML
        for machine; do
            image=$machine.raw
            [ "$machine" = db ] && image=db.qcow2
            cat <<YAML
  $machine:
    image: ../$image
    memory: 256 MiB
    networks: [front]
    properties:
      title:    { type: string, default: "Hello", user: true, label: "Title" }
      db.host:  { value: "\${$machine.ip.front}" }
    ready: { tcp: 80 }
YAML
        done
        cat <<'YAML'
publish:
  - { machine: web, port: 80, as: http }
YAML
        # Most products know no configurations.
        [ -z "${sizes:-}" ] || cat <<'YAML'
configurations:
  small: { default: true }
  large: { web: { cpus: 4, memory: 1 GiB } }
YAML
    } >"$folder/assembly.yaml"
}

# make_packages: from what is there, everything that muster writes: NAME.ova, one for each verb and profile.
make_packages() {
    local profile
    sizes=yes make_assembly shop web db
    make_assembly alone web
    for profile in generic vmware virtualbox; do
        "$MUSTER" pack shop -o "shop-$profile.ova" --profile "$profile"
        "$MUSTER" pack alone -o "alone-$profile.ova" --profile "$profile"
        "$MUSTER" convert web.raw "disk-$profile.ova" --profile "$profile"
    done
    "$MUSTER" edit alone-generic.ova -o profiled.ova --profile vmware
    "$MUSTER" edit disk-generic.ova -o edited.ova --cpus 2 --memory 512MiB --annotation text --add-disk db.qcow2 \
        --disk disk1,size=8MiB --add-network more --add-nic more --product vendor=V \
        --add-property key,type=string,value=v,label=L
    "$MUSTER" edit --merge alone-generic.ova edited.ova -o merged.ova
    "$MUSTER" edit shop-generic.ova --split parts
    mv parts/web.ova split-web.ova
    mv parts/db.ova split-db.ova
    "$MUSTER" sign alone-vmware.ova -o signed.ova --key maker.key --cert maker.pem
    "$MUSTER" pack alone -o chunked.ova --chunk-size 1MiB
} >make_packages.log 2>&1
