#!/bin/sh
# webmail-cgi/ui/install_page.sh -- meson's install step for the built page: install_page.sh DIST DATADIR.
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
dist=$1
target=$MESON_INSTALL_DESTDIR_PREFIX/$2
if [ ! -f "$dist/index.html" ]; then
  echo "The web page is not built: run 'npm ci --ignore-scripts && npm run build' in webmail-cgi/ui, then install again."
  exit 0
fi
# File names carry a hash of their content: what an older build left there would never be used again.
rm -rf "$target"
mkdir -p "$target"
cp -R "$dist/." "$target/"
# umask of whoever installs must not hide the page from the web server.
find "$target" -type d -exec chmod 0755 {} +
find "$target" -type f -exec chmod 0644 {} +
echo "Installing the web page to $target"
