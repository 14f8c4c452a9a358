#!/usr/bin/env python3
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--url", default="ldap://localhost:389")
parser.add_argument("--port", default=8888)
