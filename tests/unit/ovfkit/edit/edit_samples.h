// SPDX-License-Identifier: Apache-2.0
// Descriptors as the field writes them, with comments and vendors' sections, and a short way to
// edit them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/edit/edit_session.h"
#include "ovfkit/edit/edit_steps.h"

namespace tests {

inline const std::string kWebDescriptor = R"(<?xml version="1.0" encoding="UTF-8"?>
<!-- exported by hand -->
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
    xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References>
    <File ovf:id="file1" ovf:href="disk1.vmdk" ovf:size="1024"/> <!-- the system -->
  </References>
  <DiskSection>
    <Info>Disks</Info>
    <Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^30" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <NetworkSection>
    <Info>Networks</Info>
    <Network ovf:name="front"><Description>To the world</Description></Network>
    <Network ovf:name="back"/>
  </NetworkSection>
  <DeploymentOptionSection>
    <Info>Sizes</Info>
    <Configuration ovf:id="small" ovf:default="true"><Label>S</Label><Description>s</Description></Configuration>
    <Configuration ovf:id="large"><Label>L</Label><Description>l</Description></Configuration>
  </DeploymentOptionSection>
  <VirtualSystem ovf:id="web">
    <Info>A machine</Info>
    <Name>Web</Name>
    <ProductSection>
      <Info>About it</Info>
      <Product>Shop</Product>
      <Version>1</Version>
      <Property ovf:key="title" ovf:type="string" ovf:value="old" ovf:userConfigurable="true"/>
    </ProductSection>
    <VirtualHardwareSection>
      <Info>Its hardware</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>web</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>vmx-10</vssd:VirtualSystemType>
      </System>
      <Item>
        <rasd:ElementName>2 virtual CPU(s)</rasd:ElementName>
        <rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>2</rasd:VirtualQuantity>
        <vmw:CoresPerSocket ovf:required="false">2</vmw:CoresPerSocket>
      </Item>
      <Item>
        <rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
        <rasd:ElementName>1024MB of memory</rasd:ElementName>
        <rasd:InstanceID>2</rasd:InstanceID>
        <rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>1024</rasd:VirtualQuantity>
      </Item>
      <Item ovf:bound="max">
        <rasd:AllocationUnits>byte * 2^30</rasd:AllocationUnits>
        <rasd:ElementName>at most</rasd:ElementName>
        <rasd:InstanceID>2</rasd:InstanceID>
        <rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>8</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:Address>0</rasd:Address>
        <rasd:ElementName>SCSI controller</rasd:ElementName>
        <rasd:InstanceID>3</rasd:InstanceID>
        <rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>
        <rasd:ResourceType>6</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>0</rasd:AddressOnParent>
        <rasd:ElementName>Hard disk 1</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource>
        <rasd:InstanceID>4</rasd:InstanceID>
        <rasd:Parent>3</rasd:Parent>
        <rasd:ResourceType>17</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>7</rasd:AddressOnParent>
        <rasd:AutomaticAllocation>true</rasd:AutomaticAllocation>
        <rasd:Connection>front</rasd:Connection>
        <rasd:ElementName>eth0</rasd:ElementName>
        <rasd:InstanceID>5</rasd:InstanceID>
        <rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>
        <rasd:ResourceType>10</rasd:ResourceType>
      </Item>
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>
    </VirtualHardwareSection>
    <vmw:BootOrderSection ovf:required="false"><Info>Ours</Info></vmw:BootOrderSection>
  </VirtualSystem>
</Envelope>
)";

inline const std::string kOldDescriptor = R"(<?xml version="1.0"?>
<ovf:Envelope xmlns:ovf="http://www.vmware.com/schema/ovf/1/envelope"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ovf:version="0.9">
  <ovf:References/>
  <ovf:Section xsi:type="ovf:NetworkSection_Type">
    <ovf:Info>Networks</ovf:Info>
    <ovf:Network ovf:name="lan"/>
  </ovf:Section>
  <ovf:Content ovf:id="old" xsi:type="ovf:VirtualSystem_Type">
    <ovf:Info>Old</ovf:Info>
    <ovf:Section xsi:type="ovf:VirtualHardwareSection_Type">
      <ovf:Info>Hardware</ovf:Info>
      <ovf:Item>
        <rasd:Caption>1 virtual CPU(s)</rasd:Caption>
        <rasd:InstanceId>1</rasd:InstanceId>
        <rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>1</rasd:VirtualQuantity>
      </ovf:Item>
    </ovf:Section>
  </ovf:Content>
</ovf:Envelope>
)";

inline const std::string kNewDescriptor = R"(<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/2" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/2"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
  <References/>
  <NetworkSection>
    <Info>Networks</Info>
    <Network ovf:name="lan"/>
  </NetworkSection>
  <VirtualSystem ovf:id="new">
    <Info>New</Info>
    <VirtualHardwareSection>
      <Info>Hardware</Info>
      <Item>
        <rasd:ElementName>cpus</rasd:ElementName>
        <rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>1</rasd:VirtualQuantity>
      </Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
)";

using Steps = std::vector<std::pair<std::string, std::string>>;

inline void apply_steps(ovfkit::edit::EditSession& session, const Steps& steps) {
    for (const auto& [name, text] : steps) {
        const auto& operation = ovfkit::edit::require_operation({name, "", {}, "--" + name});
        session.apply(ovfkit::edit::parse_step(operation, text, "--" + name));
    }
}

inline std::string edited(const std::string& text, const Steps& steps,
                          ovfkit::edit::EditSurroundings surroundings = {}) {
    ovfkit::edit::EditSession session(text, "web.ovf", std::move(surroundings));
    apply_steps(session, steps);
    return session.finish();
}

inline ovfkit::Envelope envelope_after(const std::string& text, const Steps& steps) {
    return ovfkit::read_envelope(edited(text, steps), "web.ovf");
}

}  // namespace tests
