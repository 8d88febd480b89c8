# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Client load through the VIP: the program in load/, started, stopped and asked for its report.

LOAD_FOLDER=$LAB_STATE/load

load_stop() { :; }
