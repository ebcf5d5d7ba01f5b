#pragma once

namespace eft {

/// A moment at which a test may end the process as SIGKILL does: the N-th one passed when the environment says
/// EFT_KILL_AT=N. They stand between the single steps of writing files, and after each step of a run.
void fault_point();

}  // namespace eft
