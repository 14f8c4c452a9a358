// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/ovfkit/lint/descriptor_examples.h"

namespace tests {

namespace {

const std::string kDmtf1 = "http://schemas.dmtf.org/ovf/envelope/1";
const std::string kEnd = "</VirtualSystem>\n</Envelope>\n";
const std::string kFile = R"(<File ovf:id="f1" ovf:href="disk1.vmdk" ovf:size="73728"/>)";
const std::string kDisk = R"(<Disk ovf:diskId="sys")";
const std::string kProperty = R"(<Property ovf:key="title" ovf:type="string")";
const std::string kContent = R"(<VirtualSystem ovf:id="web">)";

// The namespace is written twice.
Replacements with_namespace(const std::string& uri) {
    return {{"xmlns=\"" + kDmtf1 + "\"", "xmlns=\"" + uri + "\""},
            {"xmlns:ovf=\"" + kDmtf1 + "\"", "xmlns:ovf=\"" + uri + "\""}};
}

Replacements in_collection(const std::string& sections, const std::string& after = "") {
    return {{kContent,
             "<VirtualSystemCollection ovf:id=\"all\"><Info>All</Info>" + sections + kContent},
            {kEnd, "</VirtualSystem>" + after + "</VirtualSystemCollection></Envelope>"}};
}

}  // namespace

const std::vector<DescriptorExample>& envelope_examples() {
    static const std::vector<DescriptorExample> examples{
        {"OVF-001", {{"</Envelope>", "</Envelop>"}}},
        {"OVF-002", {{"<Envelope", "<html"}, {"</Envelope>", "</html>"}}},
        {"OVF-003", {{"<?xml", "\xef\xbb\xbf<?xml"}}},
        {"OVF-004", {{"</Envelope>\n", std::string("</Envelope>\n\0\0\0", 15)}}},
        {"OVF-005", {{"UTF-8", "ISO-8859-1"}}},
        {"OVF-006", {{"?>\n", "?>\r\n"}}},
        {"OVF-020", {{kFile, kFile + R"(<File ovf:id="f1" ovf:href="b.iso" ovf:size="1"/>)"}}},
        {"OVF-021", {{kFile, kFile + R"(<File ovf:id="f2" ovf:href="disk1.vmdk"/>)"}}},
        {"OVF-022", {{"ovf:fileRef=\"f1\"", "ovf:fileRef=\"f9\""}}},
        {"OVF-023", {{"ovf:/disk/sys", "ovf:/disk/gone"}}},
        {"OVF-024", {{">back</rasd", ">front</rasd"}}},
        {"OVF-025", {{"ovf:populatedSize=\"65536\"", "ovf:populatedSize=\"many\""}}},
        {"OVF-026", {{"ovf:capacity=\"1048576\"", ""}}},
        {"OVF-027",
         {{"ovf:format=\"http://www.vmware.com/interfaces/specifications/"
           "vmdk.html#streamOptimized\"",
           ""}}},
        {"OVF-028", {{"ovf:populatedSize=\"65536\"", "ovf:populatedSize=\"2097152\""}}},
        {"OVF-029", {{"ovf:capacity=\"1048576\"", "ovf:capacity=\"0\""}}},
        {"OVF-031", {{kDisk, kDisk + " ovf:parentRef=\"sys\""}}},
        {"OVF-032", {{kDisk, kDisk + " ovf:capacityAllocationUnits=\"parsec\""}}},
        {"OVF-033", {{"<rasd:Parent>3", "<rasd:Parent>33"}}},
        {"OVF-034", {{"<Item>", "<Item ovf:bound=\"most\">"}}},
        {"OVF-035", {{"<rasd:ResourceType>3</rasd:ResourceType>", ""}}},
        {"OVF-036", {{"<Name>web</Name>", "<Name>web</Name><References/>"}}},
        {"OVF-037",
         {{kEnd,
           "</VirtualSystem><VirtualSystem ovf:id=\"b\"><Info>B</Info></VirtualSystem>"
           "</Envelope>"}}},
        {"OVF-038", {{kContent, "<Content ovf:id=\"web\">"}, {"</VirtualSystem>", "</Content>"}}},
        {"OVF-039",
         {{kContent,
           "<x:OtherSection xmlns:x=\"urn:x\" ovf:required=\"true\"><Info>X</Info>"
           "</x:OtherSection>" +
               kContent}}},
        {"OVF-040",
         {{"<Name>web</Name>",
           "<Name>web</Name><x:OtherSection xmlns:x=\"urn:x\" ovf:required=\"false\"><Info>X"
           "</Info></x:OtherSection>"}}},
        {"OVF-041", {{kFile, kFile + "<x:Odd xmlns:x=\"urn:x\" ovf:required=\"true\"/>"}}},
        {"OVF-046", {{"ovf:key=\"title\"", "ovf:key=\"shop.title\""}}},
        {"OVF-045", {{"ovf:type=\"string\"", "ovf:type=\"colour\""}}},
        {"OVF-044", in_collection("<StartupSection><Info>S</Info><Item ovf:id=\"db\" "
                                  "ovf:order=\"1\"/><Item ovf:id=\"web\" ovf:order=\"2\"/>"
                                  "</StartupSection>")},
        {"OVF-043",
         {{kContent,
           "<DeploymentOptionSection><Info>D</Info><Configuration ovf:id=\"a\" "
           "ovf:default=\"true\"><Label>A</Label><Description>A</Description>"
           "</Configuration><Configuration ovf:id=\"b\" ovf:default=\"true\"><Label>B"
           "</Label><Description>B</Description></Configuration>"
           "</DeploymentOptionSection>" +
               kContent}}},
        {"OVF-047",
         {{"<Label>Title</Label>",
           "<Label>Title</Label><Value ovf:value=\"X\" ovf:configuration=\"none\"/>"}}},
        {"OVF-048",
         {{"<ProductSection>", "<ProductSection><Info>B</Info></ProductSection><ProductSection>"}}},
        {"OVF-049", {{kProperty, kProperty + "/>" + kProperty}}},
        {"OVF-050", with_namespace("http://www.vmware.com/schema/ovf/1/envelope")},
        {"OVF-051", {{"xmlns=\"" + kDmtf1 + "\"", ""}}},
        {"OVF-052", {{"ovf:size=\"73728\"", "ovf:size=\"73728\" ovf:compression=\"rar\""}}},
        {"OVF-053", {{"ovf:size=\"73728\"", "ovf:size=\"-1\""}}},
        {"OVF-054",
         {{"<Name>web</Name>",
           "<Name>web</Name><m:MachineSection xmlns:m=\"urn:muster:ovf:1\" "
           "ovf:required=\"false\"><Info>M</Info><m:Count m:initial=\"2\" m:minimum=\"5\" "
           "m:maximum=\"1\"/></m:MachineSection>"}}},
        {"OVF-101", with_namespace("http://www.vmware.com/schema/ovf/1/envelope")},
        {"OVF-102", with_namespace("http://schemas.dmtf.org/ovf/envelope/2")},
        {"OVF-103",
         {{kEnd, "</VirtualSystem><NetworkSection><Info>N</Info></NetworkSection></Envelope>"}}},
        {"OVF-104", {{"<References>", "<!--"}, {"</References>", "-->"}}},
        {"OVF-105", {{"ovf:diskId", "diskId"}}},
        {"OVF-106",
         {{"<NetworkSection>", "<NetworkSection><Info>N</Info></NetworkSection><NetworkSection>"}}},
        {"OVF-107", {{"<Info>Disks</Info>", ""}}},
        {"OVF-108", {{"<Name>web</Name>", "<Name>web</Name><vbox:Machine/>"}}},
        {"OVF-109",
         {{"</VirtualHardwareSection>",
           "<vmw:Config vmw:key=\"a\" vmw:value=\"b\"/></VirtualHardwareSection>"}}},
        {"OVF-110", in_collection("")},
        {"OVF-111", in_collection("",
                                  "<VirtualSystemCollection ovf:id=\"in\"><Info>In</Info>"
                                  "</VirtualSystemCollection>")},
        {"OVF-112",
         {{kContent,
           "<DeploymentOptionSection><Info>D</Info><Configuration ovf:id=\"a\"><Label>A"
           "</Label><Description>A</Description></Configuration>"
           "</DeploymentOptionSection>" +
               kContent}}},
        {"OVF-113",
         {{kEnd, "</VirtualSystem><Strings xml:lang=\"de-DE\" ovf:fileRef=\"f1\"/></Envelope>"}}},
        {"OVF-114", {{"<Label>Title</Label>", "<Label ovf:msgid=\"title\"/>"}}},
        {"OVF-115",
         {{kEnd,
           "</VirtualSystem><Strings xml:lang=\"de-DE\"/><Strings xml:lang=\"de-de\"/>"
           "</Envelope>"}}},
        {"OVF-116",
         {{"<Item>",
           "<Item ovf:bound=\"min\"><rasd:ElementName>Least</rasd:ElementName>"
           "<rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3"
           "</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>"
           "<Item>"}}},
    };
    return examples;
}

}  // namespace tests
