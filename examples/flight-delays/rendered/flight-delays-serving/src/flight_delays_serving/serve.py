"""`flight-delays-serving serve`: starts the prediction service and sees that it ends.

BentoML's supervisor restarts a worker that fails at its start for ever, and outlives its parent.
Here a service whose workers keep dying stops with one line, and so does one whose parent is gone.
"""

import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from . import listening
from .faults import Fault
from .lifeline import follow_parent
from .restarts import FAILING, RestartLimit
from .settings import PREFIX, Settings

SERVICE: Final = "flight_delays_serving.service:FlightDelays"


def serve(settings: Settings, arguments: Sequence[str]) -> int:
    """Serve until SIGINT or SIGTERM."""
    options = listening.options(settings, arguments)
    listening.require_free(options.host, options.port)
    home = Path(os.environ["BENTOML_HOME"]) / str(options.port)
    # Read in this process and in the workers. A home per port: a second service on the same state
    # would remove the metrics of the first.
    os.environ["BENTOML_HOME"] = str(home)
    os.environ[f"{PREFIX}_WORKERS"] = str(options.workers)
    os.environ[f"{PREFIX}_SUPERVISOR"] = str(os.getpid())
    import bentoml

    restarts = RestartLimit(options.workers)
    restarts.watch()
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # `nohup` asks to outlive the parent
        follow_parent()
    print(f"serving on http://{options.host}:{options.port} (Ctrl-C ends)", flush=True)
    try:
        bentoml.serve(SERVICE, host=options.host, port=options.port, blocking=True)
    except OSError as error:
        raise listening.port_fault(options.host, options.port, error) from None
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if restarts.exceeded:
        raise Fault(FAILING)
    print("service ended", flush=True)
    return 0
