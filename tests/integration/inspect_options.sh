#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# muster inspect --configuration, --lang (messages inside and in a file of the package), --hardware.
# shellcheck source=tests/integration/functions.sh
. "$(dirname "$0")/functions.sh"
cd "$work"

cat >shop.ovf <<'OVF'
<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
    xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References><File ovf:id="french" ovf:href="fr.xml"/></References>
  <DeploymentOptionSection>
    <Info/>
    <Configuration ovf:id="small"><Label ovf:msgid="small">Small</Label><Description/></Configuration>
    <Configuration ovf:id="large"><Label>Large</Label><Description/></Configuration>
  </DeploymentOptionSection>
  <VirtualSystem ovf:id="vm">
    <Info/>
    <Name ovf:msgid="name">The machine</Name>
    <VirtualHardwareSection>
      <Info/>
      <System><vssd:ElementName/><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>vmx-7</vssd:VirtualSystemType></System>
      <Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
    </VirtualHardwareSection>
    <VirtualHardwareSection>
      <Info/>
      <System><vssd:ElementName/><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType></System>
      <Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
      <Item ovf:configuration="large"><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>4</rasd:VirtualQuantity></Item>
      <Item ovf:bound="max"><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>8</rasd:VirtualQuantity></Item>
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>
    </VirtualHardwareSection>
  </VirtualSystem>
  <Strings xml:lang="de"><Msg ovf:msgid="small">Klein</Msg></Strings>
  <Strings xml:lang="fr" ovf:fileRef="french"/>
</Envelope>
OVF
cat >fr.xml <<'XML'
<Strings xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xml:lang="fr"><Msg ovf:msgid="name">La machine</Msg></Strings>
XML
tar --format=ustar -cf shop.ova shop.ovf fr.xml

expect_exit 0 "$MUSTER" inspect shop.ova
expect_text "$out" "machine    vm (The machine): 2 cpus"
expect_text "$out" "processors: 8 at most"
expect_text "$out" "firmware efi"
expect_text "$out" "hardware for vmx-7, vmx-13 (chosen)"
expect_text "$out" "languages  en-US, de, fr"

expect_exit 0 "$MUSTER" inspect shop.ova --configuration large
expect_text "$out" "vm (The machine): 4 cpus"
expect_text "$out" "large (shown)"
expect_exit 2 "$MUSTER" inspect shop.ova --configuration huge
expect_text "$err" "there are: small, large"

expect_exit 0 "$MUSTER" inspect shop.ova --hardware vmx-7
expect_text "$out" "vm (The machine): 1 cpu,"
expect_exit 3 "$MUSTER" inspect shop.ova --hardware xen
expect_text "$err" "there is hardware of: vmx-13, vmx-7"

expect_exit 0 "$MUSTER" inspect shop.ova --lang de-AT
expect_text "$out" "small (default)  Klein"
expect_exit 0 "$MUSTER" inspect shop.ova --lang fr-CA --json
expect_text "$out" '"name": "La machine"'

# A bundle that is none is named.
echo '<html/>' >fr.xml
tar --format=ustar -cf shop.ova shop.ovf fr.xml
expect_exit 4 "$MUSTER" inspect shop.ova
expect_text "$err" "fr.xml:1:1: not a message bundle"
