# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Makes packages with tar and openssl alone, so that what muster reads is what others write.

# make_files: shop.ovf, disk.vmdk and web.iso in the current folder.
make_files() {
    head -c 300000 /dev/zero | tr '\0' 'd' >disk.vmdk
    echo iso >web.iso
    cat >shop.ovf <<'OVF'
<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
  <References>
    <File ovf:id="f1" ovf:href="disk.vmdk"/>
    <File ovf:id="f2" ovf:href="web.iso"/>
  </References>
  <DiskSection>
    <Info>disks</Info>
    <Disk ovf:diskId="sys" ovf:fileRef="f1" ovf:capacity="1073741824"
        ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <NetworkSection>
    <Info>networks</Info>
    <Network ovf:name="back"><Description>inner</Description></Network>
  </NetworkSection>
  <VirtualSystem ovf:id="db">
    <Info>a machine</Info>
    <Name>The database</Name>
    <ProductSection>
      <Info>product</Info>
      <Product>Shop</Product>
      <Vendor>Example</Vendor>
      <Version>1.0</Version>
      <Property ovf:key="title" ovf:type="string" ovf:value="Hello" ovf:userConfigurable="true"/>
      <Property ovf:key="secret" ovf:type="string" ovf:value="hunter2" ovf:password="true"/>
    </ProductSection>
    <VirtualHardwareSection>
      <Info>hardware</Info>
      <Item>
        <rasd:ElementName>cpus</rasd:ElementName>
        <rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>2</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
        <rasd:ElementName>memory</rasd:ElementName>
        <rasd:InstanceID>2</rasd:InstanceID>
        <rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>512</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:ElementName>controller</rasd:ElementName>
        <rasd:InstanceID>3</rasd:InstanceID>
        <rasd:ResourceType>6</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>0</rasd:AddressOnParent>
        <rasd:ElementName>disk</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/sys</rasd:HostResource>
        <rasd:InstanceID>4</rasd:InstanceID>
        <rasd:Parent>3</rasd:Parent>
        <rasd:ResourceType>17</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:Connection>back</rasd:Connection>
        <rasd:ElementName>nic</rasd:ElementName>
        <rasd:InstanceID>5</rasd:InstanceID>
        <rasd:ResourceType>10</rasd:ResourceType>
      </Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
OVF
}

# make_manifest: shop.mf over the three files.
make_manifest() {
    openssl dgst -sha256 shop.ovf disk.vmdk web.iso | sed 's/^SHA2-256/SHA256/' >shop.mf
}

# make_signer NAME: NAME.key and NAME.pem, self-signed.
make_signer() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days 30 -subj "/CN=$1" 2>/dev/null
}

# sign_with NAME: shop.cert
sign_with() {
    {
        printf 'SHA256(shop.mf)= %s\n' "$(openssl dgst -sha256 -hex -sign "$1.key" shop.mf | sed 's/.*= //')"
        cat "$1.pem"
    } >shop.cert
}

# make_ova FILE MEMBER…
make_ova() {
    local file=$1
    shift
    tar --format=ustar -cf "$file" "$@"
}
