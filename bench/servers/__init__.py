# bench/servers/__init__.py -- Servers that benchmarks start.
# SPDX-License-Identifier: GPL-3.0-or-later
