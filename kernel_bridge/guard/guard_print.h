/* What guarded calls print, on its way to whoever shows it in this process. Few prints in a row are
 * handed on at once; of many the bytes are kept for a moment, and at the end of the call the rest.
 */
#pragma once

#include "base/buf.h"
#include "kernel_bridge/guard/guard_thread.h"

#include <stdbool.h>

/* Shows bytes of one stream; what it leaves in the buffer it gets once more, with what follows, and
 * with `last` for the last time. False where the call is to end soon: until then it is asked no
 * more. The thread is in no guarded call meanwhile. */
typedef bool mc_guard_show(bool is_stderr, struct mc_buf *bytes, bool last);

/* Before any artifact is loaded; without it all is written as it comes. */
void mc_guard_show_with(mc_guard_show *function);

/* Whether the thread's last call has something to be finished. */
extern __thread bool mc_guard_printed MC_GUARD_TLS;

/* Within a call: does what may be anything, Python code and guarded calls in it. A fault there is
 * none of this call, and an interrupt waits for its return. False: as of mc_guard_show. */
void mc_guard_step_out(bool (*act)(void *arg), void *arg);

/* Shows what was kept. */
void mc_guard_print_now(void);

/* Behind such a call: shows the rest. */
void mc_guard_print_rest(void);
