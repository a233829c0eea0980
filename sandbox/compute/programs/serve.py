"""How does Azure ML's inference server run here? As it is, but at a port of this machine only.

Started in the runtime by ``sandbox/compute/servers.py``: ``python serve.py --entry_script FILE --port PORT``.
"""

import re
import sys

from azureml_inference_server_http import constants

constants.DEFAULT_HOST = "127.0.0.1"

from azureml_inference_server_http.amlserver import run  # noqa: E402 - after the host is set

if __name__ == "__main__":
    sys.argv[0] = re.sub(r"serve\.py$", "azmlinfsrv", sys.argv[0])
    run()
