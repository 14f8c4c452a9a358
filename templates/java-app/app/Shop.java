// SPDX-License-Identifier: Apache-2.0

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Executors;

/**
 * A small shop: GET / shows goods and orders, POST /orders takes one (product, quantity, customer),
 * GET /products and /orders give JSON, /health asks the database. Settings are a properties file,
 * whose path is the argument; the password in it is base64.
 */
public final class Shop {
    private static final int BODY_LIMIT = 64 * 1024;
    private static final Properties SETTINGS = new Properties();

    record Product(long id, String name, long cents, long stock) {}

    record Order(long id, String product, long quantity, String customer) {}

    /** What the client sent cannot be an order. */
    static final class BadRequest extends Exception {
        BadRequest(String message) {
            super(message);
        }
    }

    interface Work<T> {
        T with(Connection connection) throws SQLException, BadRequest;
    }

    /** One connection, made anew when it is lost; one request at a time. */
    static final class Database {
        private Connection connection;

        synchronized <T> T run(Work<T> work) throws SQLException, BadRequest {
            for (int attempt = 1;; ++attempt) {
                try {
                    if (connection == null) {
                        connection = connect();
                    }
                    T result = work.with(connection);
                    connection.commit();
                    return result;
                } catch (SQLException | BadRequest error) {
                    boolean lost = !rollBack();
                    if (error instanceof BadRequest || !lost || attempt == 2) {
                        throw error;
                    }
                }
            }
        }

        private boolean rollBack() {
            try {
                if (connection != null) {
                    connection.rollback();
                    return true;
                }
            } catch (SQLException lost) {
                // The next attempt has a new one.
            }
            connection = null;
            return false;
        }

        private static Connection connect() throws SQLException {
            String host = required("db.host");
            Properties login = new Properties();
            login.put("user", SETTINGS.getProperty("db.user", "app"));
            login.put("password", new String(
                    Base64.getDecoder().decode(required("db.password.base64")), StandardCharsets.UTF_8));
            login.put("connectTimeout", "5");
            login.put("socketTimeout", "30");
            Connection made = DriverManager.getConnection("jdbc:postgresql://"
                    + (host.contains(":") ? "[" + host + "]" : host) + ":"
                    + SETTINGS.getProperty("db.port", "5432") + "/"
                    + SETTINGS.getProperty("db.name", "app"), login);
            made.setAutoCommit(false);
            try (Statement statement = made.createStatement()) {
                statement.execute("CREATE TABLE IF NOT EXISTS products (id bigint PRIMARY KEY,"
                        + " name text NOT NULL, cents bigint NOT NULL, stock bigint NOT NULL CHECK (stock >= 0))");
                statement.execute("CREATE TABLE IF NOT EXISTS orders ("
                        + " id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                        + " product bigint NOT NULL REFERENCES products, quantity bigint NOT NULL,"
                        + " customer text NOT NULL)");
                statement.execute("INSERT INTO products VALUES (1, 'Teapot', 2490, 12),"
                        + " (2, 'Cup', 650, 80), (3, 'Tea, 100 g', 890, 40) ON CONFLICT DO NOTHING");
            }
            made.commit();
            return made;
        }
    }

    private static final Database DATABASE = new Database();

    static String required(String key) {
        String value = SETTINGS.getProperty(key, "");
        if (value.isEmpty()) {
            throw new IllegalStateException("the setting '" + key + "' is missing");
        }
        return value;
    }

    static List<Product> products(Connection connection) throws SQLException {
        List<Product> all = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT id, name, cents, stock FROM products ORDER BY id")) {
            while (rows.next()) {
                all.add(new Product(rows.getLong(1), rows.getString(2), rows.getLong(3), rows.getLong(4)));
            }
        }
        return all;
    }

    static List<Order> orders(Connection connection) throws SQLException {
        List<Order> all = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT o.id, p.name, o.quantity, o.customer FROM orders o"
                        + " JOIN products p ON p.id = o.product ORDER BY o.id DESC LIMIT 100")) {
            while (rows.next()) {
                all.add(new Order(rows.getLong(1), rows.getString(2), rows.getLong(3), rows.getString(4)));
            }
        }
        return all;
    }

    static long place(Connection connection, long product, long quantity, String customer)
            throws SQLException, BadRequest {
        try (PreparedStatement take = connection.prepareStatement(
                "UPDATE products SET stock = stock - ? WHERE id = ? AND stock >= ?")) {
            take.setLong(1, quantity);
            take.setLong(2, product);
            take.setLong(3, quantity);
            if (take.executeUpdate() == 0) {
                throw new BadRequest("there is not that much of it");
            }
        }
        try (PreparedStatement add = connection.prepareStatement(
                "INSERT INTO orders (product, quantity, customer) VALUES (?, ?, ?) RETURNING id")) {
            add.setLong(1, product);
            add.setLong(2, quantity);
            add.setString(3, customer);
            try (ResultSet row = add.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }

    static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\' || c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }

    static String price(long cents) {
        return cents / 100 + "." + String.valueOf(100 + cents % 100).substring(1);
    }

    static String page(List<Product> products, List<Order> orders) {
        String title = escape(SETTINGS.getProperty("title", "Shop"));
        StringBuilder html = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
                .append(title).append("</title></head>\n<body><h1>").append(title).append("</h1>\n<table>\n");
        for (Product p : products) {
            html.append("<tr><td>").append(escape(p.name())).append("</td><td>").append(price(p.cents()))
                    .append("</td><td>").append(p.stock()).append(" left</td><td><form method=\"post\" action=\"/orders\">")
                    .append("<input type=\"hidden\" name=\"product\" value=\"").append(p.id())
                    .append("\"><input name=\"quantity\" value=\"1\" size=\"3\"><input name=\"customer\" placeholder=\"Name\">")
                    .append("<button>Order</button></form></td></tr>\n");
        }
        html.append("</table>\n<h2>Orders</h2>\n<ul>\n");
        for (Order o : orders) {
            html.append("<li>").append(o.quantity()).append(" × ").append(escape(o.product())).append(" for ")
                    .append(escape(o.customer())).append("</li>\n");
        }
        return html.append("</ul></body></html>\n").toString();
    }

    static String json(List<?> values) {
        StringBuilder out = new StringBuilder("[");
        for (Object value : values) {
            out.append(out.length() > 1 ? "," : "");
            if (value instanceof Product p) {
                out.append("{\"id\":").append(p.id()).append(",\"name\":").append(quote(p.name()))
                        .append(",\"cents\":").append(p.cents()).append(",\"stock\":").append(p.stock()).append('}');
            } else if (value instanceof Order o) {
                out.append("{\"id\":").append(o.id()).append(",\"product\":").append(quote(o.product()))
                        .append(",\"quantity\":").append(o.quantity()).append(",\"customer\":")
                        .append(quote(o.customer())).append('}');
            }
        }
        return out.append("]\n").toString();
    }

    static Map<String, String> form(HttpExchange exchange) throws IOException, BadRequest {
        byte[] body;
        try (InputStream in = exchange.getRequestBody()) {
            body = in.readNBytes(BODY_LIMIT + 1);
        }
        if (body.length > BODY_LIMIT) {
            throw new BadRequest("the request is too long");
        }
        Map<String, String> fields = new HashMap<>();
        for (String pair : new String(body, StandardCharsets.UTF_8).split("&")) {
            int at = pair.indexOf('=');
            if (at > 0) {
                try {
                    fields.put(URLDecoder.decode(pair.substring(0, at), StandardCharsets.UTF_8),
                            URLDecoder.decode(pair.substring(at + 1), StandardCharsets.UTF_8));
                } catch (IllegalArgumentException error) {
                    throw new BadRequest("the request cannot be read");
                }
            }
        }
        return fields;
    }

    static long number(Map<String, String> fields, String name, long largest) throws BadRequest {
        try {
            long value = Long.parseLong(fields.getOrDefault(name, "").trim());
            if (value >= 1 && value <= largest) {
                return value;
            }
        } catch (NumberFormatException error) {
            // said below
        }
        throw new BadRequest("'" + name + "' is not a number from 1 to " + largest);
    }

    static void order(HttpExchange exchange) throws IOException, SQLException, BadRequest {
        Map<String, String> fields = form(exchange);
        long product = number(fields, "product", Long.MAX_VALUE);
        long quantity = number(fields, "quantity", 1000);
        String customer = fields.getOrDefault("customer", "").strip();
        if (customer.isEmpty() || customer.length() > 80 || customer.indexOf('\0') >= 0) {
            throw new BadRequest("an order needs a name");
        }
        DATABASE.run(connection -> place(connection, product, quantity, customer));
        exchange.getResponseHeaders().set("Location", "/");
        send(exchange, 303, "text/plain", "");
    }

    static void answer(HttpExchange exchange) throws IOException, SQLException, BadRequest {
        String path = exchange.getRequestURI().getPath();
        switch (exchange.getRequestMethod() + " " + path) {
            case "GET /" -> send(exchange, 200, "text/html; charset=utf-8",
                    DATABASE.run(connection -> page(products(connection), orders(connection))));
            case "GET /products" -> send(exchange, 200, "application/json", json(DATABASE.run(Shop::products)));
            case "GET /orders" -> send(exchange, 200, "application/json", json(DATABASE.run(Shop::orders)));
            case "GET /health" -> send(exchange, 200, "text/plain",
                    DATABASE.run(connection -> products(connection).isEmpty() ? "empty\n" : "ok\n"));
            case "POST /orders" -> order(exchange);
            default -> send(exchange, 404, "text/plain", "there is nothing here\n");
        }
    }

    static void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            try {
                answer(exchange);
            } catch (BadRequest error) {
                send(exchange, 400, "text/plain", error.getMessage() + "\n");
            } catch (SQLException | IllegalStateException error) {
                System.err.println("database: " + error.getMessage());
                send(exchange, 503, "text/plain", "the database does not answer\n");
            }
        }
    }

    static void send(HttpExchange exchange, int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    static HttpServer serve(int port) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 64);
        server.createContext("/", Shop::handle);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.start();
        return server;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("--rehearse")) {  // at build time: load the classes that every start needs
            page(List.of(new Product(1, "a", 1, 1)), List.of(new Order(1, "a", 1, "b")));
            json(List.of(new Product(1, "a", 1, 1)));
            Class.forName("org.postgresql.Driver");
            SETTINGS.setProperty("db.host", "127.0.0.1");
            SETTINGS.setProperty("db.port", "9");
            SETTINGS.setProperty("db.password.base64", "YQ==");
            try {
                DATABASE.run(Shop::products);
            } catch (SQLException expected) {
                // Nothing listens there.
            }
            System.exit(0);
        }
        try (var file = Files.newBufferedReader(Path.of(arguments[0]))) {
            SETTINGS.load(file);
        }
        serve(Integer.parseInt(SETTINGS.getProperty("http.port", "8080")));
        System.out.println("serving on port " + SETTINGS.getProperty("http.port", "8080"));
    }
}
