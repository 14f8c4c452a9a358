// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/lens/lens.h"

#include <fmt/format.h>

#include "tests/support/catch.h"

using namespace assembler::plugin;

namespace {

struct LensRun {
    ConfigTree tree;
    std::vector<LensProblem> problems;
};

LensRun run_lens(const LensOptions& options, const std::string& text) {
    LensRun run;
    read_with_lens(options, TracedText(text, {0, 0}), run.tree, ConfigTree::kRoot, run.problems);
    return run;
}

// "a(1,2)[b(3)]": names, values, children. Every value that has a place stands there.
void append_nodes(const ConfigTree& tree, NodeId node, const std::string& text,
                  std::string& result) {
    for (const NodeId child : tree.node(node).children) {
        result += (result.empty() || result.back() == '[' ? "" : " ") + tree.node(child).name;
        std::string values;
        for (const TracedText& value : tree.node(child).values) {
            values += (values.empty() ? "" : ",") + value.text();
            if (const auto position = value.position()) {
                CHECK(text.substr(position->offset, value.text().size()) == value.text());
            }
        }
        if (!tree.node(child).values.empty()) {
            result += "(" + values + ")";
        }
        if (!tree.node(child).children.empty()) {
            result += "[";
            append_nodes(tree, child, text, result);
            result += "]";
        }
    }
}

std::string read_as(const LensOptions& options, const std::string& text, std::size_t problems = 0) {
    const LensRun run = run_lens(options, text);
    CHECK(run.problems.size() == problems);
    std::string result;
    append_nodes(run.tree, ConfigTree::kRoot, text, result);
    return result;
}

std::string read_as(LensKind kind, const std::string& text, std::size_t problems = 0) {
    LensOptions options;
    options.kind = kind;
    options.lower_names = kind == LensKind::apache;
    return read_as(options, text, problems);
}

}  // namespace

TEST_CASE("the nginx lens reads directives and blocks", "[assembler][introspect][lens]") {
    CHECK(read_as(LensKind::nginx, "a 1 '2 3'; # no\nb ${x}y \"q\\\"\" { c; } d;") ==
          "a(1,2 3) b(${x}y,q\")[c] d");
    CHECK(read_as(LensKind::nginx, "a_by_lua_block { x { } } b;") == "a_by_lua_block b");
    CHECK(read_as(LensKind::nginx, "a { b; ", 1) == "a[b]");
    CHECK(read_as(LensKind::nginx, "} a;", 1) == "a");
    CHECK(read_as(LensKind::nginx, "a { b } c;", 1) == "a[b] c");
    CHECK(read_as(LensKind::nginx, "a", 1) == "a");
}

TEST_CASE("the apache lens reads sections", "[assembler][introspect][lens]") {
    CHECK(read_as(LensKind::apache,
                  "# x\nListen 80\n<VirtualHost *:80>\n  SSLEngine \"on\" \\\n more\n"
                  "</VirtualHost>\nA 'b c'\n") ==
          "listen(80) virtualhost(*:80)[sslengine(on,more)] a(b c)");
    CHECK(read_as(LensKind::apache, "<A>\nB\n", 1) == "a[b]");
    CHECK(read_as(LensKind::apache, "</A>\nB\n", 1) == "b");
}

TEST_CASE("lenses for lines of words and values", "[assembler][introspect][lens]") {
    LensOptions words;
    words.sections = {"backend", "global"};
    CHECK(read_as(words,
                  "x 1\nglobal\n  y a\\ b # no\nbackend web\n server w \"10.0.0.1:80\" check\n") ==
          "x(1) global[y(a b)] backend(web)[server(w,10.0.0.1:80,check)]");
    CHECK(read_as(words, "--port=80\nPort=22 3\n") == "--port(80) Port(22,3)");
    CHECK(read_as(LensKind::keyvalue, "port = 5432 # x\nlisten 'a, b'\t# y\nz='it''s'\n#c\nw") ==
          "port(5432) listen(a, b) z(it's) w");
    CHECK(read_as(LensKind::ini,
                  "top=1\n[a b]\nk = v ; c\nq=\"x # y\"\nm =\n  one\n  two\n!includedir /d/\nn: "
                  "5\n; c\n") == "top(1) a b[k(v) q(x # y) m(one,two) !includedir(/d/) n(5)]");
    CHECK(read_as(LensKind::ini, "[a\nb=1\n", 1) == "b(1)");
    CHECK(read_as(LensKind::systemd, "[Service]\nExecStart=/bin/x \\\n  --port 1\nA=1 # 2\n") ==
          "Service[ExecStart(/bin/x   --port 1) A(1 # 2)]");
    CHECK(read_as(LensKind::env,
                  "A=1\nexport B = \"x \\\" y\" # c\nC='a b'\nD=a b # c\n# no\nbad line\n",
                  1) == "A(1) B(x \" y) C(a b) D(a b)");
    CHECK(read_as(LensKind::shell,
                  "A=1; B=\"x\"y\nexport C=3 D=4\nexec java -jar a.jar\nif [ x ]; then\n") ==
          "A(1) B(xy) C(3) D(4) !exec(java -jar a.jar) !if([ x ]; then)");
    CHECK(read_as(LensKind::properties, "a.b=1\nc\\ d : x\\:y\n! no\ne f\\\n   g\n=x\n") ==
          "a.b(1) c d(x:y) e(f   g)");
    LensOptions nested;
    nested.kind = LensKind::properties;
    nested.nest = true;
    CHECK(read_as(nested, "a.b.c=1\na.b.d=2\na=3\n") == "a[b[c(1) d(2)]] a(3)");
    CHECK(read_as(LensKind::toml,
                  "a = \"x\\\"y\" # c\n[b.\"c\"]\nd = [1, 'two',\n 3]\n[[e]]\nf = {g = 1, h = "
                  "'i'}\nbad\n",
                  1) == "a(x\"y) b.c[d[-(1) -(two) -(3)]] e[f[g(1) h(i)]]");
    CHECK(read_as(LensKind::list, "a, b,,c\n") == "-(a) -(b) -(c)");
    CHECK(read_as(LensKind::numbered, "x\n\ny") == "line1(x) line2() line3(y)");
}

TEST_CASE("the command lens reads options and words", "[assembler][introspect][lens]") {
    CHECK(read_as(LensKind::command, "/bin/x -b 0.0.0.0:80 --port=8 -Da.b=c 'two words' --last") ==
          "word(/bin/x) -b(0.0.0.0:80) word(0.0.0.0:80) --port(8) -Da.b(c) word(two words) --last");
}

TEST_CASE("the lens of lines reads patterns", "[assembler][introspect][lens]") {
    LensOptions lines;
    lines.kind = LensKind::lines;
    lines.line_patterns = {"define( '{key}', '{value}' )", "{host}:{target}"};
    CHECK(read_as(lines, "  define('DB_HOST','db');\nweb:/x\nnothing\n") ==
          "DB_HOST(db)[key(DB_HOST) value(db)] 2[host(web) target(/x)]");
    lines.line_patterns = {"{a} {b} x"};
    CHECK(read_as(lines, "1  2 x\n1 2 y\n") == "1[a(1) b(2)]");
}

TEST_CASE("the xml lens reads elements and attributes", "[assembler][introspect][lens]") {
    CHECK(read_as(LensKind::xml,
                  "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x 'y'>]><a p=\"1\" n:q='x&amp;y'>"
                  "<!-- <b/> --><n:b>t&lt;<![CDATA[<c>]]></n:b><d/></a>") ==
          "a[@p(1) @q(x&y) b(t<<c>) d]");
    CHECK(read_as(LensKind::xml, "<a><b>1</a><c", 2) == "a[b(1)] c");
    CHECK(read_as(LensKind::xml, "<a b=c d>x</e></a>", 2) == "a(x)");
    CHECK(read_as(LensKind::xml, "<a b='", 2) == "a");
    CHECK(read_as(LensKind::xml, "< a", 1) == "");
}

TEST_CASE("the yaml lens reads what configuration is written in", "[assembler][introspect][lens]") {
    CHECK(read_as(LensKind::yaml,
                  "a: 1 # c\n\"b c\": 'it''s'\nd:\n  e: \"x\\\"y\"\n  f:\n  - 1\n  - g: 2\n    h: "
                  "3\n  -   - 4\n") == "a(1) b c(it's) d[e(x\"y) f[-(1) -[g(2) h(3)] -[-(4)]]]");
    CHECK(
        read_as(
            LensKind::yaml,
            "l:\n- a\n- b: 1\nm: [x, 'y, z', {k: v}]\nn: {a: 1, \"b\": [2]}\no: http://x:1/#f\n") ==
        "l[-(a) -[b(1)]] m[-(x) -(y, z) -[k(v)]] n[a(1) b[-(2)]] o(http://x:1/#f)");
    CHECK(read_as(LensKind::yaml, "t: |\n  one\n  two\nu: >-\n  x\nlong: a\n  b\nend: 1\n") ==
          "t(one\ntwo) u(x) long(a b) end(1)");
    CHECK(read_as(LensKind::yaml, "x: &d\n  a: 1\n  b: 2\ny:\n  <<: *d\n  b: 3\nz: *d\n") ==
          "x[a(1) b(2)] y[<<[a(1) b(2)] a(1) b(2) b(3)] z[a(1) b(2)]");
    CHECK(read_as(LensKind::yaml, "%YAML 1.2\n---\na: 1\n---\nb: 2\n") == "a(1) b(2)");
    LensOptions documents;
    documents.kind = LensKind::yaml;
    documents.documents = true;
    CHECK(read_as(documents, "a: 1\n---\nb:\n---\n  c: 2\n") ==
          "document[a(1)] document[b] document[c(2)]");
    CHECK(read_as(LensKind::yaml, "a: 1\nnonsense\nb: [1\n", 2) == "a(1) b[-(1)]");
    CHECK(read_as(LensKind::yaml, "just text\n") == "");
    CHECK(read_as(LensKind::json,
                  "{ // c\n \"a\": {\"b\": [1, \"x\\\"y\"], /* d */ \"u\": \"http://x\"}, }") ==
          "a[b[-(1) -(x\"y)] u(http://x)]");
}

TEST_CASE("the erlang lens reads terms", "[assembler][introspect][lens]") {
    CHECK(read_as(LensKind::erlang,
                  "%% c\n[{rabbit, [{tcp_listeners, [5672, {\"127.0.0.1\", 5673}]}, {p, "
                  "<<\"x\">>}]}].") == "rabbit[tcp_listeners[-(5672) -(127.0.0.1,5673)] p(x)]");
    CHECK(read_as(LensKind::erlang, "[a, b") == "-(a) -(b)");
}

TEST_CASE("the code lenses read settings", "[assembler][introspect][lens]") {
    CHECK(read_as(LensKind::php,
                  "x <?php define('A', 'b'); $c['d']['e'] = \"f$g\"; /* $no = 1; */ return "
                  "array('h' => env('I', 'j'), 'k' => [1]); ?> y = 2") ==
          "A(b) c[d[e(f${g})]] h(${I:-j}) k[-(1)]");
    CHECK(read_as(LensKind::python,
                  "A = {'b': os.environ.get(\n 'C', 'd'), 'e': [1, 2]}\nF: str = f\"x{A}\"\ndef "
                  "g(host='no'):\n  return 1\nh = redis.Redis(host='i', port=int(os.getenv('P', "
                  "1)))\nj = 'a' 'b'\n") ==
          "A[b(${C:-d}) e[-(1) -(2)]] F(x${A}) h[redis.Redis[host(i) port(${P:-1})]] j(ab)");
    CHECK(read_as(LensKind::js,
                  "const a = process.env.B || 'c';\nmodule.exports = { d: { e: `f${a}`, g }, 'h': "
                  "1 };\napp.listen(3000, () => { const k = 'l'; });\nconst r = /['\"]/; x = new "
                  "Pool({ host: 'm' })\n") ==
          "a(${B:-c}) d[e(f${a}) g(${g})] h(1) app.listen[-(3000) -] k(l) r x[Pool[host(m)]]");
    CHECK(read_as(LensKind::js, "const a = {") == "a");
    CHECK(read_as(LensKind::php, "no code") == "");
}

TEST_CASE("lenses are bounded", "[assembler][introspect][lens]") {
    const std::string long_line(4U << 20U, 'a');
    std::string many;
    for (int i = 0; i < 200'000; ++i) {
        many += "a 1;\n";
    }
    for (const std::string& name : lens_names()) {
        CAPTURE(name);
        LensOptions options;
        options.kind = *find_lens_kind(name);
        options.line_patterns = {"{a} x {b}y", "{a}={b}"};
        for (const std::string& text :
             {long_line, many, std::string(200000, '['), std::string(200000, '{'),
              std::string(200000, '('), std::string(200000, '<'), std::string(200000, '&'),
              std::string(200000, '"'), std::string(200000, '-') + "\n", std::string(200000, ' '),
              std::string(200000, '\n'), "a: " + std::string(200000, '\\')}) {
            const LensRun run = run_lens(options, text);
            CHECK(run.tree.size() <= ConfigTree::kMaxNodes);
            CHECK(run.problems.size() <= 11);
        }
    }
    std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
    for (char c = 'b'; c < 'k'; ++c) {
        bomb += fmt::format("{0}: &{0} [*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1}]\n", c,
                            static_cast<char>(c - 1));
    }
    LensOptions yaml;
    yaml.kind = LensKind::yaml;
    const LensRun run = run_lens(yaml, bomb);
    REQUIRE(run.problems.size() == 1);
    CHECK(run.problems[0].text == "more than 100000 settings");
}

TEST_CASE("Oracle Net's parentheses are read as they nest", "[assembler][plugin]") {
    CHECK(read_as(LensKind::net,
                  "LISTENER = # the only one\n (DESCRIPTION=\n  (address = (PROTOCOL=TCP)\n"
                  "   (HOST = db1 )(PORT=1521)))\nADR_BASE = /u01\n#X = (HOST = old)\n") ==
          "LISTENER[DESCRIPTION[ADDRESS[PROTOCOL(TCP) HOST(db1) PORT(1521)]]] ADR_BASE(/u01)");
    CHECK(read_as(LensKind::net, "A = (B = (C = x)") == "A[B[C(x)]]");
    CHECK(read_as(LensKind::net, ")((=) = (") == "");
    CHECK(read_as(LensKind::net, "A" + std::string(100'000, '(')) == "");
}

TEST_CASE("Logstash's blocks, lists and hashes are read", "[assembler][plugin]") {
    CHECK(read_as(LensKind::blocks,
                  "input { # from outside\n beats { port => 5044 ssl=>true }\n #tcp { port => 1 }\n"
                  "}\noutput {\n if [type] == \"a{b\" {\n  es { hosts => [\"a:1\", 'b:2'] match => "
                  "{ \"m\" => \"%{X}\" } }\n } else { null {} }\n}\n") ==
          "input[beats[port(5044) ssl(true)]] output[if[es[hosts[-(a:1) -(b:2)] match[m(%{X})]]] "
          "if[null]]");
    CHECK(read_as(LensKind::blocks, "a { b => ") == "a[b]");
    CHECK(read_as(LensKind::blocks, "}}]] => { \"x") == "=>");
}
