// Started by pm2-chat.service
module.exports = {
  apps: [
    {
      name: 'chat',
      script: './dist/server.js',
      instances: 'max',
      exec_mode: 'cluster',
      env: {
        NODE_ENV: 'development',
      },
      env_production: {
        NODE_ENV: 'production',
        PORT: 3000,
        MONGODB_URI: 'mongodb://chat:Flieder%3A8@mongo1.chat.internal:27017,mongo2.chat.internal:27017,mongo3.chat.internal:27017/chat?replicaSet=rs0&tls=true',
        REDIS_URL: 'rediss://:Holunder7@redis.chat.internal:6380/0',
        MQTT_URL: 'mqtt://mqtt.chat.internal',
        // SEARCH_URL: 'http://10.40.0.99:9200',
        PUSH_ENDPOINT: 'https://push.provider.example/v1/send',
        PUBLIC_URL: 'https://chat.example.org',
      },
    },
  ],
};
