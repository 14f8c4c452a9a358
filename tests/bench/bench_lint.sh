#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How long `muster lint` takes for a descriptor of 500 KB, as a whole process: must be under 50 ms. Median of 11.
#   tests/bench/bench_lint.sh [MUSTER]
set -euo pipefail
cd "$(dirname "$0")/../.."
muster=${1:-build/release/bin/muster}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A collection of machines, until it has 500 KB.
python3 - "$work/large.ovf" <<'PY'
import sys
head = '''<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References/>
  <NetworkSection><Info>Networks</Info><Network ovf:name="back"><Description>Inside</Description></Network></NetworkSection>
  <VirtualSystemCollection ovf:id="all"><Info>All</Info>
'''
item = '''        <Item>
          <rasd:ElementName>%s</rasd:ElementName><rasd:InstanceID>%d</rasd:InstanceID>
          <rasd:ResourceType>%d</rasd:ResourceType><rasd:VirtualQuantity>%d</rasd:VirtualQuantity>
        </Item>
'''
def system(n):
    items = item % ("cpu", 1, 3, 2) + item % ("memory", 2, 4, 1024)
    properties = "".join('        <Property ovf:key="key%d" ovf:type="string" ovf:userConfigurable="true" ovf:value="v">'
                         '<Label>Key</Label></Property>\n' % i for i in range(20))
    return ('    <VirtualSystem ovf:id="m%d"><Info>M</Info><Name>m%d</Name>\n      <VirtualHardwareSection><Info>H</Info>\n%s'
            '      </VirtualHardwareSection>\n      <ProductSection><Info>P</Info>\n%s      </ProductSection></VirtualSystem>\n'
            % (n, n, items, properties))
text, n = head, 0
while len(text) < 500_000:
    text += system(n)
    n += 1
open(sys.argv[1], "w").write(text + "  </VirtualSystemCollection>\n</Envelope>\n")
PY
printf 'descriptor: %s bytes\n' "$(stat -c %s "$work/large.ovf")"

times=()
for _ in $(seq 11); do
    start=$(date +%s%N)
    "$muster" lint "$work/large.ovf" --target all >"$work/out" || true
    times+=($((($(date +%s%N) - start) / 1000)))
done
grep -q ' for all$' "$work/out" || { echo "lint said nothing"; exit 1; }
mapfile -t sorted < <(printf '%s\n' "${times[@]}" | sort -n)
median=${sorted[5]}
printf 'lint --target all: %s findings, %s us (must be under 50000 us)\n' "$(grep -c '^[^ ].*: ' "$work/out")" "$median"
[ "$median" -lt 50000 ]
