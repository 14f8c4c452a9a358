# SPDX-License-Identifier: Apache-2.0
# bind = "0.0.0.0:8000"
bind = "unix:/run/parcels/api.sock"
workers = 3
worker_class = "gthread"
threads = 4
timeout = 60
