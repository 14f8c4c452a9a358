// SPDX-License-Identifier: Apache-2.0
// A small package for tests: a descriptor with two files, written by the real writer or taken apart
// and put together again by hand.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "ovfkit/package/package_reader.h"
#include "ovfkit/package/package_writer.h"
#include "tests/unit/ovfkit/package/archive_builder.h"

namespace tests {

inline std::string sample_descriptor(const std::string& files = "") {
    const std::string two_files = R"(<File ovf:id="f1" ovf:href="db-disk1.vmdk"/>
      <File ovf:id="f2" ovf:href="web.iso"/>)";
    return R"(<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
  <References>
      )" + (files.empty() ? two_files : files) +
           R"(
  </References>
  <VirtualSystem ovf:id="db">
    <Info>A machine</Info>
    <VirtualHardwareSection>
      <Info>Its hardware</Info>
      <Item>
        <rasd:ElementName>cpu</rasd:ElementName>
        <rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>2</rasd:VirtualQuantity>
      </Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
)";
}

inline const std::string kSampleDisk(200000, 'd');
inline const std::string kSampleIso(3000, 'i');

// A package by the real writer: descriptor, disk, ISO, manifest, and a certificate with a signer.
inline std::string sample_package(const ovfkit::PackageSigner* signer = nullptr,
                                  ovfkit::PackageWriterOptions options = {}) {
    base::MemorySink sink;
    ovfkit::PackageWriter writer(sink, options);
    writer.add_text("shop.ovf", sample_descriptor());
    writer.add_text("db-disk1.vmdk", kSampleDisk);
    writer.add_text("web.iso", kSampleIso);
    writer.finish(signer);
    return sink.data();
}

inline std::string manifest_line(const std::string& name, std::string_view data,
                                 base::DigestAlgorithm algorithm = base::DigestAlgorithm::sha256) {
    return fmt::format("{}({})= {}\n", base::to_string(algorithm), name,
                       base::digest_hex(algorithm, data));
}

inline std::string sample_manifest(
    base::DigestAlgorithm algorithm = base::DigestAlgorithm::sha256) {
    return manifest_line("shop.ovf", sample_descriptor(), algorithm) +
           manifest_line("db-disk1.vmdk", kSampleDisk, algorithm) +
           manifest_line("web.iso", kSampleIso, algorithm);
}

// A handler that keeps everything, and what it was told in which order.
class KeepingHandler : public ovfkit::PackageHandler {
  public:
    void on_descriptor(const std::string& name, const std::string& text,
                       const ovfkit::Envelope& /*envelope*/) override {
        calls.push_back("descriptor " + name);
        descriptor = text;
    }
    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t size) override {
        calls.push_back(fmt::format("open {} {}", name, size));
        auto sink = std::make_unique<base::MemorySink>();
        return sink;
    }
    void close_member(const std::string& name, std::unique_ptr<base::ByteSink> sink) override {
        calls.push_back("close " + name);
        members[name] = dynamic_cast<base::MemorySink&>(*sink).data();
    }
    std::vector<std::string> calls;
    std::string descriptor;
    std::map<std::string, std::string> members;
};

}  // namespace tests
