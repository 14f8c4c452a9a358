<?php
// Database of the blog
define( 'DB_NAME', 'blog' );
define( 'DB_USER', 'blog' );
define( 'DB_PASSWORD', 'gr4sh4lm' );
//define( 'DB_HOST', 'localhost' );
define( 'DB_HOST', '192.168.50.20' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );

/* define( 'WP_PROXY_HOST', '192.168.50.99' );
   define( 'WP_PROXY_PORT', '3128' ); */

// Object cache
$memcached_servers = array( 'default' => array( '127.0.0.1:11211' ) );

define( 'WP_HOME', 'http://blog.garden.example' );
define( 'WP_SITEURL', 'http://blog.garden.example' );
define( 'AUTH_KEY', 'k1)Jw~Qf%uMv' );

$table_prefix = 'wp_';
define( 'WP_DEBUG', false );

if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
