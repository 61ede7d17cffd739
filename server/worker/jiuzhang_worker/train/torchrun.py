"""torchrun as a child that does not outlive the task: a task that is killed has let go of its folder, and the next one would train beside it."""

import os
import signal
import sys

from jiuzhang_worker.job.orphans import die_with_parent

if __name__ == "__main__":
    parent = int(sys.argv.pop(1))
    die_with_parent()
    if os.getppid() != parent:
        # It was gone before we could ask to be told.
        sys.exit(1)
    # Slurm signals every process of a step: the task's own listen and stop in order, and torchrun must not kill them meanwhile.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from torch.distributed.run import main

    main()
