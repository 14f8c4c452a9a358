// SPDX-License-Identifier: Apache-2.0
// Settings in source text (PHP, Python, JavaScript): assignments, define(), literals of maps and
// lists, calls with their arguments. "DATABASES = {'default': {'HOST': 'db'}}" are the nodes
// DATABASES/default/HOST. What comes from the environment is the text "${NAME:-default}", a
// reference "${name}", to be resolved by who knows the values. Nothing is run; what is not
// understood is passed over.
#include <algorithm>
#include <array>

#include "assembler/introspect/plugin/lens/code_tokens.h"
#include "base/error.h"

namespace assembler::plugin {

namespace {

using Kind = CodeToken::Kind;

template <std::size_t Size>
bool is_one_of(std::string_view word, const std::array<std::string_view, Size>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// Calls that read a variable of the environment: name first, perhaps a default.
bool reads_environment(std::string_view call) {
    constexpr std::array<std::string_view, 14> kCalls{
        "os.environ.get", "os.getenv", "environ.get",   "getenv", "env",
        "env.str",        "env.int",   "env.list",      "env.db", "env.url",
        "env.get",        "Env::get",  "getenv_docker", "config"};
    return is_one_of(call, kCalls);
}

// Calls whose result is their first argument, for us.
bool passes_through(std::string_view call) {
    constexpr std::array<std::string_view, 12> kCalls{
        "int",    "str",    "float",  "bool",           "Number",           "parseInt",
        "String", "intval", "strval", "require_secret", "parse_url_string", "Number.parseInt"};
    return is_one_of(call, kCalls);
}

class CodeReader {
  public:
    explicit CodeReader(LensOutput& out) : out_(out), kind_(out.options().kind) {}

    void read() {
        tokens_ = split_code(out_);
        while (now().kind != Kind::end) {
            const std::size_t before = at_;
            bail_ = false;
            read_statement();
            at_ += at_ == before ? 1U : 0U;
        }
    }

  private:
    // Behind the last token it is the last one again, which is `end`.
    const CodeToken& now() const { return ahead(0); }
    const CodeToken& ahead(std::size_t count) const {
        return tokens_[std::min(at_ + count, tokens_.size() - 1)];
    }
    static bool is_mark(const CodeToken& token, std::string_view mark) {
        return token.kind == Kind::mark && token.written == mark;
    }
    static bool is_name(const CodeToken& token, std::string_view name) {
        return token.kind == Kind::name && token.written == name;
    }
    void skip_line_ends() {
        while (now().kind == Kind::line_end) {
            ++at_;
        }
    }
    bool take(std::string_view mark) {
        if (!is_mark(now(), mark)) {
            return false;
        }
        ++at_;
        return true;
    }

    void read_statement() {
        if (now().kind != Kind::name) {
            return;
        }
        const std::string_view word = now().written;
        if (word == "def" || word == "function" || word == "class" || word == "import" ||
            word == "use" || word == "namespace") {
            skip_signature();
            return;
        }
        const bool gives = word == "return" || (word == "default" && kind_ == LensKind::js);
        if (gives) {  // return [...]; export default {...}
            ++at_;
            const bool literal = is_mark(now(), "[") || is_mark(now(), "{") ||
                                 is_name(now(), "array") || is_name(now(), "defineConfig");
            if (literal && looks_like_map()) {
                read_expression(out_.under());
            }
            return;
        }
        if (is_name(now(), "define") && is_mark(ahead(1), "(") && ahead(2).kind == Kind::text &&
            is_mark(ahead(3), ",")) {
            const CodeToken name = ahead(2);
            at_ += 4;
            read_expression(out_.add(out_.under(), name.written, name.begin));
            return;
        }
        read_assignment_or_call();
    }

    // A parameter list has defaults, but no settings.
    void skip_signature() {
        while (now().kind != Kind::end && now().kind != Kind::line_end && !is_mark(now(), "(") &&
               !is_mark(now(), "{") && !is_mark(now(), ";")) {
            ++at_;
        }
        if (is_mark(now(), "(")) {
            skip_balanced();
        }
    }

    // From an opening bracket to behind its end.
    void skip_balanced() {
        int depth = 0;
        do {
            const CodeToken& token = now();
            if (is_mark(token, "(") || is_mark(token, "[") || is_mark(token, "{")) {
                ++depth;
            } else if (is_mark(token, ")") || is_mark(token, "]") || is_mark(token, "}")) {
                --depth;
            }
            ++at_;
        } while (depth > 0 && now().kind != Kind::end);
    }

    // { key: …, "key": …, ...x, } and not a block of statements.
    bool looks_like_map() const {
        if (!is_mark(now(), "{")) {
            return true;
        }
        std::size_t next = at_ + 1;
        while (tokens_[next].kind == Kind::line_end) {
            ++next;
        }
        const CodeToken& first = tokens_[next];
        if (is_mark(first, "}") || is_mark(first, "...")) {
            return true;
        }
        const CodeToken& second = tokens_[std::min(next + 1, tokens_.size() - 1)];
        const bool key =
            first.kind == Kind::name || first.kind == Kind::text || first.kind == Kind::number;
        return key && (is_mark(second, ":") || is_mark(second, ",") || is_mark(second, "}") ||
                       is_mark(second, "=>"));
    }

    struct Target {
        std::vector<std::string> parts;
        std::string dotted;
        std::size_t begin = 0;
    };

    // name.name, $name->name, name['key']; stands behind it afterwards.
    Target read_target() {
        Target target;
        target.begin = now().begin;
        add_part(target, now().written);
        ++at_;
        while (target.parts.size() < 16) {
            const bool dot = is_mark(now(), ".") || is_mark(now(), "->") || is_mark(now(), "::") ||
                             is_mark(now(), "?.");
            if (dot && ahead(1).kind == Kind::name &&
                !(kind_ == LensKind::php && is_mark(now(), "."))) {
                target.dotted += is_mark(now(), "::") ? "::" : ".";
                add_part(target, ahead(1).written);
                at_ += 2;
            } else if (is_mark(now(), "[") && ahead(1).kind == Kind::text &&
                       is_mark(ahead(2), "]")) {
                target.dotted += ".";
                add_part(target, ahead(1).written);
                at_ += 3;
            } else {
                break;
            }
        }
        return target;
    }

    static void add_part(Target& target, std::string_view part) {
        if (part.starts_with('$')) {
            part.remove_prefix(1);
        }
        target.dotted += part;
        target.parts.emplace_back(part);
    }

    void read_assignment_or_call() {
        Target target = read_target();
        if (take("=")) {
            NodeId node = out_.under();
            for (const std::string& part : target.parts) {
                const bool frame =
                    part == "module" || part == "exports" || part == "self" || part == "this";
                if (!frame) {
                    node = part == target.parts.back() || !out_.tree().find_child(node, part)
                               ? out_.add(node, part, target.begin)
                               : *out_.tree().find_child(node, part);
                }
            }
            read_expression(node);
        } else if (is_mark(now(), "(")) {
            read_call(out_.under(), target);
        } else if (is_mark(now(), ":") && kind_ == LensKind::python) {
            // name: type = value
            if (ahead(1).kind == Kind::name && is_mark(ahead(2), "=")) {
                at_ += 3;
                read_expression(out_.add(out_.under(), target.parts.back(), target.begin));
            }
        }
    }

    // At "(": a node of the call's name, its arguments below.
    void read_call(NodeId parent, const Target& target) {
        const NodeId node = out_.add(parent, target.dotted, target.begin);
        ++at_;
        read_entries(node, ")");
    }

    // Behind an opening bracket, up to behind `close`.
    void read_entries(NodeId node, std::string_view close) {
        while (!bail_ && now().kind != Kind::end) {
            skip_line_ends();
            if (take(close)) {
                return;
            }
            const std::size_t before = at_;
            if (!take(",")) {
                read_entry(node, close);
            }
            if (at_ == before) {
                ++at_;
            }
        }
    }

    void read_entry(NodeId node, std::string_view close) {
        const CodeToken token = now();
        const CodeToken& next = ahead(1);
        const bool key =
            token.kind == Kind::name || token.kind == Kind::text || token.kind == Kind::number;
        const bool named = key && (is_mark(next, "=>") || (is_mark(next, ":") && close == "}") ||
                                   (is_mark(next, "=") && close == ")"));
        if (named && !(is_mark(next, "=>") && kind_ == LensKind::js)) {
            at_ += 2;
            read_expression(out_.add(node, token.written, token.begin));
            return;
        }
        if (close == "}" && token.kind == Kind::name &&
            (is_mark(next, ",") || is_mark(next, "}"))) {
            const NodeId child = out_.add(node, token.written, token.begin);  // { host, port }
            out_.add_value(child, reference(token.written));
            ++at_;
            return;
        }
        if (close == ")" && is_mark(token, "{") && looks_like_map()) {  // f({ host: … })
            ++at_;
            read_entries(node, "}");
            skip_rest();
            return;
        }
        read_expression(out_.add(node, "-", token.begin));
    }

    static TracedText reference(std::string_view name) {
        return TracedText::made_up("${" + std::string(name) + "}");
    }

    // A value, and what follows it up to the next "," or end.
    void read_expression(NodeId node) {
        const TracedText value = read_operands(node, 0);
        if (!value.empty()) {
            out_.add_value(node, value);
        }
        skip_rest();
    }

    void skip_rest() {
        while (!bail_ && now().kind != Kind::end) {
            const CodeToken& token = now();
            if (is_mark(token, ",") || is_mark(token, ")") || is_mark(token, "]") ||
                is_mark(token, "}") || is_mark(token, ";") || token.kind == Kind::line_end) {
                return;
            }
            if (is_mark(token, "=>") || is_name(token, "function")) {
                bail_ = true;  // a body follows, which is read as statements
            } else if (is_mark(token, "{") && kind_ != LensKind::python) {
                bail_ = true;
            } else if (is_mark(token, "(") || is_mark(token, "[") || is_mark(token, "{")) {
                skip_balanced();
            } else {
                ++at_;
            }
        }
    }

    // Operands joined by "+" or ".", or the first of several that fall back: the text of it.
    // Literals of maps and lists, and calls, go below `node`.
    TracedText read_operands(NodeId node, int depth) {
        TracedText value;
        constexpr int kMaxNested = 16;
        constexpr int kMaxOperands = 64;
        for (int i = 0; i < kMaxOperands && depth < kMaxNested && !bail_; ++i) {
            value.append(read_operand(node, depth));
            const bool joins =
                is_mark(now(), "+") || (is_mark(now(), ".") && kind_ == LensKind::php);
            const bool next_line = kind_ == LensKind::python && now().kind == Kind::text;
            if (joins) {
                ++at_;
                skip_line_ends();
                continue;
            }
            const bool falls_back = is_mark(now(), "||") || is_mark(now(), "??") ||
                                    is_mark(now(), "?:") || is_name(now(), "or");
            if (falls_back) {
                ++at_;
                skip_line_ends();
                const TracedText other = read_operands(node, depth + 1);
                return with_default(value, other);
            }
            if (!next_line) {
                break;
            }
        }
        return value;
    }

    // "${NAME}" and "x" to "${NAME:-x}".
    static TracedText with_default(const TracedText& value, const TracedText& other) {
        const std::string& text = value.text();
        const bool open =
            text.starts_with("${") && text.ends_with('}') && text.find(":-") == std::string::npos;
        if (!open) {
            return value.empty() ? other : value;
        }
        TracedText both = value.part(0, text.size() - 1);
        both.append_made_up(":-");
        both.append(other);
        both.append_made_up("}");
        return both;
    }

    TracedText read_operand(NodeId node, int depth) {
        const CodeToken token = now();
        if (token.kind == Kind::text) {
            ++at_;
            return text_of_token(out_, token);
        }
        if (token.kind == Kind::number) {
            ++at_;
            return out_.part(token.begin, token.begin + token.written.size());
        }
        if (is_mark(token, "[") || (is_mark(token, "{") && looks_like_map())) {
            ++at_;
            read_entries(node, is_mark(token, "[") ? "]" : "}");
            return {};
        }
        if (is_mark(token, "(")) {
            ++at_;
            const bool cast =
                now().kind == Kind::name && is_mark(ahead(1), ")") && kind_ == LensKind::php;
            skip_line_ends();
            TracedText inner;
            if (cast) {
                at_ += 2;
                inner = read_operand(node, depth + 1);
            } else {
                inner = read_operands(node, depth + 1);
                skip_to_close();
            }
            return inner;
        }
        return token.kind == Kind::name ? read_named(node, depth) : TracedText();
    }

    void skip_to_close() {
        while (!bail_ && now().kind != Kind::end && !take(")")) {
            if (is_mark(now(), "(") || is_mark(now(), "[")) {
                skip_balanced();
            } else if (is_mark(now(), "{") || is_mark(now(), "}") || is_mark(now(), ";") ||
                       is_mark(now(), "]")) {
                return;
            } else {
                ++at_;
            }
        }
    }

    TracedText read_named(NodeId node, int depth) {
        if (is_name(now(), "new") || is_name(now(), "await")) {
            ++at_;
            return depth < 16 ? read_operand(node, depth + 1) : TracedText();
        }
        if (is_name(now(), "function") || is_name(now(), "async")) {
            bail_ = true;
            return {};
        }
        const Target target = read_target();
        if (is_mark(now(), "=>")) {
            return {};
        }
        if (is_mark(now(), "(")) {
            return read_called(node, target, depth);
        }
        for (const std::string_view table :
             {"process.env.", "os.environ.", "environ.", "_ENV.", "_SERVER.", "import.meta.env."}) {
            if (target.dotted.starts_with(table)) {
                return reference(target.dotted.substr(table.size()));
            }
        }
        const bool is_word = target.dotted == "true" || target.dotted == "false" ||
                             target.dotted == "True" || target.dotted == "False";
        if (is_word) {
            return out_.part(target.begin, target.begin + target.dotted.size());
        }
        const bool nothing =
            target.dotted == "null" || target.dotted == "None" || target.dotted == "undefined";
        return nothing ? TracedText() : reference(target.dotted);
    }

    TracedText read_called(NodeId node, const Target& target, int depth) {
        const bool environment = reads_environment(target.dotted) && ahead(1).kind == Kind::text;
        if (environment) {
            const TracedText variable = reference(ahead(1).written);
            at_ += 2;
            if (!take(",")) {
                skip_to_close();
                return variable;
            }
            skip_line_ends();
            if (now().kind == Kind::name && is_mark(ahead(1), "=")) {
                at_ += 2;  // default='x'
            }
            const TracedText other = read_operands(node, depth + 1);
            skip_to_close();
            return with_default(variable, other);
        }
        if (passes_through(target.dotted)) {
            ++at_;
            TracedText inner = read_operands(node, depth + 1);
            skip_to_close();
            return inner;
        }
        if (target.dotted == "array" || target.dotted == "dict" ||
            target.dotted == "defineConfig" || target.dotted == "Object.freeze") {
            ++at_;
            read_entries(node, ")");
            return {};
        }
        read_call(node, target);
        return {};
    }

    LensOutput& out_;
    LensKind kind_;
    std::vector<CodeToken> tokens_;
    std::size_t at_ = 0;
    bool bail_ = false;
};

}  // namespace

void read_code(LensOutput& out) {
    CodeReader(out).read();
}

}  // namespace assembler::plugin
