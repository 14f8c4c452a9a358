<?php
$CONFIG = array (
  'instanceid' => 'oc8d1w2q3e4r',
  'passwordsalt' => 'Zw8hT4',
  'trusted_domains' => array ( 0 => 'cloud.example' ),
  'datadirectory' => '/srv/cloud/data',
  'dbtype' => 'mysql',
  'dbname' => 'cloud',
  'dbhost' => 'db.cloud.internal:3306',
  'dbuser' => 'cloud',
  'dbpassword' => 'w0lk3',
  // 'dbhost' => '10.0.5.98',
  'memcache.locking' => '\\OC\\Memcache\\Redis',
  'redis' => array (
    'host' => '/run/redis/redis-server.sock',
    'port' => 0,
  ),
  'mail_smtpmode' => 'smtp',
  'mail_smtphost' => 'smtp.cloud-mail.example',
  'mail_smtpport' => '465',
  'objectstore' => array (
    'class' => '\\OC\\Files\\ObjectStore\\S3',
    'arguments' => array (
      'bucket' => 'cloud-data',
      'hostname' => 's3.storage.example',
      'port' => 443,
      'use_ssl' => true,
    ),
  ),
);
