// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/endpoint/endpoint.h"

#include <fmt/format.h>

#include "assembler/introspect/plugin/endpoint/protocols.h"
#include "tests/support/catch.h"

using namespace assembler::plugin;

namespace {

// "scheme host:port/database" of each, the places checked.
std::string parsed(const std::string& text, bool listen = false) {
    const TracedText whole(text, {7, 100});
    std::string result;
    for (const Endpoint& endpoint :
         listen ? parse_listen_endpoints(whole) : parse_endpoints(whole)) {
        for (const TracedText* part : {&endpoint.host, &endpoint.port}) {
            const auto position = part->position();
            if (position) {
                CHECK(text.substr(position->offset - 100, part->text().size()) == part->text());
            } else {
                CHECK((part->empty() || part->text() == "localhost"));
            }
        }
        result += fmt::format("{}{} {}:{}/{}{}", result.empty() ? "" : " + ", endpoint.scheme,
                              endpoint.host.text(), endpoint.port.text(), endpoint.database.text(),
                              endpoint.socket);
    }
    return result;
}

}  // namespace

TEST_CASE("addresses of clients are taken apart", "[assembler][introspect][endpoint]") {
    CHECK(parsed("mail.example.org::587") == " mail.example.org:587/");
    CHECK(parsed("fe80::587") == " fe80::587:/");
    CHECK(parsed("http://10.0.0.5:8080/app") == "http 10.0.0.5:8080/app");
    CHECK(parsed("postgres://u:p@ss@db.internal:5433/shop?sslmode=off") ==
          "postgres db.internal:5433/shop");
    CHECK(parsed("postgresql+psycopg2://db/shop") == "postgresql+psycopg2 db:/shop");
    CHECK(parsed("mongodb://a:27017,b:27018,c/shop") ==
          "mongodb a:27017/shop + mongodb b:27018/shop + mongodb c:/shop");
    CHECK(parsed("redis://[fd00::1]:6379/1") == "redis fd00::1:6379/1");
    CHECK(parsed("amqp://mq/") == "amqp mq:/");
    CHECK(parsed("db.internal:5432") == " db.internal:5432/");
    CHECK(parsed("[::1]:5432") == " ::1:5432/");
    CHECK(parsed("fd00::5") == " fd00::5:/");
    CHECK(parsed("localhost:/run/mysqld.sock") == " ://run/mysqld.sock");
    CHECK(parsed("unix:/run/x.sock|fcgi://localhost") ==
          "fcgi :/"
          "/run/x.sock");
    CHECK(parsed("/run/php.sock") ==
          " :/"
          "/run/php.sock");
    CHECK(parsed("user:pw@tcp(10.0.0.5:3306)/shop?parseTime=true") == "mysql 10.0.0.5:3306/shop");
    CHECK(parsed("sqlite:////var/lib/x.db") == "");
    CHECK(parsed("amqp://u:p@a:5672/v;amqp://b/v") == "amqp a:5672/v + amqp b:/v");
    CHECK(parsed("http://a:1, http://b:2/x?y=http") == "http a:1/ + http b:2/x");
    CHECK(parsed("http://a:1/?next=http://b:2/") == "http a:1/");
    CHECK(parsed("postgresql:///shop?host=/run/postgresql") ==
          "postgresql :/shop/run/postgresql/.s.PGSQL.5432");
    CHECK(parsed("") == "");
}

TEST_CASE("data source names are taken apart", "[assembler][introspect][endpoint]") {
    CHECK(parsed("user=r password='x y' host=10.0.0.2 port=5433 dbname=shop") ==
          "postgresql 10.0.0.2:5433/shop");
    CHECK(parsed("host=/run/postgresql dbname=shop") ==
          "postgresql :/shop/run/postgresql/.s.PGSQL.5432");
    CHECK(parsed("mysql:host=db;port=3307;dbname=shop;charset=utf8") == "mysql db:3307/shop");
    CHECK(parsed("mysql:unix_socket=/run/mysqld.sock;dbname=shop") ==
          "mysql :/shop/run/mysqld.sock");
    CHECK(parsed("Server=tcp:db.example.org,1433;Database=shop;User Id=a;Password=b") ==
          " db.example.org:1433/shop");
    CHECK(parsed("jdbc:postgresql://db:5432/shop?ssl=true") == "postgresql db:5432/shop");
    CHECK(parsed("jdbc:postgresql:shop") == "postgresql localhost:/shop");
    CHECK(parsed("jdbc:mysql:loadbalance://a:1,b:2/shop") == "mysql a:1/shop + mysql b:2/shop");
    CHECK(parsed("jdbc:mysql://address=(host=a)(port=3306)/shop") == "mysql a:3306/");
    CHECK(parsed("jdbc:sqlserver://db:1433;databaseName=shop;encrypt=true") ==
          "sqlserver db:1433/shop");
    CHECK(parsed("jdbc:oracle:thin:@ora:1521:SID") == "oracle ora:1521/SID");
    CHECK(parsed("jdbc:oracle:thin:u/p@//ora:1522/svc") == "oracle ora:1522/svc");
    CHECK(parsed("jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=a)(PORT=1521))"
                 "(ADDRESS=(PROTOCOL=TCP)(PORT=1522)(HOST=b))(CONNECT_DATA=(SERVICE_NAME=S)))") ==
          "oracle a:1521/S + oracle b:1522/S");
    CHECK(parsed("jdbc:oracle:thin:@ALIAS") == "");
    CHECK(parsed("jdbc:h2:mem:test") == "");
}

TEST_CASE("addresses to listen on are taken apart", "[assembler][introspect][endpoint]") {
    CHECK(parsed("80", true) == " :80/");
    CHECK(parsed("*:80", true) == " *:80/");
    CHECK(parsed(":8080", true) == " :8080/");
    CHECK(parsed("[::]:443", true) == " :::443/");
    CHECK(parsed(":::443", true) == " :::443/");
    CHECK(parsed("10.0.0.5", true) == " 10.0.0.5:/");
    CHECK(parsed("0.0.0.0:8000-8010", true) == " 0.0.0.0:8000/");
    CHECK(parsed("unix:/run/app.sock", true) ==
          " :/"
          "/run/app.sock");
    CHECK(parsed("123456", true) == " 123456:/");
}

TEST_CASE("hosts are told from placeholders", "[assembler][introspect][endpoint]") {
    for (const char* host : {"db", "10.0.0.5", "db.example.org", "fd00::1", "::1", "my_db"}) {
        CAPTURE(host);
        CHECK(is_host(host));
    }
    for (const char* text : {"", "$host", "${DB}", "0.0.0.0", "*", "a b", "::", "5432", "<host>",
                             "-x", "%s", "a/b", "{{ db }}"}) {
        CAPTURE(text);
        CHECK_FALSE(is_host(text));
    }
}

TEST_CASE("protocols are known by schemes, words and ports", "[assembler][introspect][endpoint]") {
    CHECK(find_protocol_of_scheme("postgresql+asyncpg") == "postgresql");
    CHECK(find_protocol_of_scheme("rediss") == "rediss");
    CHECK_FALSE(find_protocol_of_scheme("s3"));
    CHECK_FALSE(find_protocol_of_scheme(""));
    CHECK(find_protocol_of_words("SHOP_POSTGRES_HOST") == "postgresql");
    CHECK(find_protocol_of_words("rabbitmqUrl") == "amqp");
    CHECK(find_protocol_of_words("django.db.backends.mysql") == "mysql");
    CHECK_FALSE(find_protocol_of_words("database"));
    CHECK(find_protocol_of_port(6379) == "redis");
    CHECK_FALSE(find_protocol_of_port(0));
    CHECK(usual_port("mysql") == 3306);
    CHECK(tls_form("http") == "https");
    CHECK(tls_form("postgresql") == "postgresql");
}
