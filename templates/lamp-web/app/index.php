<?php
// SPDX-License-Identifier: Apache-2.0
// A list of wishes: GET / shows it, POST / adds one, ?format=json gives it to programs.
// Settings are /etc/lamp.json, made of the machine's properties.

function fail(int $status, string $message): never
{
    http_response_code($status);
    header('Content-Type: text/plain; charset=utf-8');
    exit($message . "\n");
}

function database(array $settings): mysqli
{
    mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
    $database = mysqli_init();
    $database->options(MYSQLI_OPT_CONNECT_TIMEOUT, 5);
    $database->real_connect($settings['host'], $settings['user'], $settings['password'], $settings['name'], (int) $settings['port']);
    $database->set_charset('utf8mb4');
    return $database;
}

function add_wish(mysqli $database): never
{
    $name = trim((string) ($_POST['name'] ?? '')) ?: 'somebody';
    $wish = trim((string) ($_POST['wish'] ?? ''));
    if ($wish === '') {
        fail(400, 'there is no wish in it');
    }
    if (!mb_check_encoding($name . $wish, 'UTF-8') || mb_strlen($name) > 80 || mb_strlen($wish) > 1000) {
        fail(400, 'the wish is too long, or not UTF-8');
    }
    $statement = $database->prepare('INSERT INTO wishes (name, wish) VALUES (?, ?)');
    $statement->bind_param('ss', $name, $wish);
    $statement->execute();
    http_response_code(303);
    header('Location: /');
    exit;
}

$settings = json_decode((string) @file_get_contents('/etc/lamp.json'), true);
if (!is_array($settings)) {
    fail(503, 'the settings of the database are missing');
}
try {
    $database = database($settings);
    $database->query('CREATE TABLE IF NOT EXISTS wishes (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL,
        wish VARCHAR(1000) NOT NULL, created TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)');
    if ($_SERVER['REQUEST_METHOD'] === 'POST') {
        add_wish($database);
    }
    $wishes = $database->query('SELECT id, name, wish, created FROM wishes ORDER BY id DESC LIMIT 200')->fetch_all(MYSQLI_ASSOC);
} catch (mysqli_sql_exception $error) {
    error_log('database: ' . $error->getMessage());
    fail(503, 'the database does not answer');
}
if (($_GET['format'] ?? '') === 'json') {
    header('Content-Type: application/json');
    exit(json_encode($wishes, JSON_UNESCAPED_UNICODE) . "\n");
}
$text = fn (string $value): string => htmlspecialchars($value, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
?>
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title><?= $text($settings['title']) ?></title></head>
<body>
<h1><?= $text($settings['title']) ?></h1>
<form method="post" action="/">
<input name="name" placeholder="Your name" maxlength="80">
<input name="wish" placeholder="Your wish" maxlength="1000" required>
<button>Wish</button>
</form>
<ul>
<?php foreach ($wishes as $wish): ?>
<li><b><?= $text($wish['name']) ?></b> wishes <?= $text($wish['wish']) ?></li>
<?php endforeach ?>
</ul>
</body>
</html>
