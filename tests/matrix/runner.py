# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs backup.yml of a private data dir as AWX does, and prints its outcome. If the dir has a file "cancel", the run is
cancelled as in AWX: runner asks its callback.
"""

import json
import os
import sys

import ansible_runner

folder = sys.argv[1]
run = ansible_runner.run(private_data_dir=folder, playbook='backup.yml', ident='run', quiet=True,
                         cancel_callback=lambda: os.path.exists(os.path.join(folder, 'cancel')))
print(json.dumps({'status': run.status, 'rc': run.rc}))
