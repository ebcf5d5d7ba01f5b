#pragma once

namespace eft {

/// Before anything else: a standard stream that the caller closed is opened onto nothing, so that no file of ours takes
/// its number and receives what is printed; a reader that goes away, and a limit on file sizes, fail the write in place
/// of ending the process.
void prepare_standard_streams();

/// Whether something that was printed could not be written.
bool output_failed();

/// Throws FileError unless all that was printed has been written.
void require_written_output();

}  // namespace eft
