<?php
$CONFIG = array (
  'dbhost' => 'db.sample.example',
  'mail_smtphost' => '127.0.0.1',
  'redis' => array ( 'host' => 'redis.sample.example', 'port' => 6379 ),
);
