// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/editable_document.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "ovfkit/xml/document.h"
#include "tests/support/catch.h"
#include "tests/support/corpus.h"

using ovfkit::xml::EditableDocument;
using ovfkit::xml::EditableElement;

namespace {

constexpr std::string_view kText = R"(<?xml version='1.0' encoding="UTF-8"?>
<!-- made by hand -->
<Envelope  xmlns="http://schemas.dmtf.org/ovf/envelope/1"
           xmlns:o='http://schemas.dmtf.org/ovf/envelope/1' xmlns:v="urn:vendor" >
  <References>
    <File o:id="f1" o:href='a&amp;b.vmdk'/> <!-- the disk -->
    <File o:id="f2" o:href="c.iso" v:id="9" />
  </References>
  <v:Extra a = "1">kept <b/> <![CDATA[<as is>]]></v:Extra >
  <Text>one &lt; two</Text>
</Envelope>
<?end?>
)";

EditableDocument sample() {
    return {kText, "sample.ovf"};
}

// The text without the lines that both have.
std::string new_lines(std::string_view before, std::string_view after) {
    std::string found;
    while (!after.empty()) {
        const std::size_t end = std::min(after.find('\n'), after.size() - 1) + 1;
        const std::string_view line = after.substr(0, end);
        if (before.find(line) == std::string_view::npos) {
            found += line;
        }
        after.remove_prefix(end);
    }
    return found;
}

}  // namespace

TEST_CASE("a document that nothing changed keeps every byte", "[ovfkit][xml]") {
    CHECK(sample().text() == kText);
    const std::string utf16 = [] {
        std::string bytes = "\xFF\xFE";
        for (const char c : std::string_view("<a b='1'/>")) {
            bytes += c;
            bytes += '\0';
        }
        return bytes;
    }();
    CHECK(EditableDocument(utf16, "x").text() == utf16);
    const std::string marked = "\xEF\xBB\xBF<a/>";
    CHECK(EditableDocument(marked, "x").text() == marked);
    const std::string zeros("<a/>\0\0", 6);
    CHECK(EditableDocument(zeros, "x").text() == zeros);
}

TEST_CASE("setting what is there already changes nothing", "[ovfkit][xml]") {
    EditableDocument document = sample();
    EditableElement& file = *document.root().find_child("References")->find_child("File");
    file.set_attribute("href", "a&b.vmdk");
    document.root().find_child("Text")->set_text("one < two");
    CHECK(document.text() == kText);
}

TEST_CASE("a changed value is escaped and leaves its neighbours alone", "[ovfkit][xml]") {
    EditableDocument document = sample();
    EditableElement& file = *document.root().find_child("References")->children()[1];
    CHECK(file.find_attribute("id") == "f2");
    CHECK(file.find_attribute("urn:vendor", "id") == "9");
    file.set_attribute("href", "\"<x>&\n");
    document.root().find_child("Extra")->set_text("plain");
    CHECK(new_lines(kText, document.text()) ==
          "    <File o:id=\"f2\" o:href=\"&quot;&lt;x&gt;&amp;&#10;\" v:id=\"9\" />\n"
          "  <v:Extra a = \"1\">plain<b/></v:Extra >\n");
}

TEST_CASE("what is added takes prefixes and indentation of its neighbours", "[ovfkit][xml]") {
    EditableDocument document = sample();
    EditableElement& references = *document.root().find_child("References");
    const std::string ovf = references.namespace_uri();
    EditableElement& file = references.add_child_after(references.children()[0], ovf, "File");
    file.set_attribute("id", "f3");
    EditableElement& section = document.root().add_last_child("urn:vendor", "Section");
    section.add_last_child("urn:vendor", "Info").set_text("new");
    CHECK(new_lines(kText, document.text()) ==
          "    <File o:id=\"f3\"/>\n"
          "  <v:Section>\n"
          "    <v:Info>new</v:Info>\n"
          "  </v:Section>\n");
    // The comment at the end of the line stays with the element it speaks of.
    CHECK(document.text().find("vmdk'/> <!-- the disk -->\n    <File o:id=\"f3\"/>\n") !=
          std::string::npos);
    CHECK_NOTHROW(ovfkit::xml::parse_document(document.text(), "again"));
}

TEST_CASE("a removed element takes its line along and nothing else", "[ovfkit][xml]") {
    EditableDocument document = sample();
    EditableElement& references = *document.root().find_child("References");
    references.remove_child(*references.children()[1]);
    std::string expected(kText);
    const std::string line = "    <File o:id=\"f2\" o:href=\"c.iso\" v:id=\"9\" />\n";
    expected.erase(expected.find(line), line.size());
    CHECK(document.text() == expected);
}

TEST_CASE("a document on one line stays on one line", "[ovfkit][xml]") {
    EditableDocument document("<a xmlns='u'><b/></a>", "x");
    document.root().add_last_child("u", "c").add_last_child("u", "d");
    CHECK(document.text() == "<a xmlns='u'><b/><c><d/></c></a>");
}

TEST_CASE("line ends of the document are used for new lines", "[ovfkit][xml]") {
    EditableDocument document("<a>\r\n\t<b/>\r\n</a>", "x");
    document.root().add_last_child("", "c");
    CHECK(document.text() == "<a>\r\n\t<b/>\r\n\t<c/>\r\n</a>");
}

TEST_CASE("a namespace that nothing binds is bound at the root", "[ovfkit][xml]") {
    EditableDocument document("<a/>", "x");
    document.root().set_attribute("urn:muster:ovf:1", "value", "${db.ip.x}");
    CHECK(document.text() == "<a xmlns:muster=\"urn:muster:ovf:1\" muster:value=\"${db.ip.x}\"/>");
}

TEST_CASE("an unbound prefix of the field is used as it is", "[ovfkit][xml]") {
    EditableDocument document("<ovf:Envelope>\n  <ovf:File ovf:id=\"1\"/>\n</ovf:Envelope>", "x");
    EditableElement& root = document.root();
    root.add_last_child(root.namespace_uri(), "File").set_attribute("id", "2");
    CHECK(document.text() ==
          "<ovf:Envelope>\n  <ovf:File ovf:id=\"1\"/>\n  <ovf:File ovf:id=\"2\"/>\n"
          "</ovf:Envelope>");
}

TEST_CASE("who writes attributes without a prefix gets more of them", "[ovfkit][xml]") {
    EditableDocument document("<a xmlns='u'><b id='1'/></a>", "x");
    document.root().children()[0]->set_attribute("href", "2");
    CHECK(document.text() == "<a xmlns='u'><b id='1' href=\"2\"/></a>");
}

TEST_CASE("a copy means the same in the document it comes to", "[ovfkit][xml]") {
    const EditableDocument from(
        "<e xmlns=\"one\" xmlns:p=\"pp\" xmlns:q=\"qq\" xmlns:xsi=\"x\">\n"
        "  <s p:a=\"1\" xsi:type=\"q:T\"><p:inner/>\n    <t/>\n  </s>\n</e>",
        "from");
    EditableDocument to("<z:e xmlns:z=\"two\" xmlns:p=\"other\">\n    <z:first/>\n</z:e>", "to");
    to.root().add_last_copy(*from.root().find_child("s"));
    const ovfkit::xml::Element read = ovfkit::xml::parse_document(to.text(), "copy");
    const ovfkit::xml::Element& copy = read.children.at(1);
    CHECK(copy.namespace_uri == "one");
    CHECK(copy.find_attribute("pp", "a") == "1");
    CHECK(copy.children.at(0).namespace_uri == "pp");
    CHECK(to.root().children()[1]->find_binding("q") == "qq");
    CHECK(to.text().find("\n    <s ") != std::string::npos);
    CHECK(to.text().find("\n      <t/>") != std::string::npos);
}

TEST_CASE("a text in another encoding becomes UTF-8 when it is changed", "[ovfkit][xml]") {
    EditableDocument document("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<a b=\"\xE9\"/>",
                              "x");
    CHECK(document.text().find('\xE9') != std::string::npos);
    document.root().set_attribute("c", "1");
    CHECK(document.text() ==
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b=\"\xC3\xA9\" c=\"1\"/>");
}

TEST_CASE("what XML cannot carry is refused with the name of its place", "[ovfkit][xml]") {
    EditableDocument document = sample();
    CHECK_THROWS_WITH(document.root().set_attribute("version", std::string_view("\x01", 1)),
                      Catch::Contains("version"));
    CHECK_THROWS_WITH(document.root().find_child("Text")->set_text("\xff"),
                      Catch::Contains("Text"));
    CHECK_THROWS_AS(EditableDocument("<!DOCTYPE a><a/>", "x"), base::Error);
    CHECK_THROWS_AS(EditableDocument("<a><b></a>", "x"), base::Error);
}

TEST_CASE("every descriptor of the field survives byte for byte", "[ovfkit][xml][corpus]") {
    const auto corpus = tests::find_corpus();
    if (!corpus) {
        return;
    }
    int taken = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*corpus)) {
        const std::string extension = entry.path().extension();
        if (!entry.is_regular_file() || (extension != ".ovf" && extension != ".xml")) {
            continue;
        }
        const std::string text = base::read_file(entry.path());
        INFO(entry.path());
        try {
            ovfkit::xml::parse_document(text, entry.path());
        } catch (const base::Error&) {
            continue;  // no XML at all; said by other tests
        }
        CHECK(EditableDocument(text, entry.path()).text() == text);
        ++taken;
    }
    CHECK(taken > 100);
}
