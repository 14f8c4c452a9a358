import multiprocessing

port = 8000
# bind = "127.0.0.1:9000"
bind = ["10.30.0.11:%d" % port] if False else "10.30.0.11:8000"
workers = multiprocessing.cpu_count() * 2 + 1
