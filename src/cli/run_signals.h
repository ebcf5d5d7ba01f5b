#pragma once

namespace eft {

/// From now on SIGUSR1 asks for a checkpoint.
void listen_for_save();

/// From now on SIGINT, SIGTERM, SIGHUP, SIGPIPE and SIGXFSZ ask for an end after the step; the second of them has its
/// usual effect at once. A hang-up that the caller ignores (nohup) stays ignored. Until then there is nothing to save,
/// and an interrupt ends the process as usual.
void listen_for_stop();

/// "SIGTERM", the signal that asked for an end; null: none did.
const char* stop_was_asked();

/// Whether a checkpoint was asked for since the last call.
bool save_was_asked();

}  // namespace eft
