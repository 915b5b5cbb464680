# test/stage/nginx.py -- A private nginx of one stage.
# SPDX-License-Identifier: GPL-3.0-or-later
import re

from .clients import http_request, tcp_ready
from .report import wait_for

CONFIG = """\
daemon off;
user www-data;
worker_processes 1;
pid {folder}/pid;
error_log {log}/nginx.log notice;
events {{ worker_connections 1024; }}
http {{
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log {log}/nginx-access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {http}
  server {{
    listen 127.0.0.1:{port};
    server_name mail.posthouse.localhost;
{server}
  }}
}}
"""


class Nginx:
    """Started by Stage.start_nginx: server = lines of its server block, http = lines beside it."""

    def __init__(self, stage, server, http=""):
        self.stage = stage
        self.port = stage.port("web")
        folder = stage.folder("nginx", "www-data")
        self.config = stage.write("nginx/nginx.conf", CONFIG.format(
            folder=folder, log=stage.log_folder, port=self.port, server=server, http=http))
        self.process = None

    def start(self):
        """Start and wait for the port; returns itself."""
        program = self.stage.need("nginx")
        self.stage.run(program, "-t", "-p", self.stage.scratch / "nginx", "-c", self.config)
        self.process = self.stage.start("nginx-main", [program, "-p", self.stage.scratch / "nginx", "-c",
                                                       self.config])
        wait_for(lambda: tcp_ready(self.port), 10, "nginx to answer")
        return self

    def request(self, path="/", **options):
        """One request; returns (status, headers, body)."""
        return http_request(self.port, path, **options)

    def stop(self):
        """Stop it."""
        self.process.stop()


def from_example(stage, page):
    """(server, http) for start_nginx from conf-examples/nginx-webmail.conf, serving the folder `page`."""
    text = (stage.source / "conf-examples" / "nginx-webmail.conf").read_text(encoding="utf-8")
    upstream = re.search(r"^upstream .*?^}\n", text, re.MULTILINE | re.DOTALL).group()
    server = re.search(r"^server {\n(.*)^}\n", text, re.MULTILINE | re.DOTALL).group(1)
    server = re.sub(r"^ *(listen|server_name|ssl_\w+|add_header Strict-\S+) .*\n", "", server, flags=re.MULTILINE)
    server = server.replace("root /usr/share/posthouse/webmail;", f"root {page};")
    server = server.replace("include fastcgi_params;", "include /etc/nginx/fastcgi_params;")
    return server, upstream.replace("/run/posthouse/webmail/socket", str(stage.socket("webmail")))
